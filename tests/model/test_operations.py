"""The key of an action is a value; plans, events and the journal have it as text."""

import ast
from pathlib import Path

import pytest

import kbq_tui
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef, ServiceRef, TableRef

P = "acme-prod"
ROOT = Path(kbq_tui.__file__).parent
D, A = DatasetRef(P, "D"), AccountRef(P, "a@acme-prod.iam.gserviceaccount.com")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (ActionKey(ActionKind.SERVICE, ServiceRef(P, "iam.googleapis.com")), "service:iam.googleapis.com"),
        (ActionKey(ActionKind.DATASET, D), "dataset:D"),
        (ActionKey(ActionKind.ACCOUNT, A), "account"),
        (ActionKey(ActionKind.KEY, A), "key"),
        (ActionKey(ActionKind.GRANT, ProjectRef(P), "roles/r"), "grant:project:roles/r"),
        (ActionKey(ActionKind.GRANT, D, "roles/r"), "grant:dataset:D:roles/r"),
        (ActionKey(ActionKind.REVOKE, D, "roles/r", "deleted:x"), "revoke:dataset:D:roles/r:deleted:x"),
        (ActionKey(ActionKind.OVER_GRANT, ProjectRef(P), "roles/r"), "over-grant:project:roles/r"),
        (ActionKey(ActionKind.OVER_GRANT, D, "roles/r"), "over-grant:dataset:D:roles/r"),
        (ActionKey(ActionKind.OVER_GRANT, TableRef(P, "D", "t"), "roles/r"), "over-grant:table:D.t:roles/r"),
        (ActionKey(ActionKind.DELETE_KEY, A, detail="0123abcd"), "delete-key:0123abcd"),
    ],
)
def test_the_id_is_that_of_plans_and_the_journal(key: ActionKey, text: str) -> None:
    assert key.id == text


@pytest.mark.parametrize("path", [p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] != "sandbox"], ids=str)
def test_no_id_of_an_action_is_taken_apart(path: Path) -> None:
    """The subject of an action is in its key. An id of a check or a line is not an action's id."""
    kinds = {kind.value for kind in ActionKind}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
            first = node.args[0] if node.args else None
            text = first.value if isinstance(first, ast.Constant) else None
            assert not (isinstance(text, str) and text.rstrip(":") in kinds and text.endswith(":")), path
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            head = str(node.values[0].value)
            assert head.rstrip(":") not in kinds - {"dataset"} or not head.endswith(":"), f"{path}:{node.lineno}"
