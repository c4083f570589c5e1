"""The mapping of a table as the operator edits it: each role with its column and the reason, and further columns."""

from collections.abc import Mapping, Sequence

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import Column, Role
from kbq_tui.source.columns import (
    TYPES,
    UNSUPPORTED,
    base,
    looks_internal,
    looks_personal,
    meant_for,
    named_for,
    proposed,
)


@dataclass(frozen=True, slots=True)
class MappedRole:
    """A role of a table's mapping.

    Attributes:
        role: the role.
        column: the column that has it; empty for none.
        why: the reason for that column, or for none.
        chosen: whether the operator has chosen it.
        fitting: the columns of a suitable type, which may be chosen.
    """

    role: Role
    column: str
    why: Message
    chosen: bool
    fitting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Property:
    """A column without a role.

    Attributes:
        column: its name.
        kept: whether a proposed view contains it.
        why: the reason.
    """

    column: str
    kept: bool
    why: Message


def mapped_roles(columns: Sequence[Column], chosen: Mapping[Role, str]) -> tuple[MappedRole, ...]:
    """Return which column each role has, and the reason.

    Args:
        columns: the table's columns.
        chosen: what the operator has chosen, as for `columns.proposed`.
    """
    roles, by_name = proposed(columns, chosen), {c.name: c for c in columns}
    return tuple(
        MappedRole(
            role,
            roles.get(role, ""),
            _why(role, by_name.get(roles.get(role, "")), columns, chosen),
            role in chosen,
            tuple(c.name for c in columns if base(c.type) in TYPES[role]),
        )
        for role in Role
    )


def _why(role: Role, column: Column | None, columns: Sequence[Column], chosen: Mapping[Role, str]) -> Message:
    if role in chosen:
        if column is not None:
            return message("you chose it")
        name = chosen[role]
        if not name:
            return message("you chose none")
        if name not in {c.name for c in columns}:
            return message("you chose {column}, which is not there", column=name)
        return message("you chose {column}, whose type does not fit", column=name)
    if column is not None:
        return message("by its name and type") if named_for(role, column) else message("the only other timestamp")
    if (odd := meant_for(role, columns)) is not None:
        return message("{column} is {type}, which does not fit", column=odd.name, type=odd.type)
    return message("no column has such a name")


def property_of(column: Column, chosen: Sequence[str] | None) -> Property:
    """Return whether a proposed view contains a column without a role, and the reason.

    Args:
        column: the column.
        chosen: the columns that the operator has chosen to be sent; None if nothing was chosen.
    """
    if chosen is not None:
        kept = column.name in chosen
        return Property(column.name, kept, message("you chose it") if kept else message("you left it out"))
    if looks_personal(column):
        return Property(column.name, False, message("left out: it looks personal"))
    if looks_internal(column):
        return Property(column.name, False, message("left out: it looks internal"))
    if any(kind in column.type.upper() for kind in UNSUPPORTED):
        return Property(column.name, False, message("left out: Klaviyo takes no {type}", type=column.type))
    return Property(column.name, True, message("sent along"))
