"""Requests the operator's access token before anything else is imported, because every other call waits for it."""

import threading
from contextlib import suppress

from kbq_tui.gcp.credentials import CredentialOptions, find
from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.session import Session, Token


def send_for_token(options: CredentialOptions, endpoints: Endpoints, timeout: float) -> Session:
    """Request the operator's token, and return when the request has been sent, or cannot be.

    Args:
        options: where credentials are.
        endpoints: where the APIs are.
        timeout: seconds for the token.

    Returns:
        The session to make calls with. If there is no token, its first call tries again and reports why.
    """
    sent = threading.Event()
    token = Token(lambda: find(options), sent.set)
    session = Session(token, endpoints)

    def fetch() -> None:
        with suppress(Exception):
            token.headers(session, timeout)
        sent.set()

    try:
        threading.Thread(target=fetch, name="google token", daemon=True).start()
    except RuntimeError:  # no thread available: the command reports this before it sends anything
        return session
    sent.wait(timeout)
    return session
