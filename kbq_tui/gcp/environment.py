"""Settings of this machine that prevent every call to Google, found before one is tried.

Libraries report these faults late and in a misleading way: a missing CA file as an unreachable network, an empty
variable as an error from deep inside a client.
"""

import importlib.util
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kbq_tui.gcp.endpoints import Endpoints, is_loopback
from kbq_tui.i18n.messages import EMPTY, Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Problem

_CERTIFICATES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Files or folders with certificate authorities; requests uses the first that is set.

Source: https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
"""
_ROOTS: Final = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
"""gRPC's. Source: https://github.com/grpc/grpc/blob/master/doc/environment_variables.md"""
_PROXIES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_UNIVERSE: Final = "GOOGLE_CLOUD_UNIVERSE_DOMAIN"
_MTLS: Final = "GOOGLE_API_USE_MTLS_ENDPOINT"
_MTLS_VALUES: Final = ("never", "auto", "always")
"""The values that Google's clients accept; with another one, or an empty one, they raise an error. Source:
https://google.aip.dev/auth/4114"""
UNREAD: Final = ("SSL_CERT_FILE",)
"""Also names a CA file, which other programs read, but none of the libraries here."""


def problem_of(env: Mapping[str, str], endpoints: Endpoints) -> Problem | None:
    """Return what is wrong with this machine's settings, or None.

    Args:
        env: the environment.
        endpoints: where the APIs are; faults of TLS and proxies do not count if all are on this machine.
    """
    local = all(map(is_loopback, (urlsplit(endpoints.bigquery).hostname, urlsplit(endpoints.resourcemanager).hostname)))
    found = _faults_of_clients(env) or ([] if local else _faults_of_connections(env))
    if not found:
        return None
    from kbq_tui.diagnosis import catalogue  # a large module, and seldom needed

    variable, reason = found[0]
    return catalogue.problem(Code.MACHINE_SETTING, Context(), variable=variable, reason=reason)


def faults(env: Mapping[str, str]) -> list[tuple[str, Message]]:
    """Return every variable with a wrong value, and what is wrong with it."""
    return _faults_of_clients(env) + _faults_of_connections(env)


def _faults_of_clients(env: Mapping[str, str]) -> list[tuple[str, Message]]:
    found: list[tuple[str, Message]] = []
    if env.get(_UNIVERSE) == "":
        found.append((_UNIVERSE, message("It is set, but empty.")))
    if (mtls := env.get(_MTLS)) is not None and mtls not in _MTLS_VALUES:
        one_of = ", ".join(_MTLS_VALUES)
        found.append((_MTLS, message("It is {value}, and has to be one of {values}.", value=repr(mtls), values=one_of)))
    return found


def _faults_of_connections(env: Mapping[str, str]) -> list[tuple[str, Message]]:
    found: list[tuple[str, Message]] = []
    used = next((name for name in _CERTIFICATES if env.get(name)), None)
    good: set[str] = set()  # both may name one file, and to read it takes 20 ms
    for name in (used, _ROOTS):
        path = env.get(name, "") if name else ""
        if not name or not path or path in good:
            continue
        if reason := certificates_fault(path, folder=name != _ROOTS):
            found.append((name, reason))
        elif Path(path).is_file():
            good.add(path)
    proxy = next((name for name in _PROXIES if env.get(name)), None)
    if proxy and env[proxy].lower().startswith("socks") and importlib.util.find_spec("socks") is None:
        reason = message("It names a SOCKS proxy, for which the Python package PySocks is missing: pip install PySocks")
        found.append((proxy, reason))
    return found


def certificates_fault(name: str, *, folder: bool = True) -> Message:
    """Return what is wrong with a file of certificate authorities; empty if nothing is.

    Args:
        name: its path.
        folder: whether it may be a folder.
    """
    try:
        mode = Path(name).stat().st_mode
        if stat.S_ISDIR(mode) and folder:
            return EMPTY
        if not stat.S_ISREG(mode):
            return message("{path} is not a file.", path=name)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(name)
    except ssl.SSLError:
        return message("{path} holds no certificate.", path=name)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        return message("{path} cannot be read: {why}.", path=name, why=why)
    return EMPTY
