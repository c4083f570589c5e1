"""Pickers: projects, searched on the server while typing; locations, those that exist first."""

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from kbq_tui.i18n.messages import mark, told, told_many
from kbq_tui.model.observed import Present
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import check_project
from kbq_tui.tui import keyboard
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import brief, columns, plain
from kbq_tui.tui.widgets.field import Line
from kbq_tui.tui.widgets.static import QuietStatic

DEBOUNCE = 0.25
"""Seconds of quiet before the server is asked."""

LOCATIONS = (
    ("US", mark("United States, multi-region")),
    ("EU", mark("European Union, multi-region")),
    ("europe-west1", mark("Belgium")),
    ("europe-west2", mark("London")),
    ("europe-west3", mark("Frankfurt")),
    ("europe-west4", mark("Netherlands")),
    ("europe-west6", mark("Zurich")),
    ("europe-west8", mark("Milan")),
    ("europe-west9", mark("Paris")),
    ("europe-west10", mark("Berlin")),
    ("europe-west12", mark("Turin")),
    ("europe-central2", mark("Warsaw")),
    ("europe-north1", mark("Finland")),
    ("europe-north2", mark("Stockholm")),
    ("europe-southwest1", mark("Madrid")),
    ("us-central1", mark("Iowa")),
    ("us-east1", mark("South Carolina")),
    ("us-east4", mark("Northern Virginia")),
    ("us-east5", mark("Columbus")),
    ("us-south1", mark("Dallas")),
    ("us-west1", mark("Oregon")),
    ("us-west2", mark("Los Angeles")),
    ("us-west3", mark("Salt Lake City")),
    ("us-west4", mark("Las Vegas")),
    ("northamerica-northeast1", mark("Montreal")),
    ("northamerica-northeast2", mark("Toronto")),
    ("northamerica-south1", mark("Mexico")),
    ("southamerica-east1", mark("Sao Paulo")),
    ("southamerica-west1", mark("Santiago")),
    ("africa-south1", mark("Johannesburg")),
    ("asia-east1", mark("Taiwan")),
    ("asia-east2", mark("Hong Kong")),
    ("asia-northeast1", mark("Tokyo")),
    ("asia-northeast2", mark("Osaka")),
    ("asia-northeast3", mark("Seoul")),
    ("asia-south1", mark("Mumbai")),
    ("asia-south2", mark("Delhi")),
    ("asia-southeast1", mark("Singapore")),
    ("asia-southeast2", mark("Jakarta")),
    ("australia-southeast1", mark("Sydney")),
    ("australia-southeast2", mark("Melbourne")),
    ("me-central1", mark("Doha")),
    ("me-central2", mark("Dammam")),
    ("me-west1", mark("Tel Aviv")),
)
"""BigQuery's locations. Source: https://cloud.google.com/bigquery/docs/locations. A newer one can be typed."""


class Picker(Modal[str]):
    """A line to type into, and a list under it."""

    BINDINGS: ClassVar = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("enter", "take", show=False, priority=True),
    ]

    prompt = ""

    def fill(self) -> ComposeResult:
        yield Line("", placeholder=told(self.prompt), id="search")
        options = OptionList(id="options", compact=True, markup=False)
        options.can_focus = False
        yield options

    def hints(self) -> list[tuple[str, str]]:
        return [
            (told("Type"), told("Search")),
            (told("Up/Down"), told("Move")),
            ("Enter", told("Take")),
            ("Esc", told("Close")),
        ]

    def on_mount(self) -> None:
        self.focus_first("#search")

    def offer(self, options: list[tuple[str, Content]]) -> None:
        """Show what can be taken."""
        listed = self.query_one("#options", OptionList)
        listed.set_options([Option(content, id=value) for value, content in options])
        if options:
            listed.highlighted = 0

    def action_move(self, by: int) -> None:
        listed = self.query_one("#options", OptionList)
        if listed.option_count:
            listed.highlighted = max(0, min(listed.option_count - 1, (listed.highlighted or 0) + by))

    def action_take(self) -> None:
        listed = self.query_one("#options", OptionList)
        if listed.highlighted is not None and listed.option_count:
            self.dismiss(listed.get_option_at_index(listed.highlighted).id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class PickProject(Picker):
    """Picks a project. Only what is shown is ever read, so 5,000 projects are as quick as five."""

    BINDINGS: ClassVar = [keyboard.bound("refresh", "search_again")]
    heading = mark("Pick a project")
    prompt = mark("part of the ID or name")

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def hints(self) -> list[tuple[str, str]]:
        *others, close = super().hints()
        return [*others, (keyboard.face("refresh"), told("Try again")), close]

    def on_mount(self) -> None:
        super().on_mount()
        self._recent("")
        self.host.launch(self._search("", 0.0), "project search")

    def _recent(self, text: str) -> list[tuple[str, Content]]:
        try:
            recent = self.host.desk.store.recent_projects()
        except ProblemError:
            recent = ()
        found = [p for p in recent if text.lower() in p.lower()][:5]
        return [
            (p, columns((plain(p, "bold"), 32), (Content.styled(told("used before"), "$text-quiet"), 0))) for p in found
        ]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.host.launch(self._search(event.value.strip(), DEBOUNCE), "project search")

    def action_search_again(self) -> None:
        self.host.launch(self._search(self.query_one("#search", Line).value.strip(), 0.0), "project search")

    async def _search(self, text: str, pause: float) -> None:
        self._asked += 1
        mine = self._asked
        await asyncio.sleep(pause)
        if mine != self._asked or not self.is_attached:
            return
        options = self._recent(text)
        self.offer(options)
        wizard = self.host.wizard
        self.say(told("Searching"))
        try:
            if wizard.cloud is None and not await wizard.sign_in():
                if wizard.sign_in_problem is not None and self.is_attached:
                    self._fail(wizard.sign_in_problem)
                return
            assert wizard.cloud is not None
            page = await wizard.cloud.search_projects(text)
        except ProblemError as error:
            if mine == self._asked and self.is_attached:
                self._fail(error.problem)
            return
        if mine != self._asked or not self.is_attached:
            return
        known = {value for value, _ in options}
        options += [
            (p.id, columns((plain(p.id, "bold"), 32), (plain(p.name, "$text-quiet"), 0)))
            for p in page.projects
            if p.id not in known and p.state in ("ACTIVE", "")
        ]
        if not options and text and check_project(text) is None:
            options = [
                (
                    text,
                    columns(
                        (plain(text, "bold"), 32),
                        (Content.styled(told("not found; take it as typed"), "$text-quiet"), 0),
                    ),
                )
            ]
        self.offer(options)
        found = told_many("{n} found", "{n} found", len(options))
        self.say(told("There are more: type to narrow it down") if page.next_token else found)

    def _fail(self, problem: Problem) -> None:
        """Say cause, remedy and who can help where the list would be."""
        self.query_one("#box-note", QuietStatic).show(brief(problem, more=False))


class PickLocation(Picker):
    """Picks a location: where datasets exist already first."""

    heading = mark("Pick a location: it can never be changed later")
    prompt = mark("city or region")

    def on_mount(self) -> None:
        super().on_mount()
        self._filter("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter(event.value.strip().lower())

    def _filter(self, text: str) -> None:
        seen = self.host.wizard.observed
        listed = seen.names.value if seen is not None and isinstance(seen.names, Present) else ()
        used = sorted({where for _, where in listed if where})
        names = dict(LOCATIONS)
        options = [(where, _used(names.get(where, ""))) for where in used]
        options += [(v, told(label)) for v, label in LOCATIONS if v not in used]
        self.offer(
            [
                (value, columns((plain(value, "bold"), 26), (plain(label, "$text-quiet"), 0)))
                for value, label in options
                # By its English name too: Google's pages and colleagues may know no other.
                if any(text in name.lower() for name in (value, label, names.get(value, "")))
            ]
        )


def _used(name: str) -> str:
    """Return what is said of a location in which the project has datasets; `name` is empty for one we do not know."""
    if not name:
        return told("datasets of this project are here")
    return told("{place}; datasets of this project are here", place=told(name))
