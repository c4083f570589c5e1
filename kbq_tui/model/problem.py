"""A failure as the operator needs it: cause, remedy, who can apply it, whether waiting helps."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from kbq_tui.model.lean_dataclass import dataclass


class Retry(StrEnum):
    """What trying again is good for."""

    NEVER = "never"
    """Final until somebody changes something."""
    BACKOFF = "backoff"
    """A passing fault of the network or of Google: try again, a bounded number of times, a little later each time."""
    NOT_YET = "not-yet"
    """Right after a change of ours: the change has not arrived everywhere. Otherwise final."""
    REDO = "redo"
    """Somebody else wrote meanwhile: read again, change again, write again."""


class Kind(StrEnum):
    """What the failure means to a caller; decides the exit code."""

    FAILED = "failed"
    USAGE = "usage"
    CREDENTIALS = "credentials"
    NOT_PERMITTED = "not-permitted"
    NETWORK = "network"
    CONFLICT = "conflict"
    NOT_FOUND = "not-found"

    @property
    def exit_code(self) -> int:
        return {"usage": 2, "credentials": 3, "not-permitted": 4, "network": 5}.get(self.value, 1)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as it came, before anybody has judged it. Neutral between REST, gRPC, exceptions and pasted text.

    Attributes:
        message: the text, scrubbed of credentials.
        http: HTTP status, where there was one.
        status: Google's canonical status name (`PERMISSION_DENIED`), where there was one.
        reason: the structured reason: an `ErrorInfo.reason`, else BigQuery's `errors[].reason`.
        violations: `PreconditionFailure` violation types, such as `constraints/iam.disableServiceAccountKeyCreation`.
        metadata: the `ErrorInfo` metadata and other identifiers that came structured.
        method: what was called, such as `iam.serviceAccounts.keys.create`.
        retry_after: seconds the server asked us to wait.
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
    """What is known of the connection when a fault is judged: fills the blanks in remedies. Empty where unknown."""

    project: str = ""
    account: str = ""
    dataset: str = ""
    location: str = ""
    operator: str = ""
    acting_as: str = "operator"
    """`operator` or `service-account`: whose call failed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure, explained.

    Attributes:
        code: stable, `KBQ-…`; None where the failure was not recognised.
        title: a few words.
        cause: one sentence.
        remedy: steps, each a sentence; commands stand on a line of their own, complete, with project and
            account filled in.
        who: who can apply it: a person's role in words, with permission and role named.
        kind: what it means to a caller.
        retry: what trying again is good for.
        wait: how long waiting may take, in seconds; 0 where waiting does not help.
        link: Google's or Klaviyo's page.
        details: identifiers lifted out of the error, such as the permission or the VPC-SC unique identifier.
        original: the error's own words, scrubbed and inert.
    """

    code: str | None
    title: str
    cause: str
    remedy: tuple[str, ...] = ()
    who: str = ""
    kind: Kind = Kind.FAILED
    retry: Retry = Retry.NEVER
    wait: int = 0
    link: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    original: str = ""

    @property
    def exit_code(self) -> int:
        return self.kind.exit_code

    def to_json(self) -> dict[str, object]:
        """Return the problem as the `explain` schema has it, without the schema's name."""
        return {
            "code": self.code,
            "title": self.title,
            "cause": self.cause,
            "remedy": list(self.remedy),
            "who": self.who,
            "details": {**self.details, **({"original": self.original} if self.original else {})},
        }


class ProblemError(Exception):
    """A failure that has been judged; the only exception that the ports may raise.

    Attributes:
        problem: the failure, explained.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code or 'unrecognised'}: {problem.title}")
        self.problem = problem
