"""Keys on this machine: a place reserved before the key is created, a file written completely or not at all, a keyring
copy.

The default place is `<data>/keys/PROJECT/ACCOUNT-ID.json`. A record beside it (`ACCOUNT-ID.keyring`, no secret in it)
says which key has a copy in the keyring, so that inspecting never has to ask a keyring that may be locked; another
(`ACCOUNT-ID.handed`) says which keys were shredded here after the hand-over, so that none of them is taken for a
leftover.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kbq_tui.i18n.messages import EMPTY, Message, joined, message
from kbq_tui.local.files import (
    FILE_MODE,
    FOLDER_MODE,
)
from kbq_tui.local.keys.exposure import exposures
from kbq_tui.local.keys.keyring_copy import KeyringCopy, KeyringResult
from kbq_tui.local.keys.part import cannot_replace, destroy, put, recover, sync, try_out
from kbq_tui.local.keys.place import Facts, Place, key_facts, open_own, safe_name
from kbq_tui.local.keys.records import drop_copy, note_copy, note_handed_over, read_copy, read_handed_over
from kbq_tui.local.keys.reservation import is_at, is_reserved, reserve
from kbq_tui.local.keys.successor import discard, move_in, path_beside
from kbq_tui.local.os_errors import os_problem, problem, words_of
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.secret import Secret

if TYPE_CHECKING:
    from kbq_tui.model.observed import LocalKey
    from kbq_tui.model.problem import Problem


class KeyFiles:
    """Implements `engine.ports.KeyStore` on this machine. Every call may block: not for the event loop.

    Args:
        folder: the folder of default places, `Paths.keys`.
        copies: the system keyring.
    """

    def __init__(self, folder: Path, copies: KeyringCopy) -> None:
        self._folder = folder
        self._copies = copies

    def default_path(self, project: str, email: str) -> str:
        """Return `<data>/keys/PROJECT/ACCOUNT-ID.json`."""
        return str(self._folder / safe_name(project) / f"{safe_name(email.partition('@')[0])}.json")

    def inspect(self, path: str | None, project: str, email: str) -> LocalKey | None:
        """Describe the key at `path` (or the default place), without the secret and without asking the keyring.

        A key that a dead process had written but not yet moved into place is moved there.

        Returns:
            None for nothing. If only the keyring's copy is left, `LocalKey.path` is empty.

        Raises:
            ProblemError: the file is unusable.
        """
        from kbq_tui.model.observed import LocalKey

        place = self._place(path, project, email)
        recover(place)
        record = self._record(project, email)
        key = place.read()
        if not key:
            if key is not None and is_reserved(place):
                raise problem(Code.KEY_FILE_BUSY, path=place.path)
            if record is None:
                return None
            return LocalKey("", record.key_id, record.email, record.project, in_keyring=True)
        facts = key_facts(key, place.path, email)
        copied = record is not None and record.key_id == facts.key_id
        warnings, written = self.exposures(place), place.written()
        return LocalKey(str(place.path), facts.key_id, facts.email, facts.project, warnings, (), copied, written)

    def handed_over(self, project: str, email: str) -> tuple[str, ...]:
        """Return the ids of the account's keys whose file was shredded here, newest last.

        Raises:
            ProblemError: there is a record, and it cannot be read.
        """
        path = self._handed_path(project, email)
        try:
            return read_handed_over(path, email)
        except ValueError:
            raise problem(Code.KEY_FILE_UNREADABLE, path=path, reason=message("It is not a note of ours.")) from None
        except OSError as error:
            raise os_problem(error, path, Code.KEY_FILE_UNREADABLE) from error

    def reserve(self, path: str | None, project: str, email: str) -> Slot:
        """Reserve the place for a new key: an empty file that only we could create, locked while we live.

        An empty file that no living process has locked was left by a dead one, and is taken over.

        Raises:
            ProblemError: the place is in use, not ours, or cannot be written.
        """
        place = self._place(path, project, email)
        place.make_folder()
        recover(place)
        slot = Slot(self, place, project, email, reserve(place))
        try:
            try_out(place)
        except OSError as error:
            slot.abandon()
            raise cannot_replace(place, error) from error
        except BaseException:
            slot.abandon()
            raise
        return slot

    def load(self, path: str | None, project: str, email: str) -> Secret:
        """Read the key: the file, else the keyring's copy.

        Raises:
            ProblemError: neither has it, or the content is not a key of the account.
        """
        place = self._place(path, project, email)
        recover(place)
        key = place.read()
        if key:
            key_facts(key, place.path, email)
            return key
        record = self._record(project, email)
        copy, outcome = self._copies.load(record or Facts("", email, project))
        if copy is None:
            unknown = not outcome.done and (outcome.asked or record is not None)
            code = Code.KEYRING if unknown else Code.KEY_FILE_MISSING
            raise problem(code, path=place.path, reason=outcome.note)
        key_facts(copy, message("the system keyring"), email)
        return copy

    def fix_permissions(self, path: str | None, project: str, email: str) -> tuple[Message, ...]:
        """Remove other users' permissions on the key file, and on those of its folders that are ours.

        Returns:
            What was changed, in words; empty if nothing had to be.

        Raises:
            ProblemError: the file is not ours or the system refuses.
        """
        place = self._place(path, project, email)
        done: list[Message] = []
        try:
            with open_own(place.path, os.O_RDONLY) as fd:
                mode = stat.S_IMODE(os.fstat(fd).st_mode)
                if mode != FILE_MODE:
                    os.fchmod(fd, FILE_MODE)
                    done.append(message("{path}: mode {mode} is now 0600", path=place.path, mode=f"{mode:04o}"))
            for folder in self._own_folders(place):
                mode = stat.S_IMODE(folder.stat().st_mode)
                if mode != FOLDER_MODE:
                    folder.chmod(FOLDER_MODE)
                    done.append(message("{path}: mode {mode} is now 0700", path=folder, mode=f"{mode:04o}"))
        except FileNotFoundError:
            raise problem(Code.KEY_FILE_MISSING, path=place.path, reason=message("There is no such file.")) from None
        except OSError as error:
            raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error
        return tuple(done)

    def shred(self, path: str | None, project: str, email: str) -> Message:
        """Overwrite and delete the key file; the keyring's copy stays for later checks, the key's id in a note.

        Overwriting does not reach copies in a copy-on-write file system, a solid-state disk or a backup.

        Returns:
            One sentence about what is left.

        Raises:
            ProblemError: there is no key of the account, or the system refuses.
        """
        place = self._place(path, project, email)
        key = place.read()
        if not key:
            if handed := self.handed_over(project, email):
                raise problem(Code.KEY_HANDED_OVER, account=email, key_id=handed[-1])
            raise problem(Code.KEY_FILE_MISSING, path=place.path, reason=message("There is no such file."))
        facts = key_facts(key, place.path, email)  # nothing else is ever shredded
        try:
            note_handed_over(self._handed_path(project, email), facts)
            place.path.rename(place.folder / place.doomed)
        except OSError as error:
            raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error
        with suppress(FileNotFoundError):
            destroy(place, place.doomed)
        record = self._record(project, email)
        if record is not None and record.key_id == facts.key_id:
            return message("The copy in the system keyring stays, for later checks.")
        return message("There is no other copy on this machine: later checks cannot sign in with this key.")

    def path_beside(self, path: str | None, project: str, email: str) -> str:
        """Return where a new key is stored while the one at `path` (or the default place) is being replaced."""
        return path_beside(path or self.default_path(project, email))

    def promote(self, path: str | None, project: str, email: str, new: str) -> None:
        """Put the new key into the place of the old one, whose file is shredded as after a hand-over.

        Continues where a process that died left off, and does nothing if it is done already.

        Args:
            path, project, email: the old key's place.
            new: the new key's id; without a file here it is noted as handed over.

        Raises:
            ProblemError: the system refuses, or something else is in the place.
        """
        place = self._place(path, project, email)
        beside = self._place(self.path_beside(path, project, email), project, email)
        recover(place)
        recover(beside)
        kept, has_file = place.read(), bool(beside.read())
        if not has_file and kept and key_facts(kept, place.path, email).key_id == new:
            return
        if kept:
            self.shred(path, project, email)
        if has_file:
            move_in(place, beside, email)
            return
        noted = self._handed_path(project, email)
        try:
            note_handed_over(noted, Facts(new, email, project))
        except OSError as error:
            raise os_problem(error, noted, Code.KEY_FILE_UNWRITABLE) from error

    def discard_beside(self, path: str | None, project: str, email: str) -> None:
        """Destroy the file of a new key that no longer exists at Google. Raises ProblemError."""
        discard(self._place(self.path_beside(path, project, email), project, email), email)

    def keep_copy(self, project: str, email: str, key: Secret, facts: Facts) -> tuple[bool, tuple[Message, ...]]:
        """Put a copy into the keyring, record it, and delete the copy of the account's older key.

        Returns:
            Whether the keyring has a copy of this key, and a sentence about each failure. Never raises.
        """
        older = self._record(project, email)
        outcome = self._copies.store(facts, key)
        notes = [] if outcome.done else [message("No copy in the system keyring: {why}", why=outcome.note)]
        replaced = KeyringResult(True)
        if older is not None and older.key_id != facts.key_id:
            replaced = self._copies.forget(older)
            if not replaced.done:
                notes.append(
                    message(
                        "The copy of the older key {id} is still in the system keyring: {why}",
                        id=older.key_id,
                        why=replaced.note,
                    )
                )
        path = self._record_path(project, email)
        try:
            if outcome.done:
                note_copy(path, facts)
            elif replaced.done:
                drop_copy(path)
        except OSError as error:
            text = message("The system keyring has a copy, but that could not be noted: {why}.", why=words_of(error))
            return False, (*notes, text)
        return outcome.done, tuple(notes)

    def forget_copy(self, project: str, email: str) -> Message:
        """Delete the keyring's copy (the key was deleted at Google).

        Returns:
            Why that failed, and how the operator can do it; empty if it is deleted. Never raises.
        """
        record = self._record(project, email)
        if record is None:
            return EMPTY
        outcome = self._copies.forget(record)
        if outcome.done:
            with suppress(OSError):
                drop_copy(self._record_path(project, email))
        return outcome.note

    def exposures(self, place: Place) -> tuple[Problem, ...]:
        """Return how others could reach a key file, also by those of its folders that are ours."""
        return exposures(place, self._own_folders(place))

    def _own_folders(self, place: Place) -> tuple[Path, ...]:
        """Return the key's folder and its parents up to the folder of default places; none elsewhere."""
        try:
            own = self._folder.resolve()
        except (OSError, RuntimeError):  # a link that leads to itself: there is no key
            return ()
        return tuple(f for f in (place.folder, *place.folder.parents) if f.is_relative_to(own))

    def _place(self, path: str | None, project: str, email: str) -> Place:
        return Place.at(path or self.default_path(project, email))

    def _record_path(self, project: str, email: str) -> Path:
        return Path(self.default_path(project, email)).with_suffix(".keyring")

    def _handed_path(self, project: str, email: str) -> Path:
        return Path(self.default_path(project, email)).with_suffix(".handed")

    def _record(self, project: str, email: str) -> Facts | None:
        return read_copy(self._record_path(project, email), email)


class Slot:
    """Implements `engine.ports.KeySlot`: a reserved place."""

    def __init__(self, store: KeyFiles, place: Place, project: str, email: str, fd: int) -> None:
        self._store = store
        self._place = place
        self._project = project
        self._email = email
        self._fd = fd

    def __repr__(self) -> str:
        return f"Slot({self.path!r})"

    def __del__(self) -> None:
        self.abandon()  # a forgotten slot must not keep its place locked as long as this process lives

    @property
    def path(self) -> str:
        """Where the key will be."""
        return str(self._place.path)

    def commit(self, key: Secret) -> LocalKey:
        """Write beside the reservation, sync, rename over it, sync the folder; then a copy for the keyring.

        Raises:
            ProblemError: then the key is not on this disk, and the slot is kept.
        """
        place = self._place
        facts = key_facts(key, place.path, self._email)
        if self._fd < 0 or not is_at(self._fd, place.path):
            raise problem(
                Code.KEY_FILE_TAKEN, path=place.path, reason=message("The reservation was replaced meanwhile.")
            )
        put(place, key)
        self._close()
        # The key is in place: from here on nothing may be reported as a failure.
        warnings: tuple[Problem, ...] = ()
        notes: tuple[Message, ...] = ()
        try:
            warnings = self._store.exposures(place)
        except OSError as error:
            notes += (message("Who else may reach the key could not be seen: {why}.", why=words_of(error)),)
        try:
            sync(place)
        except OSError as error:
            notes += (message("The key's folder could not be synced to disk: {why}.", why=words_of(error)),)
        try:
            copied, said = self._store.keep_copy(self._project, self._email, key, facts)
        except Exception as error:  # noqa: BLE001  # whatever a keyring does, the key is stored
            why = joined("", type(error).__name__, ".")
            copied, said = False, (message("No copy in the system keyring: {why}", why=why),)
        notes += said
        from kbq_tui.model.observed import LocalKey

        return LocalKey(self.path, facts.key_id, facts.email, facts.project, warnings, notes, copied, place.written())

    def abandon(self) -> None:
        """Release the place. A reservation that is no longer ours is not touched."""
        if self._fd >= 0:
            with suppress(OSError):
                if is_at(self._fd, self._place.path) and os.fstat(self._fd).st_size == 0:
                    self._place.path.unlink()
            self._close()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)  # releases the lock, too
            self._fd = -1
