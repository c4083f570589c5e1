"""The last verification, read back as it was kept."""

import json

from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.engine.verify.checks import expected
from kbq_tui.engine.verify.kept import kept_results
from kbq_tui.i18n.messages import message, verbatim
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Problem, RemedyStep
from tests.support.memory_world import SPEC

CHECKS = expected(SPEC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_what_was_kept_is_shown_as_it_was() -> None:
    problem = Problem(
        Code.KEY_UNHELD, message("Another key"), verbatim("It is not here."), (RemedyStep(message("Delete it.")),)
    )
    results = tuple(
        CheckResult(check, verdict, verbatim(f"evidence {n}"), "SELECT 1", found, 1.25)
        for n, (check, verdict, found) in enumerate(
            zip(
                CHECKS,
                (Verdict.PASS, Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN),
                (None, problem, problem, None),
                strict=False,
            )
        )
    )
    body = json.loads(json.dumps({"checks": [result.to_json() for result in results]}))
    kept = kept_results(body, CHECKS)
    assert list(kept) == [result.id for result in results]
    for result in results:
        again = kept[result.id]
        assert again.check is result.check
        assert again.to_json() == result.to_json()
        assert again.warns is result.warns


def test_a_check_or_verdict_that_is_not_known_is_left_out() -> None:
    known = {"id": CHECKS[0].id, "verdict": "pass", "evidence": "yes"}
    body = {"checks": [known, {**known, "id": CHECKS[1].id, "verdict": "splendid"}, {**known, "id": "of.later"}]}
    assert list(kept_results(body, CHECKS)) == [CHECKS[0].id]


@given(
    entry=st.dictionaries(st.sampled_from(["verdict", "evidence", "command", "problem", "seconds"]), JSON), other=JSON
)
def test_whatever_a_file_holds_it_is_read_without_an_error(entry: dict[str, object], other: object) -> None:
    damaged = {"verdict": "fail", **entry, "id": CHECKS[0].id}
    problem = dict.fromkeys(("code", "title", "cause", "remedy", "who"), other)
    for body in ({"checks": other}, {"checks": [other, damaged, {**damaged, "problem": problem, "verdict": "fail"}]}):
        kept_results(body, CHECKS)
