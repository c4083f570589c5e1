"""Pickers: projects, searched on the server while typing; locations, those that exist first."""

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from kbq_tui.core.observed import Present
from kbq_tui.core.problems import ProblemError
from kbq_tui.core.spec import check_project
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import columns, plain
from kbq_tui.tui.widgets.field import Line

DEBOUNCE = 0.25
"""Seconds of quiet before the server is asked."""

LOCATIONS = (
    ("US", "United States, multi-region"),
    ("EU", "European Union, multi-region"),
    ("europe-west1", "Belgium"),
    ("europe-west2", "London"),
    ("europe-west3", "Frankfurt"),
    ("europe-west4", "Netherlands"),
    ("europe-west6", "Zurich"),
    ("europe-west8", "Milan"),
    ("europe-west9", "Paris"),
    ("europe-west10", "Berlin"),
    ("europe-west12", "Turin"),
    ("europe-central2", "Warsaw"),
    ("europe-north1", "Finland"),
    ("europe-north2", "Stockholm"),
    ("europe-southwest1", "Madrid"),
    ("us-central1", "Iowa"),
    ("us-east1", "South Carolina"),
    ("us-east4", "Northern Virginia"),
    ("us-east5", "Columbus"),
    ("us-south1", "Dallas"),
    ("us-west1", "Oregon"),
    ("us-west2", "Los Angeles"),
    ("us-west3", "Salt Lake City"),
    ("us-west4", "Las Vegas"),
    ("northamerica-northeast1", "Montreal"),
    ("northamerica-northeast2", "Toronto"),
    ("northamerica-south1", "Mexico"),
    ("southamerica-east1", "Sao Paulo"),
    ("southamerica-west1", "Santiago"),
    ("africa-south1", "Johannesburg"),
    ("asia-east1", "Taiwan"),
    ("asia-east2", "Hong Kong"),
    ("asia-northeast1", "Tokyo"),
    ("asia-northeast2", "Osaka"),
    ("asia-northeast3", "Seoul"),
    ("asia-south1", "Mumbai"),
    ("asia-south2", "Delhi"),
    ("asia-southeast1", "Singapore"),
    ("asia-southeast2", "Jakarta"),
    ("australia-southeast1", "Sydney"),
    ("australia-southeast2", "Melbourne"),
    ("me-central1", "Doha"),
    ("me-central2", "Dammam"),
    ("me-west1", "Tel Aviv"),
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
        yield Line("", placeholder=self.prompt, id="search")
        options = OptionList(id="options", compact=True, markup=False)
        options.can_focus = False
        yield options

    def hints(self) -> list[tuple[str, str]]:
        return [("Type", "Search"), ("Up/Down", "Move"), ("Enter", "Take"), ("Esc", "Close")]

    def on_mount(self) -> None:
        self.query_one("#search").focus()

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

    heading = "Pick a project"
    prompt = "part of the ID or name"

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

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
        return [(p, columns((plain(p, "bold"), 32), (Content.styled("used before", "$text-quiet"), 0))) for p in found]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.host.launch(self._search(event.value.strip(), DEBOUNCE), "project search")

    async def _search(self, text: str, pause: float) -> None:
        self._asked += 1
        mine = self._asked
        await asyncio.sleep(pause)
        if mine != self._asked or not self.is_attached:
            return
        options = self._recent(text)
        self.offer(options)
        wizard = self.host.wizard
        self.say("Searching")
        try:
            if wizard.cloud is None and not await wizard.sign_in():
                problem = wizard.sign_in_problem
                self.say(problem.title if problem else "not signed in")
                return
            assert wizard.cloud is not None
            page = await wizard.cloud.search_projects(text)
        except ProblemError as error:
            if mine == self._asked and self.is_attached:
                self.query_one("#box-note").show(plain(f"{error.problem.title}. {error.problem.cause}", "$error"))  # type: ignore[attr-defined]
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
                        (plain(text, "bold"), 32), (Content.styled("not found; take it as typed", "$text-quiet"), 0)
                    ),
                )
            ]
        self.offer(options)
        self.say("There are more: type to narrow it down" if page.next_token else f"{len(options)} found")


class PickLocation(Picker):
    """Picks a location: where datasets exist already first."""

    heading = "Pick a location: it can never be changed later"
    prompt = "city or region"

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
        options = [
            (where, f"{names.get(where, '')}; datasets of this project are here".lstrip("; ")) for where in used
        ] + [(v, label) for v, label in LOCATIONS if v not in used]
        self.offer(
            [
                (value, columns((plain(value, "bold"), 26), (plain(label, "$text-quiet"), 0)))
                for value, label in options
                if text in value.lower() or text in label.lower()
            ]
        )
