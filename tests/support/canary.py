"""The one private key that every sandbox of a test run gives out, and the search for it wherever it must not be."""

import base64
import json
import os
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from kbq_tui.sandbox.keys import PAIR, generate, pem_of

WINDOW = 40
"""So many consecutive characters of a key count as a leak."""
_STEP = WINDOW // 2
# Line ends, including those that a JSON dump or a terminal has made, must not separate the parts of a key.
_NOISE = re.compile(rb"\\+[nr]|\x1b\[[0-9;?]*[A-Za-z]|\s+")


class Search:
    """Searches for any 40 consecutive characters of private keys: plain, and in base64.

    Any 40 consecutive characters contain a piece of 20 that begins at a multiple of 20; so one look-up every 20
    characters is enough, however much is searched.
    """

    def __init__(self, *pems: str) -> None:
        self._forms: list[bytes] = []
        self._pieces: defaultdict[bytes, list[tuple[bytes, int]]] = defaultdict(list)
        for pem in pems:
            self.learn(pem)

    def learn(self, pem: str) -> None:
        """Search for this key from now on."""
        body = "".join(line for line in pem.splitlines() if "-----" not in line)
        assert len(body) > 1_000
        forms = [body.encode()]
        for whole in (pem, json.dumps(pem), body):  # as in the clipboard's escape sequence and in keys.create
            for shift in range(3):  # base64 reads three bytes at a time: the key may begin at any of them
                forms.append(base64.b64encode(bytes(shift) + whole.encode())[4:-4])
        for form in forms:
            for at in range(len(form) - _STEP + 1):
                self._pieces[form[at : at + _STEP]].append((form, at))

    def learn_file(self, key_file: Path) -> None:
        """Search for the key in a key file."""
        self.learn(json.loads(key_file.read_text())["private_key"])

    def found_in(self, data: bytes | str) -> bool:
        text = data.encode(errors="replace") if isinstance(data, str) else data
        plain = _NOISE.sub(b"", text)
        return any(
            _in_common(plain, start, form, at) >= WINDOW
            for start in range(0, len(plain) - _STEP + 1, _STEP)
            for form, at in self._pieces.get(plain[start : start + _STEP], ())
        )


def _in_common(one: bytes, i: int, other: bytes, j: int) -> int:
    """How many bytes around these places are the same."""
    before, after = 0, 0
    while before < min(i, j) and one[i - before - 1] == other[j - before - 1]:
        before += 1
    while after < min(len(one) - i, len(other) - j) and one[i + after] == other[j + after]:
        after += 1
    return before + after


def create(folder: Path) -> Path:
    """Create the run's key, for this process and all that it starts."""
    path = folder / "canary.pem"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(pem_of(generate()))
    return path


def path() -> Path:
    """The file with the run's key."""
    return Path(os.environ[PAIR])


@cache
def pem() -> str:
    """The run's key."""
    return path().read_text()


@cache
def canary() -> Search:
    """The search for the run's key."""
    return Search(pem())


def none_in(data: bytes | str, where: str) -> None:
    """Fail if the run's key, or a piece of it, is in what was printed, drawn or sent."""
    assert not canary().found_in(data), f"the private key is in {where} (not repeated here)"
