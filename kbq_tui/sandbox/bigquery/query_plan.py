"""The stages of a query, for its job's statistics.

The sandbox has no stages. Its plan has one for each table that is read and one for the result.
https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#ExplainQueryStage
"""

from typing import Any

from kbq_tui.sandbox.bigquery.job import Job

JSON = dict[str, Any]


def plan(job: Job) -> JSON:
    """``queryPlan``, ``timeline`` and ``totalSlotMs`` of a finished query that read tables; else only
    ``totalSlotMs``."""
    elapsed = max(job.ended_ms - job.created_ms, 1)
    outcome = job.outcome
    if outcome is None or not outcome.reads.sizes or not job.ended_ms:
        return {"totalSlotMs": str(elapsed if job.ended_ms else 0)}
    inputs = [
        _stage(job, number, "Input", read=rows, written=rows, size=size)
        for number, (rows, size) in enumerate(outcome.reads.sizes)
    ]
    rows_read = sum(rows for rows, _ in outcome.reads.sizes)
    last = _stage(job, len(inputs), "Output", read=rows_read, written=len(outcome.rows), size=0)
    last["inputStages"] = [stage["id"] for stage in inputs]
    stages = [*inputs, last]
    slots = str(elapsed * len(stages))
    moment = {"elapsedMs": str(elapsed), "totalSlotMs": slots, "pendingUnits": "0", "activeUnits": "0"}
    return {
        "totalSlotMs": slots,
        "queryPlan": stages,
        "timeline": [moment | {"completedUnits": str(len(stages))}],
    }


def _stage(job: Job, number: int, name: str, *, read: int, written: int, size: int) -> JSON:
    return {
        "name": f"S{number:02}: {name}",
        "id": str(number),
        "startMs": str(job.created_ms),
        "endMs": str(job.ended_ms),
        "status": "COMPLETE",
        "parallelInputs": "1",
        "completedParallelInputs": "1",
        "recordsRead": str(read),
        "recordsWritten": str(written),
        "shuffleOutputBytes": str(size),
        "shuffleOutputBytesSpilled": "0",
        "slotMs": str(max(job.ended_ms - job.created_ms, 1)),
    }
