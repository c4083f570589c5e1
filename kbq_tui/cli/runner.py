"""What every plain command shares: the services, the console, and how to run the engine's use cases."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kbq_tui.cli.console import Console
from kbq_tui.engine.alerts import Told as ToldChanges
from kbq_tui.engine.hand_over import summary_here
from kbq_tui.engine.looks import Looks
from kbq_tui.engine.observe import observe, part_of
from kbq_tui.engine.operator import other_operator
from kbq_tui.engine.ports import Clock, Ports
from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import AppServices, patience_of
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import Message, render, translate
from kbq_tui.model.checks import CheckResult, healthy
from kbq_tui.model.events import Event
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Identity, LocalKey, Observed, Present
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.saved_plan import SavedPlan
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert
from kbq_tui.planning.diff import diff

if TYPE_CHECKING:
    from kbq_tui.engine.apply import Outcome
    from kbq_tui.engine.verify.runner import Told

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

NOT_HEALTHY = 6
"""Exit status: a check failed, or the connection is not set up."""


class Run(Protocol):
    """Runs a coroutine to its end; signals end it in an orderly way and raise SystemExit(128 + n)."""

    def __call__(self, work: Coroutine[Any, Any, T]) -> T: ...


class SignInWork(Protocol[T_co]):
    """Signs in, with gcloud's own login if that is allowed. Raises ProblemError."""

    def __call__(self, *, allow_gcloud: bool = False) -> Coroutine[Any, Any, T_co]: ...


class LocalKeys(Protocol):
    """Key files on this machine, beyond what `engine.ports.KeyStore` has. All may raise ProblemError."""

    def inspect(self, path: str | None, project: str, email: str) -> LocalKey | None:
        """Describe the key at `path` (or the default place), or None for nothing."""

    def fix_permissions(self, path: str | None, project: str, email: str) -> tuple[Message, ...]:
        """Remove other users' permissions on the key file; return what was changed."""

    def shred(self, path: str | None, project: str, email: str) -> Message:
        """Overwrite and delete the key file; return what may be left."""


class Plans(Protocol):
    """Plans in files. All may raise ProblemError."""

    def check(self, path: str) -> None:
        """Check that a plan may be written there."""

    def write(self, path: str, saved: SavedPlan) -> None:
        """Write a plan."""


@dataclass(frozen=True, slots=True)
class PlainRunner:
    """What a plain command is given.

    Attributes:
        services: everything built.
        console: where lines are printed.
        run: runs the engine's use cases, all on one event loop.
        spec: returns the connection; raises UsageError if a value is not valid.
        lock: returns the connection's lock: one process at a time changes it.
        local_keys: key files on this machine.
        check_report: checks that a report may be written to a path. Raises ProblemError.
        write: writes a report (path, text) that the operator asked for.
        check_bad_rows: checks that refused rows may be written to a path. Raises ProblemError.
        write_bad_rows: writes table, key and rules of refused rows to a path. Raises ProblemError.
        plans: saved plans.
        confirm: asks a yes-or-no question on the terminal; None if there is no terminal to ask on.
        ask_text: asks for a line of text there, and returns it without surrounding spaces; None likewise.
    """

    services: AppServices
    console: Console
    run: Run
    spec: Callable[[], ConnectionSpec]
    lock: Callable[[], AbstractContextManager[object]]
    local_keys: LocalKeys
    check_report: Callable[[str], None]
    write: Callable[[str, str], None]
    check_bad_rows: Callable[[str], None]
    write_bad_rows: Callable[[str, Sequence[tuple[str, str, str]]], None]
    plans: Plans
    confirm: Callable[[str], bool] | None = None
    ask_text: Callable[[str], str] | None = None

    def sign_in(self, name: str, *, changes: bool = False) -> Ports:
        """Return the ports with the operator signed in; offers gcloud's login if there is nothing else.

        Args:
            name: the connection.
            changes: see `check_operator`.

        Raises:
            ProblemError: there are no usable credentials, or only those of another operator, whose use was not agreed
                to.
        """
        cloud = self.signed_in(self.services.sign_in)
        try:
            self.check_operator(name, self.run(cloud.identity()), changes=changes)
        except BaseException:
            self.run(cloud.close())
            raise
        return self.services.ports(cloud, name)

    def signed_in(self, sign_in: SignInWork[T]) -> T:
        """Return the result of a sign-in; offers gcloud's login if there is nothing else.

        Raises:
            ProblemError: there are no usable credentials.
        """
        try:
            return self.run(sign_in())
        except ProblemError as error:
            offered = error.problem.kind is Kind.CREDENTIALS and self.services.sign_in.gcloud_available()
            if not offered or self.confirm is None or not self.confirm(translate("Use gcloud's own login instead?")):
                raise
        return self.run(sign_in(allow_gcloud=True))

    def check_operator(self, name: str, identity: Identity, *, changes: bool) -> None:
        """Check that the connection's operator is signed in, if the connection names one.

        Args:
            name: the connection.
            identity: who is signed in.
            changes: whether something is going to be changed, so that the use of any other login has to be agreed to;
                for commands that only read, a notice is printed.

        Raises:
            ProblemError: it is another one, whose use was not agreed to.
        """
        operator = self.record(name).state.operator
        if not operator or (other := other_operator(operator, name, identity)) is None:
            return
        if not changes:
            self.console.say(translate("note: {note}", note=inert(render(other.cause), 300)))
        elif self.confirm is None or not self.confirm(f"{inert(render(other.cause), 300)} {translate('Go on?')}"):
            raise ProblemError(other)

    def with_ports(self, name: str, work: Callable[[Ports], Awaitable[T]], *, changes: bool = False) -> T:
        """Sign in, do the work, and close the connections. `changes` as in `sign_in`."""
        ports = self.sign_in(name, changes=changes)

        async def whole() -> T:
            try:
                return await work(ports)
            finally:
                await ports.cloud.close()

        return self.run(whole())

    def record(self, name: str) -> ConnectionRecord:
        """Return what this machine remembers of a connection. Raises ProblemError."""
        return ConnectionRecord(self.services.store, name)


class Teller(Protocol):
    """Passes changes to a command, and remembers which it was given."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held during this; entering may raise ProblemError."""

    def told(self) -> Mapping[str, ToldChanges]:
        """Return what was reported, by connection."""

    def remember(self, told: Mapping[str, ToldChanges]) -> None:
        """Remember what was reported. Raises ProblemError."""

    def tell(self, change: Mapping[str, object]) -> Message | None:
        """Report one change. Returns why that failed, or None."""


class Metrics(Protocol):
    """A file of metrics. Every method may raise ProblemError."""

    def check(self) -> None:
        """Check that it may be written."""

    def write(self, text: bytes) -> None:
        """Replace its content."""


@dataclass(frozen=True, slots=True)
class ManyLooks:
    """What reads many connections.

    Attributes:
        looks: the readings.
        run: runs them on one event loop.
        clock: the time.
        on_change: returns what passes changes to a command.
        metrics: returns a file of metrics.
    """

    looks: Looks
    run: Run
    clock: Clock
    on_change: Callable[[str], Teller]
    metrics: Callable[[str], Metrics]


def status_of(problems: Sequence[Problem]) -> int:
    """Return the exit status of the first problem, or 0."""
    return problems[0].exit_code if problems else 0


async def plan_of(spec: ConnectionSpec, ports: Ports, *, remove_over_grants: bool = False) -> tuple[Plan, Observed]:
    """Read the present state, and plan what would be done."""
    observed = await observe(spec, ports, everywhere=remove_over_grants)
    return ports.named_plan(diff(spec, observed, remove_over_grants=remove_over_grants)), observed


async def carry_out(
    spec: ConnectionSpec,
    ports: Ports,
    services: AppServices,
    emit: Callable[[Event], None],
    *,
    expected: str | None = None,
    only: Step | None = None,
    remove_over_grants: bool = False,
) -> "Outcome":
    """Apply, with the services' patience."""
    from kbq_tui.engine.apply import apply

    return await apply(
        spec,
        ports,
        emit,
        expected=expected,
        only=only,
        patience=patience_of(services),
        remove_over_grants=remove_over_grants,
    )


async def check(
    spec: ConnectionSpec,
    ports: Ports,
    services: AppServices,
    *,
    emit: Callable[[Event], None],
    told: "Told | None" = None,
) -> tuple[CheckResult, ...]:
    """Verify; our own changes of the last minutes may not have taken effect yet."""
    from kbq_tui.engine.verify.runner import verify

    return await verify(spec, ports, told=told, emit=emit, patience=patience_of(services))


def remember_checks(runner: PlainRunner, spec: ConnectionSpec, results: tuple[CheckResult, ...]) -> None:
    """Save the verdicts; a connection that passed them all counts as set up.

    Nothing is saved if what was verified is not the saved connection: because none is saved, or options have changed
    it.
    """
    record = runner.record(spec.name)
    if not record.holds(spec):
        return
    runner.services.store.save_verify(spec, results)
    if healthy(results):
        record.keep(screen=Step.CONNECT, finished=True)


async def summary_of(spec: ConnectionSpec, ports: Ports, location: str | None) -> Summary:
    """Return the hand-over values, with the path on this machine of the key that Klaviyo is to have."""
    found = await part_of(offload(lambda: summary_here(spec, ports.keys, ports.journal, location)))
    return found.value if isinstance(found, Present) else Summary.of(spec, None, location)
