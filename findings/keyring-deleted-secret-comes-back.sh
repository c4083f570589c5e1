#!/usr/bin/env bash
# keyring 25.7.0: where two backends are at hand, a deleted secret can be read again.
# Behaviour: the chaining backend, used when more than one is recommended, stores in the first, reads from the first that has it, and
# deletes from the first that can. An entry that lies in the second as well (stored when the first was not there: another session,
# no display) is what get_password gives after delete_password. (Run with two small backends; the chain is keyring's own.)
# Expected: after delete_password there is nothing under that name, or an error says that a copy is left.
# Why it matters: "the key was removed from the keyring" is not true, and after a rotation the old key is found again and used.
# Source: https://keyring.readthedocs.io/en/latest/#keyring.backend.KeyringBackend.delete_password, keyring/backends/chainer.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  keyring==25.7.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from keyring import backend, errors
from keyring.backends.chainer import ChainerBackend

class Memory(backend.KeyringBackend):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.kept = {}
    priority = 0
    def get_password(self, service, username):
        return self.kept.get((service, username))
    def set_password(self, service, username, password):
        self.kept[service, username] = password
    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise errors.PasswordDeleteError("not found")

class First(Memory):
    priority = 9

class Second(Memory):
    priority = 8

Second().set_password("svc", "u", "old")
chain = ChainerBackend()
names = [type(member).__name__ for member in chain.backends][:2]
chain.set_password("svc", "u", "new")
read = chain.get_password("svc", "u")
chain.delete_password("svc", "u")
after = chain.get_password("svc", "u")
print("keyring", version("keyring"))
print("chain:", names, "- read:", read, "- after delete_password:", after)
if (names, read, after) != (["First", "Second"], "new", "old"):
    sys.exit("this has changed")
PY
