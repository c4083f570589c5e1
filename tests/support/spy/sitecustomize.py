"""Notes every look-up of a name that is not this machine; imported by each Python of a test run at its start.

Python calls an audit hook before each look-up. gRPC resolves names itself, so its targets are noted when a channel is
created. Reading the run's private key is made cheap, too.
"""

import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

FOLDER = "KBQ_TEST_LOOKUPS"
"""The environment variable with the folder for notes."""
_HERE = ("", "localhost", "127.0.0.1", "::1")
_NEVER = (".invalid", ".example", ".test")
"""Names that cannot exist: https://www.rfc-editor.org/rfc/rfc2606"""


def foreign(host: object) -> bool:
    """Return whether finding a host needs a look-up by others."""
    if isinstance(host, bytes | bytearray):
        host = host.decode(errors="replace")
    if not isinstance(host, str) or host in _HERE or host.endswith(_NEVER):
        return False
    import _socket

    for family in (_socket.AF_INET, _socket.AF_INET6):
        try:
            _socket.inet_pton(family, host.partition("%")[0])
        except (OSError, ValueError):
            continue
        return False
    return True


def _note(how: str, host: object) -> None:
    if not foreign(host):
        return
    if host == "metadata.google.internal" and "google-cloud-sdk" in sys.prefix:
        return  # Google's own gcloud looks it up on every machine, whatever its settings are
    test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
    line = f"{host!r} by {how} in {test}: {' '.join(sys.orig_argv)[:200]!r}\n"
    try:
        with open(f"{_folder}/{os.getpid()}", "a", encoding="utf-8") as file:  # noqa: PTH123  pathlib is not imported
            file.write(line)
    except OSError:
        pass  # the run is over


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        _note(event, args[0])
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        _note(event, args[1][0])


def _target(target: str) -> str:
    """Return the host of a gRPC target such as `host:port`, `dns:///host:port`, `unix:/path`."""
    if target.startswith(("unix:", "unix-abstract:")):
        return ""
    return target.rpartition("/")[2].rpartition(":")[0].strip("[]")


class _Once:
    """Does something with a module once it has been imported."""

    def __init__(self, name: str, then: Callable[[Any], None]) -> None:
        self.name, self.then = name, then

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self.name:
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        from importlib.util import find_spec

        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            run: Callable[[Any], None] = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                run(module)
                self.then(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _note_targets(module: Any) -> None:
    """Note the targets of gRPC's channels."""
    made = module.Channel.__init__

    def init(self: Any, target: str, *args: Any, **more: Any) -> None:
        _note("gRPC", _target(target))
        made(self, target, *args, **more)

    module.Channel.__init__ = init


def _watch_sandbox(module: Any) -> None:
    """Compare what a sandbox in this process answers with Google's documents (`tests.oracle`)."""
    root = __file__.rpartition("/tests/support/")[0]
    if root not in sys.path:
        sys.path.append(root)
    from tests.oracle import recorder

    recorder.watch()


def _read_run_key_quickly(module: Any) -> None:
    """Read the run's own key without the check of its numbers, which takes 30 ms each time; all others are checked."""
    checked = module.load_pem_private_key
    own: dict[str, bytes] = {}

    def load(data: Any, password: Any, backend: Any = None, **more: Any) -> Any:
        path = os.environ.get("KBQ_TEST_SANDBOX_PAIR", "")
        if path not in own:
            try:
                with open(path, "rb") as file:  # noqa: PTH123
                    own[path] = file.read().strip()
            except OSError:
                return checked(data, password, backend, **more)
        if isinstance(data, bytes) and data.strip() == own[path]:
            more["unsafe_skip_rsa_key_validation"] = True
        return checked(data, password, backend, **more)

    module.load_pem_private_key = load


def _once(name: str, then: Callable[[Any], None]) -> None:
    """Do something with a module, at once or when it is imported."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Once(name, then))  # type: ignore[arg-type]


_folder = os.environ.get(FOLDER, "")
if _folder:
    sys.addaudithook(_heard)
    _once("grpc._channel", _note_targets)
    _once("cryptography.hazmat.primitives.serialization", _read_run_key_quickly)
    if os.environ.get("KBQ_TEST_ORACLE"):
        _once("kbq_tui.sandbox.server", _watch_sandbox)
