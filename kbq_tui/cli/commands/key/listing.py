"""`kbq-tui key list`: the account's keys at Google, who has each, and when and from where it was last used."""

from datetime import datetime

from kbq_tui.cli.commands.key import KeyListOptions
from kbq_tui.cli.render import EventLines
from kbq_tui.cli.runner import PlainRunner
from kbq_tui.cli.table import table
from kbq_tui.engine.key_use import LOG_DAYS, METRIC_DAYS, last_uses
from kbq_tui.engine.keys import keys_of
from kbq_tui.engine.observe import beside_of, inspect_key
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.services import patience_of
from kbq_tui.i18n.messages import Message, message, message_n, render, translate, verbatim
from kbq_tui.model.age import ago
from kbq_tui.model.changes import is_recent
from kbq_tui.model.key_use import KeyState, KeyUses, UseSource, state_of, warnings_of
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import KeyInfo, LocalKey, value_of
from kbq_tui.model.text import inert

ID_SHOWN = 12
"""The number of a key id's 40 digits that are shown; `key delete` accepts the beginning."""


@dataclass(frozen=True, slots=True)
class _Listing:
    keys: tuple[KeyInfo, ...]
    local: LocalKey | None
    beside: LocalKey | None
    handed: tuple[str, ...]
    uses: KeyUses
    now: datetime
    max_age: int

    def file(self, key: KeyInfo) -> LocalKey | None:
        """Return the file of a key on this machine; None if there is none."""
        return next((f for f in (self.local, self.beside) if f is not None and f.key_id == key.id), None)

    @property
    def unlisted(self) -> tuple[LocalKey, ...]:
        """The keys that were stored here a moment ago and are not in Google's list yet."""
        ids = {key.id for key in self.keys}
        files = [file for file in (self.local, self.beside) if file is not None and file.key_id not in ids]
        return tuple(file for file in files if file.written is not None and is_recent(file.written, self.now))

    def held_by(self, key: KeyInfo) -> str | None:
        """Return who has a key, as a code: `here`, `keyring`, `handed-over`; None if not known."""
        if (file := self.file(key)) is not None:
            return "here" if file.path else "keyring"
        return "handed-over" if key.id in self.handed else None

    def warnings(self, key: KeyInfo) -> tuple[Message, ...]:
        return warnings_of(key, self.uses, self.now, self.max_age)

    def row(self, key: KeyInfo) -> dict[str, object]:
        """Return a key in the form of `kbq-tui/keys/v2`."""
        used = self.uses.of(key.id)
        return {
            "id": key.id,
            "created": key.created.isoformat(),
            "age_days": (self.now - key.created).days,
            "expires": key.expires.isoformat() if key.expires else None,
            "state": state_of(key, self.now).value,
            "held_by": self.held_by(key),
            "last_used": used.at.isoformat() if used else None,
            "last_used_from": used.address or None if used else None,
            "last_used_by_klaviyo": used.is_klaviyo if used and used.address else None,
            "last_used_source": self.uses.source.value,
            "warnings": [str(warning) for warning in self.warnings(key)],
        }


def list_command(options: KeyListOptions, runner: PlainRunner) -> int:
    """List the account's user-managed keys, oldest first: state, holder, last use."""
    spec = runner.spec()
    lines = EventLines(runner.console)

    async def work(ports: Ports) -> _Listing:
        keys, local, handed = await keys_of(spec, ports, lines, patience_of(runner.services))
        now = ports.clock.now()
        uses = await last_uses(spec, ports.cloud, keys, now)
        beside = value_of(await inspect_key(beside_of(spec, ports), ports))
        return _Listing(keys, local, beside, handed, uses, now, options.max_age)

    try:
        found = runner.with_ports(spec.name, work)
    finally:
        lines.ended("keys")
    if options.output.as_json:
        left_out = [problem.to_json() for problem in found.uses.problems]
        body = {
            "schema": "kbq-tui/keys/v2",
            "connection": spec.name,
            "service_account": spec.account_email,
            "key_path": found.local.path or None if found.local is not None else None,
            "complete": (found.uses.source is UseSource.AUDIT or not found.keys) and not found.unlisted,
            "left_out": left_out,
            "keys": [found.row(key) for key in found.keys],
        }
        runner.console.json(body)
        return 0
    _show(found, runner, spec.account_email)
    return 0


def _show(found: _Listing, runner: PlainRunner, account: str) -> None:
    console = runner.console
    if found.keys:
        rows = [[inert(cell, 200) for cell in _cells(found, key)] for key in found.keys]
        for line in table([render(word) for word in _HEADING], rows, right=(2,)):
            console.result(line)
    for key in found.keys:
        if (file := found.file(key)) is not None and file.path:
            console.result(translate("Key {id} is in {path}", id=inert(key.id[:ID_SHOWN]), path=inert(file.path)))
    for exposed in found.local.warnings if found.local is not None else ():
        console.say()
        console.problem(exposed, heading=translate("note"))
    for file in found.unlisted:
        text = translate("created a moment ago; Google does not list it yet")
        console.say(translate("note: key {id}: {note}", id=inert(file.key_id[:ID_SHOWN]), note=text))
    for key in found.keys:
        for warning in found.warnings(key):
            id_ = key.id[:ID_SHOWN]
            console.say(translate("note: key {id}: {note}", id=inert(id_), note=inert(render(warning))))
    if found.keys:
        console.say(render(_source(found.uses)))
        for problem in found.uses.problems[:1]:
            console.problem(problem, heading=translate("note"))
    console.say(translate("{n} of 10 keys of {account}", n=len(found.keys) + len(found.unlisted), account=account))


_HEADING = (
    message("ID"),
    message("CREATED"),
    message("AGE"),
    message("EXPIRES"),
    message("STATE"),
    message("HELD"),
    message("LAST USED"),
)
_STATES = {
    KeyState.ACTIVE: message("active"),
    KeyState.DISABLED: message("disabled"),
    KeyState.EXPIRED: message("expired"),
}
_HOLDERS = {
    "here": message("here"),
    "keyring": message("keyring"),
    "handed-over": message("handed over"),
    None: message("not here"),
}


def _cells(found: _Listing, key: KeyInfo) -> list[str]:
    return [
        key.id[:ID_SHOWN],
        f"{key.created:%Y-%m-%d}",
        render(message_n("{n} day", "{n} days", (found.now - key.created).days)),
        f"{key.expires:%Y-%m-%d}" if key.expires else translate("never"),
        render(_STATES[state_of(key, found.now)]),
        render(_HOLDERS[found.held_by(key)]),
        render(_last_used(found.uses, key, found.now)),
    ]


def _last_used(uses: KeyUses, key: KeyInfo, now: datetime) -> Message:
    used = uses.of(key.id)
    if used is None:
        return verbatim("?") if uses.source is UseSource.UNKNOWN else message("not seen")
    if uses.source is UseSource.ANALYZER:
        return verbatim(f"{used.at:%Y-%m-%d}")
    when = ago(used.at, now)
    return message("{ago}, by {who}", ago=when, who=used.who) if uses.source is UseSource.AUDIT else when


def _source(uses: KeyUses) -> Message:
    match uses.source:
        case UseSource.AUDIT:
            return message(
                "Last used: from BigQuery's audit log of {n} days; calls of kbq-tui itself do not count.", n=LOG_DAYS
            )
        case UseSource.METRIC:
            return message(
                "Last used: from the metric of {n} days, up to three hours late; it does not tell from where.",
                n=METRIC_DAYS,
            )
        case UseSource.ANALYZER:
            return message("Last used: from Policy Analyzer, a day late; it does not tell from where.")
        case _:
            return message("Last used: not known.")
