"""Texts from below the faces can be shown in another language: the sentence changes, its values do not."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kbq_tui
from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.admin_request import commands_of, handoff, lines_of
from kbq_tui.diagnosis.all_entries import ENTRIES
from kbq_tui.diagnosis.entry import clean, fill, refilled, shown, unnamed
from kbq_tui.diagnosis.recognise import recognise_text
from kbq_tui.diagnosis.settling import settling
from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n.messages import Message, message, message_n, render, row, verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command, placeholder
from kbq_tui.model.observed import Unknown
from kbq_tui.model.operations import (
    Action,
    ActionKey,
    ActionKind,
    Change,
    CreateAccount,
    CreateDataset,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    DisableKey,
    DropView,
    EnableKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
    Operation,
    RevokeDatasetRole,
    RevokeProjectRole,
    RevokeTableRole,
    Step,
)
from kbq_tui.model.problem import Context, Problem, RemedyStep
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.spec import (
    ConnectionSpec,
    Direction,
    check_account,
    check_dataset,
    check_location,
    check_name,
    check_project,
)
from kbq_tui.model.summary import Summary
from kbq_tui.planning.diff import diff
from kbq_tui.shell.operation_rows import outcome_of
from tests.planning.worlds import after, fresh
from tests.support.shouting import rendered, shout, shouting

STOP = Problem(None, verbatim("no"), verbatim("no"))
ROOT = Path(kbq_tui.__file__).parent
BLANK = re.compile(r"\{([a-z_]+)\}")
HERE = Context("acme-prod-123", "robot@acme-prod-123.iam.gserviceaccount.com", "sales", "EU", "jo@example.com")
TEMPLATES = [
    (entry.code, template)
    for entry in ENTRIES.values()
    for template in (entry.title, entry.cause, entry.who, *(each.text.template for each in entry.steps))
]


@pytest.fixture
def loud() -> Iterator[None]:
    with shouting():
        yield


@pytest.mark.parametrize(("code", "template"), TEMPLATES)
def test_an_entry_has_no_braces_but_blanks_and_no_placeholder_in_its_words(code: str, template: str) -> None:
    assert not set("{}") & set(BLANK.sub("", template)), code
    # What a call did not know of the account is filled in afterwards, in the values only.
    assert placeholder("account") not in template, code


@given(known=st.dictionaries(st.sampled_from(sorted({b for _, t in TEMPLATES for b in BLANK.findall(t)})), st.text()))
def test_every_entry_is_told_with_its_values_unharmed(known: dict[str, str]) -> None:
    for code, template in TEMPLATES:
        made = fill(template, known)
        words_of = template if known.get("project") else unnamed(template)
        pieces = BLANK.split(words_of)
        values = [known.get(name) or placeholder(name) for name in pieces[1::2]]
        for change in (str, shout):
            words = [change(piece) for piece in pieces[::2]]
            wanted = words[0] + "".join(v + w for v, w in zip(values, words[1:], strict=True))
            if change is str:
                assert str(made) == wanted, code
            else:
                with shouting():
                    assert render(made) == wanted, code


@pytest.mark.parametrize("permission", sorted(catalogue.PERMISSIONS))
def test_a_missing_permission_is_told_whole(permission: str, loud: None) -> None:
    problem = catalogue.permission_missing(permission, HERE)
    texts = (problem.title, problem.cause, problem.who, *(step.text for step in problem.remedy))
    left = {word for text in texts for word in re.findall(r"[a-z]+", render(text))}
    row = catalogue.PERMISSIONS[permission]
    names = {*re.findall(r"[a-z]+", f"{permission} {row.twin} {row.role} {row.title} {HERE.project}")}
    assert left <= names
    assert render(problem.title).startswith("YOU MAY NOT ")
    assert str(problem.to_json()["title"]).startswith("You may not ")


def test_what_is_not_recognised_and_what_may_pass_is_told(loud: None) -> None:
    nothing = recognise_text(" ", HERE)
    strange = recognise_text("the moon is made of cheese", HERE)
    for problem in (nothing, strange):
        for text in (problem.title, problem.cause, *(step.text for step in problem.remedy)):
            assert render(text).isupper(), text
    assert strange.remedy[-1].lines == ("kbq-tui doctor",)
    assert strange.original == "the moon is made of cheese"
    late = settling(catalogue.problem(Code.JOB_USER_MISSING, HERE))
    assert render(late.cause).endswith(" A CHANGE WAS MADE A MOMENT AGO AND MAY NOT HAVE ARRIVED EVERYWHERE YET.")
    assert settling(late).cause == late.cause


def test_a_detail_of_ours_is_told_and_one_from_outside_is_not(loud: None) -> None:
    ours = catalogue.problem(Code.KEY_FILE_UNREADABLE, HERE, path="/home/jo/k", reason=message("This is a folder."))
    theirs = catalogue.problem(Code.KEY_FILE_UNREADABLE, HERE, path="/home/jo/k", reason="{path} is a folder.")
    assert render(ours.cause) == "/home/jo/k CANNOT BE READ: THIS IS A FOLDER."
    assert render(theirs.cause) == "/home/jo/k CANNOT BE READ: {path} is a folder."


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (check_project(""), ""),
        (check_project("123"), ""),
        (check_project("Acme Shop"), ""),
        (check_project("-acme-"), ""),
        (check_project("acme"), "4"),
        (check_dataset(""), ""),
        (check_dataset("a" * 2_000), "2,000"),
        (check_dataset("a-b"), ""),
        (check_account(""), ""),
        (check_account("a@b"), ""),
        (check_account("abc"), "3"),
        (check_account("Robot_One"), "robot-one"),
        (check_account("robot-"), ""),
        (check_location("moon"), ""),
        (check_name("../x"), ""),
    ],
)
def test_what_is_wrong_with_a_value_is_told(reason: Message | None, kept: str, loud: None) -> None:
    assert isinstance(reason, Message)
    assert render(reason).replace(kept, "").isupper()
    assert kept in render(reason)


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize(
    ("op", "names"),
    [
        (EnableService("iam.googleapis.com"), ["iam.googleapis.com"]),
        (CreateDataset("sales", "europe-west3", "import"), ["sales", "europe-west3"]),
        (CreateAccount("robot", "Robot"), ["klaviyo-data-transfer-user@acme-prod"]),
        (GrantProjectRole("roles/x", "m"), ["roles/x", "acme-prod"]),
        (GrantDatasetRole("sales", "roles/x", "m"), ["roles/x", "sales"]),
        (RevokeProjectRole("roles/x", "m"), ["roles/x", "acme-prod"]),
        (RevokeDatasetRole("sales", "roles/x", "user:jo"), ["user:jo", "sales"]),
        (RevokeTableRole("sales", "orders", "roles/x", "m"), ["roles/x", "sales.orders"]),
        (DeleteKey("robot", "abc123"), ["abc123"]),
        (DisableKey("robot", "abc123"), ["abc123"]),
        (EnableKey("robot", "abc123"), ["abc123"]),
        (DeleteAccount("robot@x"), ["robot@x"]),
        (DeleteDataset("sales"), ["sales"]),
        (DropView("sales", "ready", "EU"), ["sales.ready"]),
    ],
)
def test_what_was_done_is_told(op: Operation, names: list[str], changed: bool, loud: None) -> None:
    account = AccountRef("acme-prod", ConnectionSpec("acme-prod").account_email)
    action = Action(ActionKey(ActionKind.GRANT, account), Change.UPDATE, verbatim(""), Step.PROJECT, op)
    text = render(outcome_of(action, changed=changed))
    for name in names:
        assert name in text
        text = text.replace(name, "")
    assert text.partition(".IAM")[0].replace(".iam.gserviceaccount.com", "").isupper()


@pytest.mark.parametrize("direction", Direction)
def test_every_check_is_told(direction: Direction, loud: None) -> None:
    spec = ConnectionSpec("acme-prod", direction=direction, import_dataset="sales", staging_dataset="tmp")
    for check in expected(spec):
        assert isinstance(check.title, Message)
        assert isinstance(check.why, Message)
        assert render(check.title) == shout(check.title.template).format(**check.title.params), check.id
        assert render(check.why).isupper(), check.id


def test_every_line_of_a_plan_is_told(loud: None) -> None:
    spec = ConnectionSpec("acme-prod", import_dataset="sales")
    nothing = fresh(spec)
    for seen in (nothing, after(spec, nothing, diff(spec, nothing)), replace(nothing, account=Unknown(STOP))):
        plan = diff(spec, seen)
        actions = (*plan.actions, *(b.action for b in plan.blocked))
        assert actions
        for action in actions:
            assert isinstance(action.summary, Message)
            assert render(action.summary) == shout(action.summary.template).format(**action.summary.params)
            assert json.loads(json.dumps(plan.to_json())) == plan.to_json()


@pytest.mark.parametrize("code", ["KBQ-KEY-CREATION-BLOCKED", "KBQ-DATASET-CREATE-DENIED"])
def test_a_hand_off_is_told_and_its_commands_are_not(code: str, loud: None) -> None:
    problem: Problem = catalogue.problem(Code(code), HERE)
    do, undo = commands_of(problem, HERE)
    english = handoff(problem, HERE, do, undo)
    text = render(english)
    assert str(english).startswith("Subject: Help")
    assert text.startswith("SUBJECT: HELP")
    assert len(text.split("\n")) == len(str(english).split("\n"))
    for part in (*lines_of((*do, *undo)), problem.link, HERE.project, "jo@example.com"):
        assert part in text
    assert "GCLOUD" not in text


def test_a_summary_keeps_its_columns(loud: None) -> None:
    lines = [render(line) for line in Summary("acme-prod", "sales", None, "robot@x", "EU").lines()]
    assert lines[:3] == [
        "PROJECT ID                  acme-prod",
        "DATASET                     sales",
        "SERVICE ACCOUNT KEY (JSON)  NO KEY YET",
    ]
    assert lines[5] == "LOCATION                    EU"
    unknown = [str(line) for line in Summary("acme-prod", "sales", None, "robot@x", None).lines()]
    assert not [line for line in unknown if line.startswith("Location")]


def test_a_column_is_as_wide_in_any_language() -> None:
    text = row(message("Why:"), "x", 5)
    assert str(text) == "Why:  x"
    with shouting():
        assert render(row(message("far too long:"), message("no"), 5)) == "FAR TOO LONG: NO"


@given(st.text(), st.booleans())
def test_a_detail_stays_a_message_where_cleaning_changes_nothing(value: str, several: bool) -> None:
    text = message_n("{n} {a}", "{n} {a}s", 2, a=value) if several else message("A {a}", a=value)
    detail = shown(text, 10_000)
    assert str(detail) == clean(text, 10_000)
    assert (detail is text) == (str(text) == clean(text, 10_000))


def test_a_secret_in_a_value_is_taken_out_whatever_the_language() -> None:
    text = message("It was {a}", a="ya29." + "x" * 40)
    assert shown(text) == "It was [secret]"
    problem = catalogue.problem(Code.KEY_FILE_UNREADABLE, HERE, path="/home/jo/k", reason=text)
    with shouting():
        assert "ya29" not in render(problem.cause)


def test_what_was_not_known_is_named_in_values_and_commands_and_the_words_stay() -> None:
    text = message_n("{n} {project} of {who}", "{n} {project}s of {who}", 2, who="me", project=placeholder("project"))
    named = refilled(RemedyStep(text, (Command("run {project}"),)), {"project": "acme-prod"})
    assert str(named) == "2 acme-prods of me\nrun acme-prod"
    with shouting():
        assert rendered(named) == "2 acme-prodS OF me\nrun acme-prod"


UNTOLD = {
    # What Google shows to everybody, Google's texts, the content of a file.
    "Tables and views that Klaviyo reads. Made by kbq-tui.",
    "Klaviyo's working space. Made by kbq-tui.",
    "Tables that Klaviyo writes. Made by kbq-tui.",
    "Your default credentials were not found.",
    "Precondition check failed.",
    "A connection between Klaviyo and BigQuery, written by kbq-tui. Comments are kept; secrets do not belong here.",
}
SENTENCE = re.compile(r"[A-Z][a-z']* \S+ [a-z]")
ROOMS = ("i18n", "model", "shell", "diagnosis", "planning", "engine", "gcp", "local")
BY_ENTRY = {"extract.py", "google_error.py", "kinds.py", "rules.py", "commands.py"}
"""Templates of the catalogue, which the extractor finds as such, and patterns of Google's texts."""


def test_there_is_no_sentence_below_the_faces_that_cannot_be_told() -> None:
    rooms = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    found = [
        f"{path.name}:{line}: {text}"
        for path in (*rooms, ROOT / "cli" / "bootstrap.py")
        if path.name not in BY_ENTRY and path.parent.name != "entries"
        for line, text in _sentences(ast.parse(path.read_text()), told=False)
        if text not in UNTOLD
    ]
    assert found == []


def _sentences(node: ast.AST, *, told: bool) -> Iterator[tuple[int, str]]:
    """Yield texts that read like a sentence, and are neither docstrings nor marked for translation."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Call(func=ast.Name(id="message" | "message_n" | "N_")):
            told = True
        case ast.Constant(value=str(text), lineno=line) if not told and SENTENCE.match(text):
            yield line, text
    for child in ast.iter_child_nodes(node):
        yield from _sentences(child, told=told)
