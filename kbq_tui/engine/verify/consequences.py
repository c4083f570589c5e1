"""If several checks fail for one reason, one of them fails and the others refer to it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from kbq_tui.engine.verify import checks
from kbq_tui.engine.verify.refusals import of_dataset
from kbq_tui.i18n.messages import message
from kbq_tui.model.checks import Check, CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.model.refs import DatasetRef, Grantable, ProjectRef
from kbq_tui.model.spec import ConnectionSpec

_NO_KEY: Final = frozenset({Code.KEY_FILE_MISSING})
_KEY_IS_OUT: Final = frozenset({Code.KEY_DEAD, Code.KEY_DISABLED})
_SIGN_IN_REFUSED: Final = frozenset({Code.KEY_REJECTED, *_KEY_IS_OUT})
_NO_JOBS: Final = frozenset({Code.JOB_USER_MISSING})
_NO_BILLING: Final = frozenset({Code.BILLING_OFF})
_NOT_GRANTED: Final = frozenset({Code.GRANT_MISSING, Code.CONDITIONAL_GRANT})
_NO_ACCESS: Final = frozenset(
    {
        Code.DATASET_NOT_FOUND,
        Code.DATASET_NOT_VISIBLE,
        Code.GRANT_MISSING,
        Code.NOT_IN_LOCATION,
        Code.PERMISSION_MISSING,
        Code.TABLE_READ_DENIED,
        Code.TABLE_WRITE_DENIED,
    }
)
_OPEN_TO_ALL: Final = frozenset({Code.PUBLIC_DATASET})
_TOO_MUCH: Final = frozenset({Code.OVER_GRANT, Code.INHERITED_ACCESS})


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which checks fail because another one does.

    Attributes:
        cause: the check that fails.
        effects: the checks that may fail because of it.
        problems: the codes of an effect's problem if the cause is the reason.
        reasons: the codes of the cause's own problem; empty for any.
        dataset: the dataset that the effect's refusal must be about; empty for any.
        resource: what the effect's excess role must be held on; None for any.
        everybodys: whether the effect's excess role may be held by `allUsers` and the like alone.
    """

    cause: Check
    effects: tuple[Check, ...]
    problems: frozenset[Code]
    reasons: frozenset[Code] = frozenset()
    dataset: str = ""
    resource: Grantable | None = None
    everybodys: bool = False

    def explains(self, cause: CheckResult, effect: Problem) -> bool:
        reason = cause.problem.code if cause.problem is not None else None
        return (
            cause.verdict is Verdict.FAIL
            and (not self.reasons or reason in self.reasons)
            and effect.code in self.problems
            and (not self.dataset or of_dataset(effect, self.dataset))
            and (self.resource is None or effect.resource == self.resource)
            and (not self.everybodys or bool(effect.detail("member")))
        )


def _rules(spec: ConnectionSpec, gone: Collection[str]) -> Iterator[_Rule]:
    every = checks.expected(spec)
    key_auth, keys, billing = checks.key_auth.check, checks.keys.check, checks.billing.check
    yield _Rule(key_auth, (keys,), _NO_KEY)
    yield _Rule(keys, (key_auth,), _SIGN_IN_REFUSED, _KEY_IS_OUT)
    yield _Rule(checks.permissions.check, every, _NO_JOBS)
    yield _Rule(billing, every, _NO_BILLING)
    writes: list[Check] = []
    for dataset in spec.datasets():
        visible, granted = checks.visible.of(dataset).check, checks.granted.of(dataset).check
        writes.append(checks.read_only.of(dataset).check)
        uses: tuple[Check, ...] = (checks.readable.of(dataset).check, checks.writable.of(dataset).check, writes[-1])
        if dataset.purpose == "staging":
            uses = (checks.staging_write.of(dataset).check, billing)
        if dataset.name in gone:
            yield _Rule(visible, (granted, *uses), _NO_ACCESS, dataset=dataset.name)
        else:
            yield _Rule(granted, (visible, *uses), _NO_ACCESS, _NOT_GRANTED, dataset=dataset.name)
        on = DatasetRef(spec.project, dataset.name)
        yield _Rule(granted, uses, _TOO_MUCH, _TOO_MUCH, resource=on)
        yield _Rule(checks.private.of(dataset).check, uses, _TOO_MUCH, _OPEN_TO_ALL, resource=on, everybodys=True)
    over = ProjectRef(spec.project)
    yield _Rule(checks.minimal.check, (checks.isolated.check, *writes), _TOO_MUCH, _TOO_MUCH, resource=over)


def followed(spec: ConnectionSpec, results: Sequence[CheckResult], gone: Collection[str]) -> tuple[CheckResult, ...]:
    """Return the results; each that follows from a failed one is unknown, refers to that one, and has its problem.

    Args:
        spec: the connection.
        results: every check.
        gone: the datasets that do not exist.
    """
    found = {result.id: result for result in results}
    causes: dict[str, CheckResult] = {}
    for rule in _rules(spec, gone):
        cause = found.get(rule.cause.id)
        for check in rule.effects if cause is not None else ():
            effect = found.get(check.id)
            if effect is None or effect is cause or effect.problem is None or effect.id in causes:
                continue
            open_ = effect.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
            if cause is not None and open_ and rule.explains(cause, effect.problem):
                causes[effect.id] = cause

    def of(result: CheckResult) -> CheckResult:
        cause = causes.get(result.id)
        if cause is None:
            return result
        text = message("follows from “{check}”: {evidence}", check=cause.check.title, evidence=result.evidence)
        return replace(result, verdict=Verdict.UNKNOWN, evidence=text, problem=cause.problem)

    return tuple(of(result) for result in results)
