"""When and from where a key was last used, and which source says so."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from kbq_tui.i18n.messages import Message, message, message_n, verbatim
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import KeyInfo
from kbq_tui.model.problem import Problem

KLAVIYO_ADDRESSES: Final = frozenset(
    {
        "184.72.183.187",
        "52.206.71.52",
        "3.227.146.32",
        "44.198.39.11",
        "35.172.58.121",
        "3.228.37.244",
        "54.88.219.8",
        "3.214.211.176",
    }
)
"""The addresses that Klaviyo connects from, as of April 2025. Source: Klaviyo's guide for Snowflake; there is none for
BigQuery."""

OUR_AGENT: Final = "kbq-tui"
"""Prefix of our own calls' user agent: our own tries with a key do not count as its use."""

AUDIT_PERMISSION: Final = "logging.privateLogEntries.list"
METRIC_PERMISSION: Final = "monitoring.timeSeries.list"
ANALYZER_PERMISSION: Final = "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"

MAX_AGE_DAYS: Final = 90
"""Google's advice is to rotate keys at least every 90 days
(https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys)."""
IDLE: Final = timedelta(days=25)
"""The days after which an unused key is warned about: Google advises (February 2026) to disable keys unused for 30
days."""


class KeyState(StrEnum):
    """The state of a key at Google."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"


class UseSource(StrEnum):
    """The sources of when keys were used."""

    AUDIT = "audit"
    """BigQuery's Data Access audit log: each call, with its address, seconds to minutes later, for 30 days."""
    METRIC = "metric"
    """How often a key authenticates: up to three hours late, for six weeks."""
    ANALYZER = "analyzer"
    """Policy Analyzer: the last day, a day late."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class KeyCall:
    """A call that was signed with a key, from the audit log. Address and agent are text from outside.

    Attributes:
        at: when, aware UTC.
        address: where it came from; empty if the log leaves it out.
        agent: the user agent.
        method: such as `google.cloud.bigquery.v2.JobService.Query`.
    """

    at: datetime
    address: str = ""
    agent: str = ""
    method: str = ""

    @property
    def is_klaviyo(self) -> bool:
        """Whether it came from one of the addresses that Klaviyo has named."""
        return self.address in KLAVIYO_ADDRESSES

    @property
    def who(self) -> Message:
        """Who called, as far as the address shows."""
        if self.is_klaviyo:
            return message("Klaviyo ({address})", address=self.address)
        if not self.address:
            return message("somebody whose address the log does not tell")
        if self.agent:
            return message("{address} ({agent})", address=self.address, agent=self.agent[:60])
        return verbatim(self.address)


@dataclass(frozen=True, slots=True)
class KeyUses:
    """The last use of each key, from the best source that could be read.

    Attributes:
        source: the source.
        last: by key id, the newest call that was not ours (the metric and Policy Analyzer count ours, too); a missing
            key was not used in the time that the source covers.
        since: how far back the source was asked; None if unknown.
        problems: why better sources could not be read, each with the missing permission.
    """

    source: UseSource = UseSource.UNKNOWN
    last: Mapping[str, KeyCall] = field(default_factory=dict)
    since: datetime | None = None
    problems: tuple[Problem, ...] = ()

    def of(self, key_id: str) -> KeyCall | None:
        """Return the last use of a key; None if there was none, or the source is unknown."""
        return self.last.get(key_id)


def state_of(key: KeyInfo, now: datetime) -> KeyState:
    """Return the present state of a key at Google."""
    if key.disabled:
        return KeyState.DISABLED
    return KeyState.EXPIRED if key.expires is not None and key.expires <= now else KeyState.ACTIVE


def warnings_of(key: KeyInfo, uses: KeyUses, now: datetime, max_age_days: int = MAX_AGE_DAYS) -> tuple[Message, ...]:
    """Return warnings about a key: its age, that it is unused, that it expires.

    Args:
        key: the key.
        uses: when keys were used.
        now: aware UTC.
        max_age_days: the most days that a key should be used.
    """
    out: list[Message] = []
    days = (now - key.created).days
    if days > max_age_days:
        out.append(message("older than {n} days: replace it", n=max_age_days))
    if key.expires is not None:
        left = (key.expires - now).days
        if key.expires <= now:
            out.append(message("expired on {date}: an organization policy lets keys expire", date=_day(key.expires)))
        else:
            text = message_n(
                "expires in {n} day, on {date}: an organization policy lets keys expire",
                "expires in {n} days, on {date}: an organization policy lets keys expire",
                left,
                date=_day(key.expires),
            )
            out.append(text)
    if (idle := idle_since(key, uses, now)) is not None:
        out.append(message("idle for {n} days: Google advises to disable keys that are not used", n=idle.days))
    return tuple(out)


def idle_since(key: KeyInfo, uses: KeyUses, now: datetime) -> timedelta | None:
    """Return for how long a key was not used, if that is long enough for a warning; None otherwise, or if not known."""
    if uses.since is None or key.disabled:
        return None
    used = uses.of(key.id)
    idle = now - (used.at if used is not None else max(key.created, uses.since))
    return idle if idle >= IDLE else None


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
