"""Entries of the system keyring: reads, writes and removes them without touching those of other programs."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final, Protocol

from kbq_tui.i18n.messages import message
from kbq_tui.model.lean_dataclass import dataclass

APPLICATION: Final = "kbq-tui"
"""The Secret Service attribute `application` of our entries."""
_SECRET_SERVICE: Final = "keyring.backends.SecretService"  # noqa: S105  a module


class NoKeyringError(Exception):
    """There is no usable keyring; the text says why."""


@dataclass(frozen=True, slots=True)
class EntryName:
    """The name of an entry.

    Attributes:
        service, user: as in keyring's API.
        marked: whether the entry has our `application` attribute, if the keyring has attributes. Those of earlier
            versions do not.
    """

    service: str
    user: str
    marked: bool = True


class Entries(Protocol):
    """One keyring. Every call may block, and raises the keyring's exceptions."""

    def read(self, name: EntryName) -> list[str]:
        """Return the values of all entries with this name."""

    def write(self, name: EntryName, value: str) -> None:
        """Add or replace the entry with this name."""

    def remove(self, name: EntryName, value: str) -> None:
        """Delete entries with this name that have exactly this value, and no others."""


class Backend(Protocol):
    """The part of a keyring backend that is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value under a service and user name; None if there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Add or replace the value under a service and user name."""

    def delete_password(self, service: str, username: str) -> None:
        """Delete the value under a service and user name."""


class PlainEntries:
    """Any keyring through keyring's own API, which has one value for each name."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def read(self, name: EntryName) -> list[str]:
        """Return the entry's value in a list, which is empty if there is none."""
        value = self._backend.get_password(name.service, name.user)
        return [] if value is None else [value]

    def write(self, name: EntryName, value: str) -> None:
        """Add or replace the entry."""
        self._backend.set_password(name.service, name.user, value)

    def remove(self, name: EntryName, value: str) -> None:
        """Delete the entry if it has this value."""
        if self._backend.get_password(name.service, name.user) == value:
            self._backend.delete_password(name.service, name.user)


class SecretServiceEntries:
    """A Secret Service (GNOME Keyring, KeePassXC), where several entries may have the same service and user name.

    keyring's API returns any of them and deletes the first one, whoever owns it. So the items themselves are used here:
    keyring finds and unlocks the collection, and each item is read before it is deleted.

    Args:
        backend: keyring's `SecretService.Keyring`.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def read(self, name: EntryName) -> list[str]:
        """Return the values of all entries with this name and our attributes."""
        with self._items(name) as (_, items):
            return [_secret(item) for item in items]

    def write(self, name: EntryName, value: str) -> None:
        """Add or replace the entry, with our attributes."""
        with self._items(name) as (collection, _):
            collection.create_item(f"{name.service} ({name.user})", self._attributes(name), value, replace=True)

    def remove(self, name: EntryName, value: str) -> None:
        """Delete the entries with this name and this value."""
        with self._items(name) as (_, items):
            for item in items:
                if _secret(item) == value:
                    item.delete()

    @contextmanager
    def _items(self, name: EntryName) -> Iterator[tuple[Any, list[Any]]]:
        """Yield the collection, unlocked, and its items with this name, each unlocked when it is reached."""
        collection = self._backend.get_preferred_collection()
        with closing(collection.connection):
            found = list(collection.search_items(self._attributes(name)))
            for item in found:
                self._backend.unlock(item)
            yield collection, found

    def _attributes(self, name: EntryName) -> dict[str, str]:
        scheme: Mapping[str, str] = self._backend.schemes[self._backend.scheme]
        mark = {"application": APPLICATION} if name.marked else {}
        return {scheme["service"]: name.service, scheme["username"]: name.user, **mark}


def _secret(item: Any) -> str:
    return bytes(item.get_secret()).decode(errors="replace")


def entries_of(backend: Any) -> Entries:
    """Return the entries of one of keyring's backends."""
    if any(kind.__module__ == _SECRET_SERVICE for kind in type(backend).__mro__):
        return SecretServiceEntries(backend)
    return PlainEntries(backend)


def system_keyrings() -> list[Entries]:
    """Find the keyrings of this machine, the preferred one first.

    Raises:
        NoKeyringError: there is none, or only one that stores secrets unprotected (priority below 1). Source:
            https://keyring.readthedocs.io/en/latest/ (a priority below 1 is not recommended).
    """
    import keyring

    backend = keyring.get_keyring()
    real = [b for b in getattr(backend, "backends", [backend]) if not _hollow(b)]
    if not real:
        unsafe = next((type(b).__name__ for b in getattr(backend, "backends", [backend]) if not _absent(b)), "")
        if unsafe:
            raise NoKeyringError(message("This machine has no system keyring that is safe, only {kind}.", kind=unsafe))
        raise NoKeyringError(message("This machine has no system keyring."))
    return [entries_of(b) for b in real]


def _absent(backend: object) -> bool:
    """Return whether it stands for having no keyring at all."""
    return type(backend).__module__ in ("keyring.backends.fail", "keyring.backends.null")


def _hollow(backend: object) -> bool:
    if _absent(backend):
        return True
    try:
        return float(getattr(backend, "priority", 0)) < 1
    except Exception:  # noqa: BLE001  # a backend's priority runs its own probes, and raises any exception
        return True
