"""A failure as the operator needs it: cause, remedy, who can apply it, and whether waiting helps."""

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from kbq_tui.i18n.messages import EMPTY, Message, as_message
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.model.codes import ProblemCode as Code
    from kbq_tui.model.command import Command
    from kbq_tui.model.refs import Grantable


class Retry(StrEnum):
    """Whether it helps to try again."""

    NEVER = "never"
    """It does not, until something is changed."""
    BACKOFF = "backoff"
    """A passing fault of the network or of Google: try again a limited number of times, each time a little later."""
    NOT_YET = "not-yet"
    """It does right after a change of ours, which has not taken effect everywhere yet. Otherwise it does not."""
    REDO = "redo"
    """It was changed by somebody else: read again, change again, write again."""


class Kind(StrEnum):
    """What the failure means for a caller; decides the exit code."""

    FAILED = "failed"
    USAGE = "usage"
    CREDENTIALS = "credentials"
    NOT_PERMITTED = "not-permitted"
    NETWORK = "network"
    CONFLICT = "conflict"
    NOT_FOUND = "not-found"

    @property
    def exit_code(self) -> int:
        """The exit status of a command that ends with such a problem."""
        return {"usage": 2, "credentials": 3, "not-permitted": 4, "network": 5}.get(self.value, 1)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error before it is judged, in the same form for REST, gRPC, exceptions and pasted text.

    Attributes:
        message: the text, scrubbed of credentials.
        http: HTTP status, if there was one.
        status: Google's canonical status name (`PERMISSION_DENIED`), if there was one.
        reason: the structured reason: an `ErrorInfo.reason`, else BigQuery's `errors[].reason`.
        violations: `PreconditionFailure` violation types, such as `constraints/iam.disableServiceAccountKeyCreation`.
        metadata: the `ErrorInfo` metadata and other structured identifiers.
        method: the method that was called, such as `iam.serviceAccounts.keys.create`.
        retry_after: seconds that the server asks to wait.
    """

    message: str
    http: int | None = None
    status: str | None = None
    reason: str | None = None
    violations: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    method: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the connection when a fault is judged: the values for fields in remedies. Empty if unknown."""

    project: str = ""
    account: str = ""
    dataset: str = ""
    location: str = ""
    operator: str = ""
    acting_as: str = "operator"
    """`operator` or `service-account`: whose call failed."""


class Purpose(StrEnum):
    """What a step of a remedy is for."""

    LOOK = "look"
    CHANGE = "change"
    UNDO = "undo"
    WAIT = "wait"


class Who(StrEnum):
    """For whom a step of a remedy is."""

    OPERATOR = "operator"
    HELPER = "helper"
    """Another person with the permission that the operator lacks."""
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class RemedyStep:
    """One step of a remedy.

    Attributes:
        text: a sentence; empty if the commands need none.
        commands: to be run one after the other.
        purpose: what it is for.
        level: what a role must be held on for the step to be the right one; None for any.
        who: for whom it is.
    """

    text: Message
    commands: "tuple[Command, ...]" = ()
    purpose: Purpose = Purpose.CHANGE
    level: "type[Grantable] | None" = None
    who: Who = Who.OPERATOR

    def __str__(self) -> str:
        """Return the step in English: the sentence, and each command on its own line."""
        return "\n".join(((str(self.text),) if self.text else ()) + self.lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The commands as text."""
        return tuple(map(str, self.commands))


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure, explained.

    Attributes:
        code: stable, `KBQ-…`; None if the failure was not recognised.
        title: a few words.
        cause: one sentence.
        steps: what to do, in order, for the operator and for a person with more permissions.
        who: who can apply it: a person's position in words, with the permission and role.
        kind: what it means for a caller.
        retry: whether it helps to try again.
        wait: how long waiting may take, in seconds; 0 if waiting does not help.
        link: Google's or Klaviyo's page.
        details: identifiers extracted from the error, such as the permission or the VPC-SC unique identifier.
        original: the error's own text, scrubbed and inert.
        resource: what the role in question is held on; None if it is not about a role.
    """

    code: "Code | None"
    title: Message
    cause: Message
    steps: tuple[RemedyStep, ...] = ()
    who: Message = EMPTY
    kind: Kind = Kind.FAILED
    retry: Retry = Retry.NEVER
    wait: int = 0
    link: str = ""
    details: Mapping[str, str | Message] = field(default_factory=dict)
    original: str | Message = ""
    resource: "Grantable | None" = None

    @property
    def exit_code(self) -> int:
        """The exit status of a command that ends with this problem."""
        return self.kind.exit_code

    @property
    def remedy(self) -> tuple[RemedyStep, ...]:
        """The steps that the operator is shown."""
        return tuple(step for step in self.steps if step.who is not Who.HELPER)

    @property
    def request(self) -> tuple[RemedyStep, ...]:
        """The steps to ask another person for."""
        return tuple(step for step in self.steps if step.who is not Who.OPERATOR)

    def naming(self, placeholder: str, value: str) -> "Problem":
        """Return the problem with a value in place of a placeholder in its texts; itself if it has none."""
        named = replace(
            self,
            title=self.title.replacing(placeholder, value),
            cause=self.cause.replacing(placeholder, value),
            who=self.who.replacing(placeholder, value),
            steps=tuple(replace(step, text=step.text.replacing(placeholder, value)) for step in self.steps),
        )
        return self if named == self else named

    def with_commands(self, change: "Callable[[Command], Command]") -> "Problem":
        """Return the problem with each command of its steps changed; itself if none changes."""
        steps = tuple(replace(step, commands=tuple(map(change, step.commands))) for step in self.steps)
        return self if steps == self.steps else replace(self, steps=steps)

    @property
    def words(self) -> Message:
        """The error's own text; the title if there is none."""
        return as_message(self.original) or self.title

    def detail(self, name: str) -> str:
        """Return a detail in English; empty if it does not exist."""
        return str(self.details.get(name, ""))

    def to_json(self) -> dict[str, object]:
        """Return the problem in the form of the `explain` schema, without the schema's name."""
        return {
            "code": self.code,
            "title": str(self.title),
            "cause": str(self.cause),
            "remedy": [str(step) for step in self.remedy],
            "who": str(self.who),
            "details": {
                **{name: str(value) for name, value in self.details.items()},
                **({"original": str(self.original)} if self.original else {}),
            },
        }


class ProblemError(Exception):
    """A failure that was judged; the only exception that the ports may raise.

    Attributes:
        problem: the failure, explained.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code or 'unrecognised'}: {problem.title}")
        self.problem = problem
