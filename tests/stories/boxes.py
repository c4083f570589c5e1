"""The stories of modals: explain, problem, the pickers, questions."""

from collections.abc import Mapping
from typing import Final

from textual.widgets import TextArea

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.recognise import recognise_text
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import ProjectInfo
from kbq_tui.model.problem import Problem
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.modals.confirm import Confirm
from kbq_tui.tui.widgets.button import Button
from tests.stories.play import RequestedAction, Story
from tests.stories.scene import Scene, blank, fresh
from tests.stories.screens import UNAVAILABLE, at, failing, held, watched
from tests.support.memory_world import CONTEXT, PROJECT, refused

DENIED: Final = "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p."
ODD: Final = "Error 0x80070057: the parameter is incorrect."


def _paste(text: str) -> RequestedAction:
    return lambda app: app.screen.query_one("#paste", TextArea).insert(text)


def _push(button: str) -> RequestedAction:
    return lambda app: app.screen.query_one(f"#{button}", Button).action_press()


_ASKED = (("Looked at", "e"),)
_EXPLAIN = {
    "empty": Story("nothing pasted yet", watched, "Paste an error from", _ASKED, "dashboard"),
    "loading": Story(
        "text can be pasted while the dashboard still looks",
        lambda: held(watched(), "billing_enabled"),
        "User does not have",
        (("Looking at the connections", "e"), ("Paste an error", _paste(DENIED))),
        "dashboard",
    ),
    "ready": Story(
        "an error is pasted",
        watched,
        "User does not have",
        (*_ASKED, ("Paste an error", _paste(DENIED))),
        "dashboard",
    ),
    "unknown": Story(
        "an error that nobody knows",
        watched,
        "Unrecognised error",
        (*_ASKED, ("Paste an error", _paste(ODD)), (ODD, "tab enter")),
        "dashboard",
    ),
    "error": Story(
        "explain, with nothing pasted",
        watched,
        "Paste an error first.",
        (*_ASKED, ("Paste an error", "tab enter")),
        "dashboard",
    ),
    "done": Story(
        "explained: cause, remedy, who can help",
        watched,
        "What to do",
        (*_ASKED, ("Paste an error", _paste(DENIED)), ("User does not have", "tab enter")),
        "dashboard",
    ),
}


def _sheet(problem: Problem) -> tuple[str, RequestedAction]:
    return "nothing in the way", lambda app: app.open_problem(problem)


def _read_only() -> Scene:
    scene = at(Step.PROJECT)
    scene.store.problem = catalogue.problem(Code.READ_ONLY, CONTEXT, path="/home/olga/.local/state/kbq-tui")
    return scene


_CREATE: Final = refused("bigquery.datasets.create")
_PROBLEM = {
    "empty": Story(
        "a refusal without a reason",
        lambda: at(Step.PROJECT),
        "Google gave no reason.",
        (_sheet(Problem(None, verbatim("Google refused the request"), verbatim("Google gave no reason."))),),
    ),
    "loading": Story(
        "a problem that passes by waiting",
        lambda: at(Step.PROJECT),
        "may take up to",
        (_sheet(catalogue.problem(Code.RATE_LIMITED, CONTEXT)),),
    ),
    "ready": Story("cause, remedy, who can help", lambda: at(Step.PROJECT), "What to do", (_sheet(_CREATE),)),
    "unknown": Story(
        "an error that nobody knows", lambda: at(Step.PROJECT), ODD, (_sheet(recognise_text(ODD, CONTEXT)),)
    ),
    "error": Story(
        "the text to send cannot be written", _read_only, "read-only", (_sheet(_CREATE), ("What to do", "w"))
    ),
    "done": Story(
        "the text to send is copied",
        lambda: at(Step.PROJECT),
        "clipboard. Not there?",
        (_sheet(_CREATE), ("What to do", "c")),
    ),
}


def _projects(many: int) -> Scene:
    scene = at(Step.PROJECT, blank())
    shops = ("Acme Analytics", "Acme Web Shop", "Acme Warehouse")
    scene.world.projects = [
        ProjectInfo(f"acme-shop-{n:03}" if n else PROJECT, str(123_456_789_012 + n), shops[n % 3], "ACTIVE")
        for n in range(many)
    ]
    return scene


_F7 = (("[ Look ]", "f7"),)
_PICK = {
    "empty": Story("no project to be seen", lambda: _projects(0), "0 found", _F7),
    "loading": Story("Google is being asked", lambda: held(_projects(3), "search_projects"), "Searching", _F7),
    "ready": Story("three projects", lambda: _projects(3), "3 found", _F7),
    "unknown": Story("more projects than are shown", lambda: _projects(60), "There are more", _F7),
    "error": Story(
        "Google does not answer",
        lambda: failing(_projects(3), "search_projects", UNAVAILABLE),
        str(UNAVAILABLE.title),
        _F7,
    ),
    "done": Story("one was taken", lambda: _projects(3), "nothing in the way", (*_F7, ("3 found", "enter"))),
}


def _api_off() -> Scene:
    scene = at(Step.PROJECT, fresh())
    scene.world.services["iam.googleapis.com"] = False
    return scene


def _bare(app: KbqApp) -> None:
    app.push_screen(Confirm("Really?", [], yes="Yes", no="No"))


_ASK = ("[ Turn on 1 API ]", _push("enable"))
_AGREE = ("[ Not now ]", _push("yes"))
_CONFIRM = {
    "empty": Story("a question that needs no words", lambda: at(Step.PROJECT), "Really?", (("nothing in", _bare),)),
    "loading": Story(
        "quit, in the middle of a change",
        lambda: held(at(Step.DATASETS), "create_dataset"),
        "Quit in the middle of a change?",
        (("[ Create 2 datasets ]", "enter"), ("[ Working ]", "f10")),
    ),
    "ready": Story("turn on an API?", _api_off, "Turn on these APIs?", (_ASK,)),
    "unknown": Story(
        "agreed, and Google did not answer",
        lambda: failing(_api_off(), "enable_services", catalogue.problem(Code.DEADLINE, CONTEXT)),
        "0 done, 1 not.",
        (_ASK, _AGREE),
    ),
    "error": Story(
        "agreed, and Google refused",
        lambda: failing(_api_off(), "enable_services", refused("serviceusage.services.enable")),
        "0 done, 1 not.",
        (_ASK, _AGREE),
    ),
    "done": Story("agreed, and done", _api_off, "Done.", (_ASK, _AGREE)),
}

STORIES: Final[Mapping[str, Mapping[str, Story]]] = {
    "explain": _EXPLAIN,
    "problem": _PROBLEM,
    "pick": _PICK,
    "confirm": _CONFIRM,
}
