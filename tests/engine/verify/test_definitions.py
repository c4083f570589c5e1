"""The registry of checks: a check is one decorated function."""

import pytest

from kbq_tui.engine.verify import checks, runner
from kbq_tui.engine.verify.checks import CHECKS
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.definitions import CheckRegistry, CheckStage, every_dataset, only_read
from kbq_tui.engine.verify.runner import verify
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.checks import Check, CheckGroup, Verdict
from kbq_tui.model.judgements import Judged
from kbq_tui.model.spec import RequiredDataset
from tests.engine.fakes import ports
from tests.engine.test_verify_status import SPEC, ready


def described(name: str) -> Check:
    return Check(name, verbatim(name), "+", verbatim("why"), CheckGroup.DATA)


async def passed(context: CheckContext) -> Judged:
    return Judged(Verdict.PASS, verbatim("done"))


async def passed_for(context: CheckContext, dataset: RequiredDataset) -> Judged:
    return Judged(Verdict.PASS, verbatim(dataset.name))


def test_checks_of_the_same_datasets_are_shown_dataset_by_dataset() -> None:
    registry = CheckRegistry()
    registry.once(described("first"), call=lambda _: "")(passed)
    for name in ("a", "b"):
        registry.per_dataset(
            every_dataset,
            lambda dataset, name=name: described(f"{name}:{dataset.name}"),  # type: ignore[misc]
            call=lambda *_: "",
        )(passed_for)
    registry.once(described("between"), call=lambda _: "")(passed)
    registry.per_dataset(
        every_dataset, lambda dataset: described(f"c:{dataset.name}"), call=lambda *_: "", applies=only_read
    )(passed_for)
    assert [defined.id for defined in registry.of(SPEC)] == [
        "first",
        *(f"{name}:{dataset.name}" for dataset in SPEC.datasets() for name in "ab"),
        "between",
        *(f"c:{dataset.name}" for dataset in SPEC.datasets() if dataset.role.endswith("dataViewer")),
    ]


async def test_a_function_that_is_registered_is_run_and_told_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CheckRegistry()
    registry._entries = [*CHECKS._entries]
    order: list[str] = []

    @registry.once(described("ours.last"), call=lambda _: "the call", after=checks.STAGING_WRITE)
    async def last(context: CheckContext) -> Judged:
        order.extend(context.results)
        return Judged(Verdict.FAIL, verbatim("as it should not be"))

    monkeypatch.setattr(runner, "CHECKS", registry)
    world, _ = await ready()
    told: list[str] = []
    results = await verify(SPEC, world, told=lambda result: told.append(result.id))
    assert [result.id for result in results] == [*(check.id for check in checks.expected(SPEC)), last.id]
    assert (results[-1].verdict, str(results[-1].command)) == (Verdict.FAIL, "the call")
    assert checks.STAGING_WRITE in order
    assert last.id in told


async def test_without_a_key_only_the_checks_that_need_none_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CheckRegistry()
    registry._entries = [*CHECKS._entries]
    for stage in (CheckStage.WITH_KEY, CheckStage.LAST):
        registry.once(described(stage.name), call=lambda _: "", stage=stage)(passed)
    monkeypatch.setattr(runner, "CHECKS", registry)
    found = {result.id: result.verdict for result in await verify(SPEC, ports())}
    assert found[CheckStage.WITH_KEY.name] is Verdict.SKIPPED
    assert found[CheckStage.LAST.name] is Verdict.PASS
