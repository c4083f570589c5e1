"""`make bench`: ratios measured in one run, medians of fifteen, a table on stdout (or `--json`)."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.support import canary
from tests.tools.bench import calls, dashboard, instructions, many, source, startup, terminal, walks
from tests.tools.bench.row import BenchRow

MEASURES: dict[str, Callable[[int], BenchRow]] = {
    "first-frame": startup.first_frame,
    "first-frame-german": startup.first_frame_german,
    "first-frame-instructions": instructions.alone,
    "first-frame-instructions-setup": instructions.setup,
    "first-frame-instructions-german": instructions.german,
    "version": startup.version,
    "status-round-trips": calls.status_round_trips,
    "status-bq": calls.status_against_bq,
    "status-all": many.against_its_calls,
    "status-all-memory": many.memory,
    "source": source.against_its_calls,
    "source-memory": source.memory,
    "source-first-verdict": source.first_verdict,
    "source-key-to-frame": source.key_to_frame,
    "apply-critical-path": calls.apply_against_its_calls,
    "apply-script": calls.apply_against_gcloud,
    "key-to-frame": walks.key_to_frame,
    "wizard-bytes": walks.wizard_bytes,
    "dashboard-key-to-frame": dashboard.key_to_frame,
    "dashboard-bytes": dashboard.bytes_a_minute,
    "idle-bytes": terminal.idle_bytes,
    "loop-stall": terminal.loop_stall,
    "memory": terminal.memory,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.bench")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("only", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    args = parser.parse_args()
    rows: list[BenchRow] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ[canary.PAIR] = str(canary.create(Path(folder)))
        for name in args.only or MEASURES:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            rows.append(MEASURES[name](args.runs))
    if args.json:
        print(json.dumps({"schema": "kbq-tui/bench/v1", "rows": [r.to_json() for r in rows]}, indent=2))
    else:
        print("\n".join(BenchRow.table(rows)))
    return 0


sys.exit(main())
