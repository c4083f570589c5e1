"""The cost of the program's calls, on the sandbox with 200 ms for each call."""

import resource
import shutil
import statistics
import subprocess
import sys
import time
from typing import Any

from tests.support.sandbox import Served, served
from tests.tools.bench.row import BenchRow

LATENCY = 200


def critical_path(calls: list[dict[str, Any]]) -> tuple[int, float]:
    """Return length and seconds of the longest chain of calls in which each begins after the one before has ended."""
    ordered = sorted(calls, key=lambda c: c["at"] + c["seconds"])
    best: list[tuple[int, float]] = []
    for i, call in enumerate(ordered):
        before = [best[j] for j in range(i) if ordered[j]["at"] + ordered[j]["seconds"] <= call["at"] + 0.005]
        length, seconds = max(before, default=(0, 0.0), key=lambda b: b[1])
        best.append((length + 1, seconds + call["seconds"]))
    return max(best, default=(0, 0.0), key=lambda b: b[1])


def status_round_trips(runs: int) -> BenchRow:
    lengths: list[int] = []
    for _ in range(min(runs, 7)):
        with served("fresh", LATENCY) as sandbox:
            _must(sandbox.run("apply", "--yes"))
            before = len(sandbox.ask("calls"))
            sandbox.run("status", "--json")
            lengths.append(critical_path(sandbox.ask("calls")[before:])[0])
    return BenchRow(
        "status --json: round trips on the critical path",
        statistics.median(lengths),
        3,
        unit="",
        detail=f"runs: {lengths}",
    )


def status_against_bq(runs: int) -> BenchRow:
    """`status --json` of a connection that is set up against one `bq show` of its dataset, without latency."""
    name = "status --json / bq show of its dataset"
    if not shutil.which("bq"):
        return BenchRow(name, None, 0.5, detail="bq is not installed here")
    with served("fresh") as sandbox:
        _must(sandbox.run("apply", "--yes"))
        dataset = f"{sandbox.project}:KLAVIYO_IMPORT_FROM_DWH"
        commands = (
            [sys.executable, "-m", "kbq_tui", "status", "--json"],
            ["bq", "--quiet", "show", "--format=json", dataset],
        )
        spent: tuple[list[tuple[float, float]], ...] = ([], [])
        for _ in range(max(runs, 7) + 1):
            for command, times in zip(commands, spent, strict=True):
                times.append(_spent(command, sandbox.environ()))
    (ours, our_cpu), (theirs, their_cpu) = (
        [statistics.median(each) for each in zip(*times[1:], strict=True)] for times in spent
    )
    detail = f"{ours * 1000:.0f} ms against {theirs * 1000:.0f} ms; CPU {our_cpu * 1000:.0f} ms against "
    return BenchRow(name, ours / theirs, 0.5, detail=f"{detail}{their_cpu * 1000:.0f} ms ({our_cpu / their_cpu:.2f}x)")


def _spent(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Return the seconds of a command by the clock, and of CPU time."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _must(subprocess.run(command, env=env, capture_output=True, text=True))
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _must(run: "subprocess.CompletedProcess[str]") -> None:
    if run.returncode:
        raise SystemExit(f"exit {run.returncode}: {run.stderr}")


def _apply(sandbox: Served) -> float:
    began = time.perf_counter()
    _must(sandbox.run("apply", "--yes"))
    return time.perf_counter() - began


def apply_against_its_calls(runs: int) -> BenchRow:
    ratios: list[float] = []
    walls: list[float] = []
    paths: list[tuple[int, float]] = []
    for _ in range(max(runs, 7)):
        with served("fresh", LATENCY) as sandbox:
            wall = _apply(sandbox)
            path = critical_path(sandbox.ask("calls"))
            walls.append(wall)
            paths.append(path)
            ratios.append(wall / path[1])
    path_seconds = statistics.median(p[1] for p in paths)
    return BenchRow(
        "apply --yes, fresh / critical path of its own calls",
        statistics.median(ratios),
        1.3,
        detail=f"{statistics.median(walls):.2f} s against {path_seconds:.2f} s ({paths[0][0]} calls in a chain)",
    )


def script(project: str, folder: str) -> str:
    """The same set-up as a careful operator would script it with gcloud and bq, every step of it necessary."""
    email = f"klaviyo-data-transfer-user@{project}.iam.gserviceaccount.com"
    grant = "GRANT `roles/bigquery.{role}` ON SCHEMA `{project}.{dataset}` TO 'serviceAccount:{email}'"
    sql = [
        grant.format(role="dataViewer", project=project, dataset="KLAVIYO_IMPORT_FROM_DWH", email=email),
        grant.format(role="dataEditor", project=project, dataset="KLAVIYO_TMP", email=email),
    ]
    services = "bigquery.googleapis.com iam.googleapis.com cloudresourcemanager.googleapis.com"
    return "\n".join(
        [
            "set -eu",
            f"gcloud --quiet services enable {services}",
            f"bq --quiet --location=US mk --dataset {project}:KLAVIYO_IMPORT_FROM_DWH",
            f"bq --quiet --location=US mk --dataset {project}:KLAVIYO_TMP",
            "gcloud --quiet iam service-accounts create klaviyo-data-transfer-user",
            f"gcloud --quiet iam service-accounts keys create {folder}/key.json --iam-account={email}",
            f"gcloud --quiet projects add-iam-policy-binding {project} --member=serviceAccount:{email} "
            "--role=roles/bigquery.jobUser --condition=None",
            *(f'bq --quiet --location=US query --use_legacy_sql=false "{s.replace("`", chr(92) + "`")}"' for s in sql),
        ]
    )


def apply_against_gcloud(runs: int) -> BenchRow:
    name = "gcloud + bq script / apply --yes"
    if not (shutil.which("gcloud") and shutil.which("bq")):
        return BenchRow(name, None, 6, at_least=True, detail="gcloud and bq are not installed here")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(max(runs, 7)):
        with served("fresh", LATENCY) as sandbox:
            ours.append(_apply(sandbox))
        with served("fresh", LATENCY) as sandbox:
            began = time.perf_counter()
            done = subprocess.run(
                ["/bin/sh", "-c", script(sandbox.project, str(sandbox.home))],
                env=sandbox.environ(),
                capture_output=True,
                text=True,
            )
            theirs.append(time.perf_counter() - began)
            _must(done)
    mine, script_ = statistics.median(ours), statistics.median(theirs)
    return BenchRow(name, script_ / mine, 6, at_least=True, detail=f"{script_:.1f} s against {mine:.2f} s")
