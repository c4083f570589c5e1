"""Signing in to Google, as the operator and as the service account. Google's libraries are not imported before that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kbq_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from kbq_tui.engine.ports import Cloud
    from kbq_tui.gcp.credentials import CredentialOptions
    from kbq_tui.gcp.endpoints import Endpoints
    from kbq_tui.gcp.session import Session
    from kbq_tui.i18n.messages import Message
    from kbq_tui.model.secret import Secret


class GoogleSignIn:
    """Implements `engine.services.SignIn` with Google's credentials; Google's libraries are not imported before it is
    called."""

    def __init__(
        self, chosen: Mapping[str, str | None], env: Mapping[str, str], endpoints: Endpoints, timeout: float
    ) -> None:
        self._chosen = chosen
        self._env = env
        self._endpoints = endpoints
        self._timeout = timeout
        self._session: Session | None = None
        self._changes = True

    def begin(self, *, changes: bool) -> None:
        """Request the token, for a command that is going to sign in, and return when the request has been sent.

        The libraries for a change are imported meanwhile. A failure here is tried again by the sign-in, which reports
        it.

        Args:
            changes: whether the command is going to create something, so that the libraries for that are imported.
        """
        from kbq_tui.gcp.early_token import send_for_token
        from kbq_tui.gcp.environment import problem_of

        self._changes = changes
        if problem_of(self._env, self._endpoints) is None:
            self._session = send_for_token(self._options(allow_gcloud=False), self._endpoints, self._timeout)

    def _options(self, *, allow_gcloud: bool) -> CredentialOptions:
        from kbq_tui.gcp.credentials import CredentialOptions

        return CredentialOptions(
            self._chosen["credentials"],
            self._chosen["impersonate"],
            self._chosen["quota_project"],
            allow_gcloud,
            self._env,
        )

    async def __call__(self, *, allow_gcloud: bool = False) -> Cloud:
        from kbq_tui.engine.daemon_threads import need_threads
        from kbq_tui.gcp.cloud import GoogleCloud
        from kbq_tui.gcp.environment import problem_of
        from kbq_tui.gcp.retry import preload

        need_threads()
        session, self._session = self._session, None
        if session is None and (problem := problem_of(self._env, self._endpoints)) is not None:
            raise ProblemError(problem)
        if allow_gcloud:
            session = None
        elif session is not None and self._changes:
            preload()  # while the token request is under way
        options = self._options(allow_gcloud=allow_gcloud)
        cloud = GoogleCloud.for_operator(options, self._endpoints, self._timeout, session=session)
        try:
            await cloud.identity()
        except BaseException:
            await cloud.close()
            raise
        return cloud

    def gcloud_available(self) -> bool:
        """Whether gcloud is installed and signed in, so that its login can be offered."""
        from kbq_tui.gcp.credentials import gcloud_available

        return gcloud_available(self._env)

    def can_log_in(self) -> bool:
        """Whether gcloud is installed, and its login for application default credentials would be used."""
        from kbq_tui.gcp.credentials import gcloud_program

        named = self._chosen["credentials"] or self._env.get("GOOGLE_APPLICATION_CREDENTIALS")
        return not named and gcloud_program(self._env) is not None

    def log_in(self) -> Message | None:
        """Run gcloud's login on the terminal. Returns why nobody is signed in, or None."""
        from kbq_tui.gcp.gcloud_login import log_in

        return log_in(self._env)

    def check_file(self, path: str) -> Message | None:
        """Return why a file cannot be credentials, or None."""
        from kbq_tui.gcp.credentials import check_credentials_file

        return check_credentials_file(path)


class GoogleImpersonate:
    """Implements `engine.ports.Impersonator` with Google's libraries, which are not imported before the first key is
    tried."""

    def __init__(self, endpoints: Endpoints, timeout: float) -> None:
        self._endpoints = endpoints
        self._timeout = timeout

    def __call__(self, key: Secret) -> Cloud:
        from kbq_tui.gcp.cloud import KeyImpersonator

        return KeyImpersonator(self._endpoints, self._timeout)(key)
