"""A plan that is stored in a file, to be applied later exactly as it is, or not at all."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.plan import Plan
from kbq_tui.model.spec import ConnectionSpec, Direction, InvalidValueError

KIND: Final = "kbq-tui/saved-plan/"
SCHEMA: Final = "kbq-tui/saved-plan/v1"
_VALUES: Final = tuple(f.name for f in fields(ConnectionSpec))


class SavedPlanError(ValueError):
    """A saved plan cannot be used. The reason is one sentence.

    Attributes:
        reason: what is wrong.
    """

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What must be unchanged for a stored plan to be applied. It contains no secret.

    Attributes:
        spec: the connection that was planned.
        filed: the values in the connection's file at that time, by key; None if it had no file.
        fingerprint: of the plan.
        changes: ids of the actions, with the kind of change.
        remove_over_grants: whether it removes what the account holds beyond what it needs.
        plan: in its schema, to be read by people and programs.
        at: when it was made, ISO 8601.
        tool: the version that made it.
    """

    spec: ConnectionSpec
    filed: Mapping[str, str] | None
    fingerprint: str
    changes: Mapping[str, str]
    remove_over_grants: bool
    plan: Mapping[str, object]
    at: str
    tool: str

    @classmethod
    def of(
        cls,
        plan: Plan,
        spec: ConnectionSpec,
        filed: ConnectionSpec | None,
        *,
        remove_over_grants: bool,
        at: str,
        tool: str,
    ) -> "SavedPlan":
        """Return what is stored of a plan. Arguments as the attributes."""
        return cls(
            spec,
            values_of(filed) if filed is not None else None,
            plan.fingerprint,
            {a.id: a.change.value for a in plan.changes},
            remove_over_grants,
            plan.to_json(),
            at,
            tool,
        )

    def to_json(self) -> dict[str, object]:
        """Return the plan in its schema."""
        return {
            "schema": SCHEMA,
            "tool": self.tool,
            "at": self.at,
            "connection": values_of(self.spec),
            "filed": self.filed,
            "remove_over_grants": self.remove_over_grants,
            "fingerprint": self.fingerprint,
            "changes": dict(self.changes),
            "plan": dict(self.plan),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "SavedPlan":
        """Read what `to_json` returned. Raises SavedPlanError."""
        schema = str(body.get("schema"))
        if schema != SCHEMA and schema.startswith(KIND):
            tool = str(body.get("tool") or schema)
            raise SavedPlanError(
                message("A newer version made it ({tool}). Install that one, or plan again.", tool=tool)
            )
        if schema != SCHEMA:
            raise SavedPlanError(message("It is no plan that kbq-tui saved."))
        try:
            values = {key: body["connection"][key] for key in _VALUES if body["connection"].get(key) is not None}
            spec = ConnectionSpec(**{**values, "direction": Direction(values["direction"])})
            filed = body["filed"]
            return cls(
                spec,
                None if filed is None else {str(k): str(v) for k, v in filed.items()},
                str(body["fingerprint"]),
                {str(k): str(v) for k, v in body["changes"].items()},
                body["remove_over_grants"] is True,
                body["plan"],
                str(body["at"]),
                str(body["tool"]),
            )
        except InvalidValueError as error:
            raise SavedPlanError(error.reason) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise SavedPlanError(message("Something of it is missing or was changed. Plan again.")) from None

    def changed_values(self, filed: ConnectionSpec | None) -> tuple[str, ...]:
        """Return the keys whose values in the connection's file have changed; `name` if the file was created or
        deleted."""
        if filed is None or self.filed is None:
            return () if filed is None and self.filed is None else ("name",)
        now = values_of(filed)
        return tuple(key for key in _VALUES if now.get(key) != self.filed.get(key))


def differing(one: ConnectionSpec, other: ConnectionSpec) -> tuple[str, ...]:
    """Return the keys in which two connections differ."""
    return tuple(key for key in _VALUES if getattr(one, key) != getattr(other, key))


def values_of(spec: ConnectionSpec) -> dict[str, str]:
    """Return the connection's values that are set, by key."""
    return {key: str(value) for key in _VALUES if (value := getattr(spec, key)) is not None}
