"""A deferred module is read in at its first use, and then is the module that it would have been."""

import subprocess
import sys

import pytest

HEAD = "import sys; from kbq_tui.gcp.deferred_import import import_when_used; import_when_used('cryptography.x509'); "


def run(code: str) -> str:
    """Return what a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", HEAD + code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_google_s_keys_does_not_read_it_in() -> None:
    assert run("import google.oauth2.service_account; print('cryptography.x509.base' in sys.modules)") == "False"


@pytest.mark.parametrize(
    "use",
    [
        "from cryptography import x509; x509.load_pem_x509_certificate",
        "import cryptography.x509; cryptography.x509.load_pem_x509_certificate",
        "from cryptography.x509 import load_pem_x509_certificate",
        "from cryptography.x509.oid import NameOID",
        "import cryptography.hazmat.primitives.serialization.pkcs12",
    ],
)
def test_whoever_uses_it_has_it(use: str) -> None:
    shown = "import cryptography.x509 as m; print(m.load_pem_x509_certificate.__name__, m.NameOID.__name__)"
    assert run(f"import google.oauth2.service_account; {use}; {shown}") == "load_pem_x509_certificate NameOID"


def test_what_was_imported_or_is_not_there_is_left() -> None:
    assert run("import json; before = json; import_when_used('json'); print(sys.modules['json'] is before)") == "True"
    assert run("import_when_used('json.nothing'); print('json.nothing' in sys.modules)") == "False"
