"""Roles that an answer writes as conditional ones are read as the plain roles."""

import pytest

from kbq_tui.model.observed import HIDDEN_CONDITION, AccessEntry, RoleBinding, plain_role

VIEWER = "roles/bigquery.dataViewer"
MASKED = [f"{VIEWER}_withcond_0123456789abcdef0123", f"{VIEWER}_with_conditionalbinding_a1B2c3"]


@pytest.mark.parametrize("role", MASKED)
def test_a_masked_role_is_the_role_under_a_condition(role: str) -> None:
    assert plain_role(role) == (VIEWER, True)
    entry = AccessEntry(role, "user:jo@acme.example")
    assert (entry.role, entry.condition) == (VIEWER, HIDDEN_CONDITION)
    assert AccessEntry(role, "user:jo@acme.example", "true").condition == "true"
    binding = RoleBinding(role, ("user:jo@acme.example",))
    assert (binding.role, binding.condition) == (VIEWER, HIDDEN_CONDITION)


@pytest.mark.parametrize("role", [VIEWER, "projects/p/roles/my_withcond", "roles/x_withcondition_1", ""])
def test_any_other_role_stays_and_has_no_condition(role: str) -> None:
    assert plain_role(role) == (role, False)
    assert AccessEntry(role, "user:jo@acme.example").condition is None
