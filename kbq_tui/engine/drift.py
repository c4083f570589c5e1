"""Drift: what differs between two looks of a connection: grants, keys, locations and labels, as values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.admin_change import Author, AuthorSource
from kbq_tui.model.changes import SPREADING, OwnChange
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Absent, Observed, Present, Unknown
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.refs import DatasetRef, Ref
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step
from kbq_tui.model.text import time_in
from kbq_tui.planning.grants import held

KEPT: Final = 200
"""The most values, and the most differences, that are stored for a connection."""
_HELD: Final = "held"
_ACTIVE: Final = "active"
_DISABLED: Final = "disabled"


class DriftKind(StrEnum):
    """Kinds of values that can differ."""

    GRANT = "grant"
    KEY = "key"
    LOCATION = "location"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that has a value.

    Attributes:
        kind: its kind.
        dataset: the dataset it belongs to; empty for the project and the account.
        name: the role, the key's id, or the label's name; empty for a location.
    """

    kind: DriftKind
    dataset: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference that our own changes do not explain.

    Attributes:
        item: what differs.
        before: its value before; None if it did not exist.
        now: its value now; None if it no longer exists.
        at: the look that found it first, aware UTC.
        after: the look before that one, aware UTC; None if not known.
        author: who did it, as far as that is known.
    """

    item: Item
    before: str | None
    now: str | None
    at: datetime
    after: datetime | None = None
    author: Author = Author()

    @property
    def step(self) -> Step:
        """The step of the set-up whose plan restores it, as far as that is possible."""
        return _STEPS[self.item.kind]

    @property
    def text(self) -> Message:
        """Return what has changed, in one sentence."""
        item = self.item
        match item.kind:
            case DriftKind.GRANT:
                return _grant_text(self)
            case DriftKind.KEY if self.now is None:
                return message("key {key} is gone", key=item.name[:12])
            case DriftKind.KEY if self.before is None:
                return message("key {key} was added", key=item.name[:12])
            case DriftKind.KEY if self.now == _DISABLED:
                return message("key {key} was disabled", key=item.name[:12])
            case DriftKind.KEY:
                return message("key {key} was enabled", key=item.name[:12])
            case DriftKind.LOCATION if self.now is None:
                return message("dataset {dataset} is gone", dataset=item.dataset)
            case DriftKind.LOCATION if self.before is None:
                return message("dataset {dataset} was created in {now}", dataset=item.dataset, now=self.now)
            case DriftKind.LOCATION:
                return message(
                    "dataset {dataset} is in {now}, was in {before}",
                    dataset=item.dataset,
                    now=self.now,
                    before=self.before,
                )
            case _:
                return _label_text(self)

    def to_json(self) -> dict[str, object]:
        """Return the difference in the form of `status --json` and of a command of `--on-change`."""
        item, author = self.item, self.author
        return {
            "kind": item.kind.value,
            "dataset": item.dataset or None,
            "name": item.name or None,
            "before": self.before,
            "now": self.now,
            "text": str(self.text),
            "seen_at": self.at.isoformat(),
            "changed_by": list(author.who),
            "changed_at": author.at.isoformat() if author.at is not None else None,
            "changed_by_source": author.source.value,
            "changed_by_text": str(author.text),
        }


_STEPS: Final = {
    DriftKind.GRANT: Step.PERMISSIONS,
    DriftKind.KEY: Step.ACCOUNT,
    DriftKind.LOCATION: Step.DATASETS,
    DriftKind.LABEL: Step.DATASETS,
}


def _grant_text(drift: Drift) -> Message:
    item = drift.item
    where = message("dataset {dataset}", dataset=item.dataset) if item.dataset else message("the project")
    role = item.name.removeprefix("roles/")
    if drift.now is None:
        return message("{role} on {where} was taken away", role=role, where=where)
    if drift.before is None:
        return message("{role} on {where} was granted", role=role, where=where)
    if drift.now == _HELD:
        return message("{role} on {where} lost its condition", role=role, where=where)
    return message("{role} on {where} got another condition", role=role, where=where)


def _label_text(drift: Drift) -> Message:
    item = drift.item
    if drift.now is None:
        return message("label {label} of dataset {dataset} is gone", label=item.name, dataset=item.dataset)
    return message(
        "label {label} of dataset {dataset} is {now}, was {before}",
        label=item.name,
        dataset=item.dataset,
        now=drift.now,
        before=drift.before if drift.before is not None else message("not there"),
    )


@dataclass(frozen=True, slots=True)
class SeenValues:
    """The values of a look.

    Attributes:
        values: by item.
        unread: what could not be read: kinds, each with its dataset. Nothing is concluded about these.
    """

    values: Mapping[Item, str]
    unread: frozenset[tuple[DriftKind, str]] = frozenset()


def seen_values(spec: ConnectionSpec, observed: Observed) -> SeenValues:
    """Return the values of a connection that can drift."""
    values: dict[Item, str] = {}
    unread: set[tuple[DriftKind, str]] = set()
    for grant in held(spec, observed):
        if grant.dataset is None or grant.dataset in observed.datasets:
            values[Item(DriftKind.GRANT, grant.dataset or "", grant.role)] = grant.condition or _HELD
    if not isinstance(observed.bindings, Present):
        unread.add((DriftKind.GRANT, ""))
    for name, part in observed.datasets.items():
        if isinstance(part, Unknown):
            unread |= {(kind, name) for kind in (DriftKind.GRANT, DriftKind.LOCATION, DriftKind.LABEL)}
        elif isinstance(part, Present):
            values[Item(DriftKind.LOCATION, name)] = part.value.location
            values |= {Item(DriftKind.LABEL, name, label): text for label, text in part.value.labels.items()}
            if part.value.access is None:
                unread.add((DriftKind.GRANT, name))
    if isinstance(observed.keys, Present):
        values |= {Item(DriftKind.KEY, "", k.id): _DISABLED if k.disabled else _ACTIVE for k in observed.keys.value}
    elif not isinstance(observed.keys, Absent):
        unread.add((DriftKind.KEY, ""))
    return SeenValues(dict(list(values.items())[:KEPT]), frozenset(unread))


def merged(before: Mapping[Item, str], now: SeenValues) -> dict[Item, str]:
    """Return the values to compare the next look with: those that could not be read now keep their last value."""
    kept = {item: value for item, value in before.items() if (item.kind, item.dataset) in now.unread}
    return {**kept, **now.values}


def drifted(
    before: Mapping[Item, str],
    now: SeenValues,
    known: Sequence[Drift],
    own: Iterable[OwnChange],
    at: datetime,
    after: datetime | None = None,
) -> tuple[Drift, ...]:
    """Return what differs now: earlier differences that were not undone, and new ones.

    Args:
        before: the values of the last look.
        now: the values of the latest look.
        known: the differences that were known before.
        own: our own changes, which are not drift.
        at: when the latest look was.
        after: when the look before it was; None if not known.
    """
    found = {drift.item: drift for drift in known}
    values = merged(before, now)
    mine = [change for change in own if at - change.at < SPREADING]
    for item in [*before, *(item for item in values if item not in before)]:
        old, new = before.get(item), values.get(item)
        if old == new:
            continue
        first = found.pop(item, None)
        origin = first.before if first is not None else old
        if new != origin and not any(_made(change, item) for change in mine):
            found[item] = Drift(item, origin, new, first.at if first is not None else at, after)
    return tuple(found.values())[-KEPT:]


def _made(change: OwnChange, item: Item) -> bool:
    """Return whether a change of ours may be the reason for an item's new value."""
    kind, ref = change.key.kind, change.key.ref
    match item.kind:
        case DriftKind.KEY:
            return kind in (ActionKind.KEY, ActionKind.DELETE_KEY)
        case DriftKind.GRANT:
            ours = kind in (ActionKind.GRANT, ActionKind.OVER_GRANT, ActionKind.DATASET)
            return ours and _dataset(ref) == item.dataset and change.key.role in ("", item.name)
        case _:
            return kind is ActionKind.DATASET and _dataset(ref) == item.dataset


def _dataset(ref: Ref) -> str:
    return ref.dataset if isinstance(ref, DatasetRef) else ""


def values_to_json(values: Mapping[Item, str]) -> list[list[str]]:
    """Return values in the form in which they are stored."""
    return [[item.kind.value, item.dataset, item.name, value] for item, value in values.items()]


def values_from_json(body: object) -> dict[Item, str]:
    """Return values from a file; what cannot be understood is left out."""
    return {
        Item(DriftKind(entry[0]), entry[1], entry[2]): entry[3]
        for entry in (body if isinstance(body, list) else ())
        if isinstance(entry, list) and len(entry) == 4 and _texts(entry) and entry[0] in set(DriftKind)
    }


def drift_to_json(drift: Sequence[Drift]) -> list[list[str | None]]:
    """Return differences in the form in which they are stored."""
    return [
        [d.item.kind.value, d.item.dataset, d.item.name, d.before, d.now, d.at.isoformat(timespec="seconds")]
        for d in drift
    ]


def authors_to_json(drift: Sequence[Drift]) -> list[list[object]]:
    """Return the authors of differences in the form in which they are stored separately, because older versions read
    the differences alone."""
    return [[_stamp(d.after), d.author.source.value, _stamp(d.author.at), list(d.author.who)] for d in drift]


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


def _with_author(drift: Drift, body: object) -> Drift:
    """Return a difference with its author from a file; unchanged if that cannot be understood."""
    if not (isinstance(body, list) and len(body) == 4):
        return drift
    after, source, at, names = body
    if not (isinstance(source, str) and source in set(AuthorSource) and isinstance(names, list)):
        return drift
    who = tuple(name for name in names if isinstance(name, str))
    return replace(drift, after=time_in(after), author=Author(AuthorSource(source), who, time_in(at)))


def drift_from_json(body: object, authors: object = None) -> tuple[Drift, ...]:
    """Return differences from a file; what cannot be understood is left out.

    Args:
        body: the differences.
        authors: who made each of them; None if the file does not say.
    """
    found: list[Drift] = []
    listed = body if isinstance(body, list) else []
    beside = authors if isinstance(authors, list) and len(authors) == len(listed) else [None] * len(listed)
    for entry, author in zip(listed, beside, strict=True):
        if not (isinstance(entry, list) and len(entry) == 6 and _texts([*entry[:3], entry[5]])):
            continue
        kind, dataset, name, before, now, when = entry
        try:
            at = datetime.fromisoformat(when).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if kind in set(DriftKind) and all(value is None or isinstance(value, str) for value in (before, now)):
            found.append(_with_author(Drift(Item(DriftKind(kind), dataset, name), before, now, at), author))
    return tuple(found)


def _texts(entry: Sequence[object]) -> bool:
    return all(isinstance(text, str) for text in entry)
