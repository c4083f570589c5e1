"""The hand-over: which key Klaviyo is to have, and the destruction of its file once Klaviyo has it."""

from functools import partial

from kbq_tui.engine.ports import Journal, KeyStore
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.observed import Absent, LocalKey, Observed, handed_key, value_of
from kbq_tui.model.rotation import rotation_of
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.summary import Summary


def key_for_klaviyo(spec: ConnectionSpec, keys: KeyStore, journal: Journal) -> LocalKey | None:
    """Return the key on this machine that Klaviyo is to have: a rotation's new one, while it is beside the old one.

    Args:
        spec: the connection.
        keys: the keys on this machine.
        journal: the connection's.

    Raises:
        ProblemError: a key file or the journal cannot be read.
    """
    project, email = spec.project, spec.account_email
    rotation = rotation_of(journal.changes(), spec)
    if rotation is not None and rotation.new:
        beside = keys.inspect(keys.path_beside(spec.key_file, project, email), project, email)
        if beside is not None and beside.path:
            return beside
    return keys.inspect(spec.key_file, project, email)


def summary_here(spec: ConnectionSpec, keys: KeyStore, journal: Journal, location: str | None) -> Summary:
    """Return the values for Klaviyo, as this machine knows them.

    Args:
        spec, keys, journal: as for `key_for_klaviyo`.
        location: where the datasets are; None if not known.

    Raises:
        ProblemError: a key file or the journal cannot be read.
    """
    local = key_for_klaviyo(spec, keys, journal)
    path = (local.path or None) if local is not None else None
    handed = path is None and bool(keys.handed_over(spec.project, spec.account_email))
    return Summary.of(spec, path, location, handed_over=handed)


def summary_seen(spec: ConnectionSpec, observed: Observed | None, location: str | None) -> Summary:
    """Return the values for Klaviyo, as far as a look at Google and this machine has shown them.

    Args:
        spec: the connection.
        observed: what was found; None if nothing was looked at.
        location: where the datasets are; None if not known.
    """
    if observed is None:
        return Summary.of(spec, spec.key_file, location)
    key = observed.for_klaviyo
    local = value_of(key)
    path = local.path if local is not None else None if isinstance(key, Absent) else spec.key_file
    return Summary.of(spec, path, location, handed_over=handed_key(observed) is not None)


async def shred_key(spec: ConnectionSpec, keys: KeyStore, *, copy_too: bool) -> Message:
    """Destroy the key's file on this machine. The key itself stays valid.

    Args:
        spec: the connection.
        keys: the keys on this machine.
        copy_too: whether the keyring's copy is deleted, too.

    Returns:
        One sentence about what is left.

    Raises:
        ProblemError: there is no file with a key of the account, or the system refuses to delete it.
    """
    left = await offload(partial(keys.shred, spec.key_file, spec.project, spec.account_email))
    if not copy_too:
        return left
    kept = await offload(partial(keys.forget_copy, spec.project, spec.account_email))
    return kept or message("The copy in the system keyring is deleted, too: later checks cannot sign in with this key.")
