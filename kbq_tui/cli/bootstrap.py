"""Builds the adapters and combines them into `AppServices`. Nothing is read or connected before it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from kbq_tui.cli.command_options import OF_FILE, CliOptions, UsageError
from kbq_tui.cli.connection_choice import choose_name
from kbq_tui.cli.sign_in import GoogleImpersonate, GoogleSignIn
from kbq_tui.engine.services import AppServices, ConnectionDraft, Login
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.i18n.messages import Message, message
from kbq_tui.local import variables
from kbq_tui.local.clock import SystemClock, check_clock
from kbq_tui.local.connection_file import Connections, UsableConnections
from kbq_tui.local.connection_values import Connection
from kbq_tui.local.gcloud_settings import read_gcloud
from kbq_tui.local.lock import ConnectionLock
from kbq_tui.local.paths import Paths
from kbq_tui.local.settings_resolution import ENVIRONMENT, ResolvedSetting, resolve_settings
from kbq_tui.local.store import FileStore
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.spec import InvalidValueError, check_impersonated, check_path, check_quota_project

if TYPE_CHECKING:
    from kbq_tui.engine.ports import Clock
    from kbq_tui.engine.services import Clipboard
    from kbq_tui.local.keys.key_files import KeyFiles
    from kbq_tui.model.spec import ConnectionSpec

T = TypeVar("T")


OPTION_OF: Mapping[str, str] = {
    "name": "NAME",
    "account_id": "--service-account",
    **{key: "--" + key.replace("_", "-") for key in OF_FILE},
}
"""The option that sets a field of the connection."""


class BeginSignIn(Protocol):
    """Requests the operator's token; see `GoogleSignIn.begin`."""

    def __call__(self, *, changes: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Adapters:
    """Everything built for one connection.

    Attributes:
        services: what a face is given.
        name: the connection's name.
        settings: every setting with its source.
        endpoints: where the APIs are.
        paths: the folders.
        keys: keys on this machine, with what the port does not have (shred).
        clock: the time.
        typed: fields of the connection that were given as options; they are not asked for again.
        begin_sign_in: requests the operator's token; see `GoogleSignIn.begin`.
    """

    services: AppServices
    name: str
    settings: Mapping[str, ResolvedSetting]
    endpoints: Endpoints
    paths: Paths
    keys: KeyFiles
    clock: Clock
    typed: frozenset[str]
    begin_sign_in: BeginSignIn
    account_email: str | None = None

    def spec(self) -> ConnectionSpec:
        """Return the connection.

        Raises:
            UsageError: a value is not valid or nothing names the project; it says which option or variable.
        """
        try:
            spec = self.services.draft.spec()
        except InvalidValueError as error:
            raise self._usage(error.field, error.reason) from None
        except ValueError:
            raise self._usage("direction", message("It takes import, export or both.")) from None
        if self.account_email is not None and self.account_email != spec.account_email:
            text = message(
                "{account} is not an account of project {project}; that would be {email}.",
                account=self.account_email,
                project=spec.project,
                email=spec.account_email,
            )
            raise UsageError(_invalid("--service-account", text))
        if spec.key_file is not None:
            from kbq_tui.local.keys.place import too_long

            if reason := too_long(spec.key_file):
                raise self._usage("key_file", reason)
        return spec

    @property
    def operator(self) -> tuple[str, ...]:
        """A value that is equal for connections whose operators sign in in the same way."""
        keys = ("credentials", "impersonate", "quota_project")
        return tuple(self.settings[key].value if key in self.settings else "" for key in keys)

    def lock(self) -> ConnectionLock:
        """Return the lock that prevents a second process from changing the same connection."""
        return ConnectionLock(self.paths.of_connection(self.name) / "lock", self.clock)

    def _usage(self, field_: str, reason: Message) -> UsageError:
        option = OPTION_OF.get(field_, field_)
        setting = self.settings.get(field_)
        if setting is None and field_ == "project":
            return UsageError(message("Nothing names the project. Give --project ID, or set GOOGLE_CLOUD_PROJECT."))
        source = setting.source if setting is not None else ""
        if str(source).startswith("--") or not source:
            return UsageError(_invalid(option, reason))
        return UsageError(
            message(
                "Invalid value from {source}: {reason} '{option}' overrides it.",
                source=source,
                reason=reason,
                option=option,
            )
        )


def _invalid(option: str, reason: Message) -> Message:
    """Return click's own text about an option's value."""
    return message("Invalid value for {param_hint}: {message}", param_hint=f"'{option}'", message=reason)


class _Deferred:
    """A placeholder for an adapter that the first screen does not need: it is imported and built when it is first used.

    Args:
        make: builds the adapter.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    @cached_property
    def _adapter(self) -> object:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by copy, pickle and the like
            raise AttributeError(name)
        return getattr(self._adapter, name)


def _key_files(paths: Paths, env: Mapping[str, str]) -> KeyFiles:
    from kbq_tui.local.keys.key_files import KeyFiles
    from kbq_tui.local.keys.keyring_copy import KeyringCopy

    return KeyFiles(paths.keys, KeyringCopy(env))


def _clipboard(env: Mapping[str, str]) -> Clipboard:
    from kbq_tui.local.clipboard import SystemClipboard

    return SystemClipboard(env)


def connections_of(options: CliOptions, paths: Paths) -> Connections:
    """Return the connection files that are used."""
    kind = UsableConnections if options.despite_files else Connections
    return kind(paths.connections, options.config)


def build(
    options: CliOptions, env: Mapping[str, str] | None = None, connections: Connections | None = None
) -> Adapters:
    """Build the adapters for one connection.

    Args:
        options: the command line's options.
        env: the environment; the process's own by default.
        connections: the connection files; by default those of the folder.

    Raises:
        UsageError: an option or variable is not valid.
        ProblemError: files cannot be read.
    """
    env = os.environ if env is None else env
    check_clock()
    clock = SystemClock()
    paths = Paths.from_env(env)
    connections = connections or connections_of(options, paths)
    name = choose_name(options, connections)
    try:
        endpoints = Endpoints.from_env(env)
    except InvalidValueError as error:
        raise UsageError(error.reason) from None
    check_choices(env)
    operator = {key: options.values.get(key) for key in ("credentials", "impersonate", "quota_project")}
    store = FileStore(paths, connections, clock, operator)
    saved = store.load(name)
    filed = connections.read(name)
    known = env
    if options.as_filed and filed is not None:
        known = {key: value for key, value in env.items() if key != ENVIRONMENT["project"]}
    gcloud = read_gcloud(env)
    settings = resolve_settings(options.values, known, filed, gcloud)
    _check_operator(settings)
    fields = asdict(ConnectionDraft(name=name))
    draft = ConnectionDraft(name=name)
    for key in fields.keys() - {"name"}:
        setting = settings.get(key)
        kept: str = getattr(saved.draft, key) if saved is not None else ""
        # What was typed before in the set-up is in the connection's file or state; only options and environment take
        # precedence.
        if setting is not None and (str(setting.source).startswith(("--", "GOOGLE_")) or saved is None):
            draft = draft.replace(**{key: setting.value})
        elif saved is not None:
            draft = draft.replace(**{key: kept or (setting.value if setting is not None else "")})
    keys = cast("KeyFiles", _Deferred(lambda: _key_files(paths, env)))
    chosen = {key: settings[key].value if key in settings else None for key in operator}
    sign_in = GoogleSignIn(chosen, env, endpoints, options.timeout)
    sign_ins = {tuple(chosen.values()): sign_in}

    def sign_in_as(login: Login) -> GoogleSignIn:
        # options and variables, which take precedence over a connection's file
        above = resolve_settings(options.values, env)
        below = resolve_settings({}, {}, gcloud=gcloud)
        wanted = {key: above.get(key) or getattr(login, key) or below.get(key) for key in operator}
        of = {key: value.value if isinstance(value, ResolvedSetting) else value for key, value in wanted.items()}
        return sign_ins.setdefault(tuple(of.values()), GoogleSignIn(of, env, endpoints, options.timeout))

    def choose_login(login: Login) -> GoogleSignIn:
        typed = {key: getattr(login, key) or operator[key] for key in operator}
        if login.credentials:
            typed["credentials"] = os.path.abspath(os.path.expanduser(login.credentials))  # noqa: PTH100, PTH111
        store.keep_login(typed)
        return GoogleSignIn({key: typed[key] or chosen[key] for key in operator}, env, endpoints, options.timeout)

    services = AppServices(
        sign_in=sign_in,
        impersonate=GoogleImpersonate(endpoints, options.timeout),
        keys=keys,
        store=store,
        clipboard=cast("Clipboard", _Deferred(lambda: _clipboard(env))),
        clock=clock,
        draft=draft,
        notices=(*notices(endpoints), *_other_project(filed, settings.get("project"))),
        log_path=str(options.log_file or paths.log),
        config=str(options.config or ""),
        remove=partial(_remove, paths, clock),
        guard=lambda of: ConnectionLock(paths.of_connection(of) / "lock", clock),
        sign_in_as=sign_in_as,
        choose_login=choose_login,
    )
    typed = frozenset(key for key in fields if options.values.get(key))
    account, begin = options.account_email, sign_in.begin
    return Adapters(services, name, settings, endpoints, paths, keys, clock, typed, begin, account)


def _remove(paths: Paths, clock: Clock, name: str) -> tuple[str, ...]:
    """Delete a connection's files on this machine; return the paths that stay. Raises ProblemError."""
    from kbq_tui.local.connection_admin import ConnectionAdmin

    admin = ConnectionAdmin(
        paths, Connections(paths.connections), lambda of: ConnectionLock(paths.of_connection(of) / "lock", clock)
    )
    return tuple(map(str, admin.remove(name).left))


def _check_operator(settings: Mapping[str, ResolvedSetting]) -> None:
    """Check values that go into headers and addresses.

    Raises:
        UsageError: one is not valid; it names the option, the variable or the file.
    """
    checks = {"quota_project": check_quota_project, "impersonate": check_impersonated, "credentials": check_path}
    for key, check in checks.items():
        setting = settings.get(key)
        if setting is None or not setting.value or not (reason := check(setting.value)):
            continue
        option = "--" + key.replace("_", "-")
        if setting.source == option:
            raise UsageError(_invalid(option, reason))
        raise UsageError(
            message(
                "Invalid value from {source}: {reason} '{option}' overrides it.",
                source=setting.source,
                reason=reason,
                option=option,
            )
        )


def check_choices(env: Mapping[str, str]) -> None:
    """Check variables that take one of a few words.

    Raises:
        UsageError: one has another value; it names the variable and the words.
    """
    for variable, words_of in (
        (variables.CLIPBOARD, _clipboard_words),
        (variables.KEYRING, lambda: variables.KEYRING_WORDS),
    ):
        asked = env.get(variable, "").strip().lower()
        if asked and asked not in (words := words_of()):
            text = message("Invalid value from {source}: it takes {words}.", source=variable, words=", ".join(words))
            raise UsageError(text)


def _clipboard_words() -> Sequence[str]:
    from kbq_tui.local.clipboard import Mode

    return tuple(Mode)


def notices(endpoints: Endpoints) -> tuple[Message, ...]:
    """Return the notices for every screen: that addresses other than Google's own are used."""
    if not endpoints.overridden:
        return ()
    hosts = ", ".join(sorted(endpoints.trusted))
    return (message("Talking to {hosts}, not to Google", hosts=hosts),)


def _other_project(filed: Connection | None, setting: ResolvedSetting | None) -> tuple[Message, ...]:
    """Return a warning if the environment changes a saved connection's project, which may not be intended."""
    variable = ENVIRONMENT["project"]
    if filed is None or setting is None or setting.source != variable or setting.value == filed.spec.project:
        return ()
    return (
        message(
            "{variable} says {project}, the connection file {other}: the variable counts",
            variable=variable,
            project=setting.value,
            other=filed.spec.project,
        ),
    )
