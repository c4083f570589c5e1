"""After the hand-over: destroys the local key file, and the keyring's copy, which are no longer needed."""

from functools import partial

from kbq_tui.engine.ports import KeyStore
from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.spec import ConnectionSpec


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
