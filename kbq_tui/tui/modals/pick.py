"""Pickers: projects, searched on the server while typing; locations, those that exist first."""

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from kbq_tui.i18n.messages import N_, translate, translate_n
from kbq_tui.model.observed import Present
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import check_project
from kbq_tui.tui import keyboard
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import brief, columns, plain
from kbq_tui.tui.widgets.field import LineInput
from kbq_tui.tui.widgets.static import QuietStatic

DEBOUNCE = 0.25
"""Seconds without typing before the server is queried."""

LOCATIONS = (
    ("US", N_("United States, multi-region")),
    ("EU", N_("European Union, multi-region")),
    ("europe-west1", N_("Belgium")),
    ("europe-west2", N_("London")),
    ("europe-west3", N_("Frankfurt")),
    ("europe-west4", N_("Netherlands")),
    ("europe-west6", N_("Zurich")),
    ("europe-west8", N_("Milan")),
    ("europe-west9", N_("Paris")),
    ("europe-west10", N_("Berlin")),
    ("europe-west12", N_("Turin")),
    ("europe-central2", N_("Warsaw")),
    ("europe-north1", N_("Finland")),
    ("europe-north2", N_("Stockholm")),
    ("europe-southwest1", N_("Madrid")),
    ("us-central1", N_("Iowa")),
    ("us-east1", N_("South Carolina")),
    ("us-east4", N_("Northern Virginia")),
    ("us-east5", N_("Columbus")),
    ("us-south1", N_("Dallas")),
    ("us-west1", N_("Oregon")),
    ("us-west2", N_("Los Angeles")),
    ("us-west3", N_("Salt Lake City")),
    ("us-west4", N_("Las Vegas")),
    ("northamerica-northeast1", N_("Montreal")),
    ("northamerica-northeast2", N_("Toronto")),
    ("northamerica-south1", N_("Mexico")),
    ("southamerica-east1", N_("Sao Paulo")),
    ("southamerica-west1", N_("Santiago")),
    ("africa-south1", N_("Johannesburg")),
    ("asia-east1", N_("Taiwan")),
    ("asia-east2", N_("Hong Kong")),
    ("asia-northeast1", N_("Tokyo")),
    ("asia-northeast2", N_("Osaka")),
    ("asia-northeast3", N_("Seoul")),
    ("asia-south1", N_("Mumbai")),
    ("asia-south2", N_("Delhi")),
    ("asia-southeast1", N_("Singapore")),
    ("asia-southeast2", N_("Jakarta")),
    ("australia-southeast1", N_("Sydney")),
    ("australia-southeast2", N_("Melbourne")),
    ("me-central1", N_("Doha")),
    ("me-central2", N_("Dammam")),
    ("me-west1", N_("Tel Aviv")),
)
"""BigQuery's locations. Source: https://cloud.google.com/bigquery/docs/locations. A newer one can be typed."""


class Picker(Modal[str]):
    """An input line, and a list under it."""

    BINDINGS: ClassVar = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("enter", "take", show=False, priority=True),
    ]

    prompt = ""

    def fill(self) -> ComposeResult:
        """Lay out the search line and the list under it; the list never takes the focus."""
        yield LineInput("", placeholder=translate(self.prompt), id="search")
        options = OptionList(id="options", compact=True, markup=False)
        options.can_focus = False
        yield options

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: typing searches, up and down move, Enter takes, Escape closes."""
        return [
            (translate("Type"), translate("Search")),
            (translate("Up/Down"), translate("Move")),
            ("Enter", translate("Take")),
            ("Esc", translate("Close")),
        ]

    def on_mount(self) -> None:
        """Put the focus on the search line."""
        self.focus_first("#search")

    def offer(self, options: list[tuple[str, Content]]) -> None:
        """Show the options."""
        listed = self.query_one("#options", OptionList)
        listed.set_options([Option(content, id=value) for value, content in options])
        if options:
            listed.highlighted = 0

    def action_move(self, by: int) -> None:
        """Up and Down: move in the list while the search line keeps the focus."""
        listed = self.query_one("#options", OptionList)
        if listed.option_count:
            listed.highlighted = max(0, min(listed.option_count - 1, (listed.highlighted or 0) + by))

    def action_take(self) -> None:
        """Enter: close with the id of the option under the cursor."""
        listed = self.query_one("#options", OptionList)
        if listed.highlighted is not None and listed.option_count:
            self.dismiss(listed.get_option_at_index(listed.highlighted).id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class PickProject(Picker):
    """Picks a project. Only what is shown is ever read, so 5,000 projects are as fast as five."""

    BINDINGS: ClassVar = [keyboard.bound("refresh", "search_again")]
    heading = N_("Pick a project")
    prompt = N_("part of the ID or name")

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys, with the one that searches again."""
        *others, close = super().hints()
        return [*others, (keyboard.face("refresh"), translate("Try again")), close]

    def on_mount(self) -> None:
        """Show the projects that were used last, and search at Google at once."""
        super().on_mount()
        self._recent("")
        self.host.launch(self._search("", 0.0), "project search")

    def _recent(self, text: str) -> list[tuple[str, Content]]:
        try:
            recent = self.host.services.store.recent_projects()
        except ProblemError:
            recent = ()
        found = [p for p in recent if text.lower() in p.lower()][:5]
        return [
            (p, columns((plain(p, "bold"), 32), (Content.styled(translate("used before"), "$text-quiet"), 0)))
            for p in found
        ]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.host.launch(self._search(event.value.strip(), DEBOUNCE), "project search")

    def action_search_again(self) -> None:
        """F5: search again for the text in the search line."""
        self.host.launch(self._search(self.query_one("#search", LineInput).value.strip(), 0.0), "project search")

    async def _search(self, text: str, pause: float) -> None:
        self._asked += 1
        mine = self._asked
        await asyncio.sleep(pause)
        if mine != self._asked or not self.is_attached:
            return
        options = self._recent(text)
        self.offer(options)
        wizard = self.host.wizard
        self.say(translate("Searching"))
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
                        (Content.styled(translate("not found; take it as typed"), "$text-quiet"), 0),
                    ),
                )
            ]
        self.offer(options)
        found = translate_n("{n} found", "{n} found", len(options))
        self.say(translate("There are more: type to narrow it down") if page.next_token else found)

    def _fail(self, problem: Problem) -> None:
        """Show cause, remedy and who can help in place of the list."""
        self.query_one("#box-note", QuietStatic).show(brief(problem, more=False))


class PickLocation(Picker):
    """Picks a location; those of existing datasets come first."""

    heading = N_("Pick a location: it can never be changed later")
    prompt = N_("city or region")

    def on_mount(self) -> None:
        """Show all locations."""
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
        options += [(v, translate(label)) for v, label in LOCATIONS if v not in used]
        self.offer(
            [
                (value, columns((plain(value, "bold"), 26), (plain(label, "$text-quiet"), 0)))
                for value, label in options
                # By its English name, too: Google's pages and colleagues may use no other.
                if any(text in name.lower() for name in (value, label, names.get(value, "")))
            ]
        )


def _used(name: str) -> str:
    """Return the text for a location in which the project has datasets; `name` is empty if its name is not known."""
    if not name:
        return translate("datasets of this project are here")
    return translate("{place}; datasets of this project are here", place=translate(name))
