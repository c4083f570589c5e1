"""The structure of the code: which modules a fresh interpreter loads after importing a room, names, docstrings,
prose."""

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules

import pytest

import kbq_tui
import kbq_tui.cli.commands

HEAVY = ("textual", "google", "grpc", "keyring", "duckdb", "starlette", "requests")

# Only what the help is rendered with may be loaded, because `--version` pays for every import.
PURE = ("kbq_tui.model", "kbq_tui.shell", "kbq_tui.diagnosis", "kbq_tui.planning")

ROOMS = {
    "kbq_tui.planning.diff": (
        *HEAVY,
        "click",
        "tomlkit",
        "platformdirs",
        "kbq_tui.engine",
        "kbq_tui.gcp",
        "kbq_tui.local",
    ),
    "kbq_tui.diagnosis.recognise": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.engine"),
    "kbq_tui.engine.apply": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.gcp", "kbq_tui.local"),
    "kbq_tui.engine.status": (*HEAVY, "click", "tomlkit", "platformdirs", "kbq_tui.gcp", "kbq_tui.local"),
    "kbq_tui.gcp.cloud": ("textual", "google", "grpc", "keyring", "click", "kbq_tui.local", "kbq_tui.sandbox"),
    "kbq_tui.local.keys.key_files": ("textual", "google", "grpc", "keyring", "click", "kbq_tui.gcp", "kbq_tui.sandbox"),
    "kbq_tui.tui.app": ("google", "grpc", "keyring", "kbq_tui.gcp", "kbq_tui.local", "kbq_tui.sandbox", "duckdb"),
    "kbq_tui.cli.click_app": (*HEAVY, *PURE, "kbq_tui.engine", "kbq_tui.gcp", "kbq_tui.tui"),
    "kbq_tui.sandbox.server": (
        "textual",
        "keyring",
        *PURE,
        "kbq_tui.i18n",
        "kbq_tui.engine",
        "kbq_tui.gcp",
        "kbq_tui.local",
        "kbq_tui.tui",
        "kbq_tui.cli",
    ),
}


# Reading a command's declaration may load no more: its body is imported once its options are known to be good.
DECLARATIONS = [f"kbq_tui.cli.commands.{found.name}" for found in iter_modules(kbq_tui.cli.commands.__path__)]
MADE_WITH = ("kbq_tui.model.lean_dataclass", "kbq_tui.model", "kbq_tui.source", "kbq_tui.source.defaults")
"""What a declaration may use of the pure rooms."""


def test_listing_all_commands_loads_no_body_and_nothing_that_only_a_body_needs() -> None:
    code = f"import sys, {', '.join(DECLARATIONS)}; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    below = [m for m in loaded if m.startswith("kbq_tui.cli.commands.") and m not in DECLARATIONS]
    rooms = (*HEAVY, *PURE, "kbq_tui.source", "kbq_tui.engine", "kbq_tui.gcp", "kbq_tui.tui", "kbq_tui.local")
    strangers = [m for m in loaded if m not in MADE_WITH and any(f"{m}.".startswith(f"{room}.") for room in rooms)]
    assert (below, strangers) == ([], [])


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_loads_nothing_it_may_not_know(room: str) -> None:
    code = f"import sys, {room}; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert room in loaded
    for name in ROOMS[room]:
        strangers = [m for m in loaded if m == name or m.startswith(name + ".")]
        assert not strangers, f"{room} loads {strangers[:3]}"


ROOT = Path(__file__).parent.parent
PACKAGE = Path(kbq_tui.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FINDINGS = sorted((ROOT / "findings").glob("*"))  # none in a source distribution

# The entries at the top of the repository, beside the dot files.
TOP = {
    "kbq_tui",
    "tests",
    "screenshots",
    "findings",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "constraints.txt",
}


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="needs a git checkout")
def test_nothing_unexpected_is_tracked_at_the_top_level() -> None:
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = {name.split("/")[0] for name in run.stdout.split("\0") if name}
    assert {name for name in tracked if not name.startswith(".")} == TOP


@pytest.mark.parametrize("script", FINDINGS, ids=lambda path: path.name)
def test_a_finding_is_a_script_that_explains_itself_and_can_fail(script: Path) -> None:
    """Read, not run, because they install packages from the public registries."""
    assert script.suffix == ".sh"
    assert script.stat().st_mode & 0o111, "not executable"
    text = script.read_text()
    comment = "\n".join(line for line in text.splitlines()[1:] if line.startswith("#"))
    for part in ("Behaviour:", "Expected:", "Why it matters:", "Source:"):
        assert f"# {part}" in comment, part
    assert "set -euo pipefail" in text
    assert "mktemp -d" in text
    assert "this has changed" in text
    assert "index-url" not in text
    assert "kbq" not in text.lower()
    subprocess.run(["bash", "-n", script], check=True)


def test_no_module_stands_outside_of_a_room() -> None:
    loose = {path.name for path in Path(kbq_tui.__file__).parent.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_is_short_enough_to_be_read(path: Path) -> None:
    """A module that has grown past this is split by subject; there are no exceptions."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    """Yield every class of a module; expressions, which are most of its tree, contain none and are not visited."""

    def within(tree: ast.AST) -> Iterator[ast.ClassDef]:
        for part in ast.iter_child_nodes(tree):
            if isinstance(part, ast.stmt | ast.excepthandler | ast.match_case):
                if isinstance(part, ast.ClassDef):
                    yield part
                yield from within(part)

    text = path.read_text(encoding="utf-8")
    return within(ast.parse(text)) if "class " in text else iter(())


def test_classes_are_found_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        """
class A:
    class B: ...
async def f(x):
    try:
        async with x: ...
    except OSError:
        class C: ...
    match x:
        case 1:
            while x:
                class D: ...
            else:
                def g():
                    class E: ...
""",
        encoding="utf-8",
    )
    assert [part.name for part in _classes(tmp_path / "a.py")] == ["A", "B", "C", "D", "E"]


def test_a_public_class_name_exists_once() -> None:
    """In the product and its tests; nested classes, too: "the Changed" of `Field.Changed` and `Choice.Changed` would be
    ambiguous.
    """
    places: dict[str, list[str]] = {}
    for path in [*SOURCES, *TESTS]:
        for name in (part.name for part in _classes(path) if not part.name.startswith("_")):
            places.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_the_tests_have_one_cloud_in_memory() -> None:
    """A class with `create_dataset` stands for Google; a second one would become different from the first."""
    clouds = {
        f"{path.relative_to(ROOT)}:{part.name}"
        for path in TESTS
        for part in _classes(path)
        if any(isinstance(made, ast.AsyncFunctionDef) and made.name == "create_dataset" for made in part.body)
    }
    assert clouds == {"tests/support/memory_cloud.py:MemoryCloud"}


SENTENCE_OF_A_CONTROL = re.compile(r"\[ .* \]$|Step \d|Schritt \d")


def _texts_waited_for(tree: ast.AST) -> Iterator[str]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "until" and len(call.args) > 1:
            yield from (
                n.value for n in ast.walk(call.args[1]) if isinstance(n, ast.Constant) and isinstance(n.value, str)
            )


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "tui").glob("test_*.py")), ids=lambda path: path.name)
def test_a_walk_through_the_screens_finds_steps_and_buttons_by_id(path: Path) -> None:
    """Their texts are tested by golden screens, by tests of a label (`button("primary", "Retry")`), and in German."""
    waited = list(_texts_waited_for(ast.parse(path.read_text(encoding="utf-8"))))
    if path.name != "test_german.py":
        assert [text for text in waited if SENTENCE_OF_A_CONTROL.match(text)] == []


RIDDLES = re.compile(
    r"of (its|their) own\b|\bcame of (it|that|an?)\b|\b(becomes|became) of\b|nobody's|none of Klaviyo's"
    r"|\b(told|tells) of\b|\bfills the blanks\b|\bno good\b|\blet go\b|\bin miniature\b|\bas good as\b",
    re.IGNORECASE,
)
"""Phrases that a colleague would not use; plain words replace each of them."""


def _prose(path: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a module that may have such a phrase; successive comments as one text."""
    text = path.read_text(encoding="utf-8")
    if not RIDDLES.search(" ".join(text.replace("#", " ").split())):
        return  # reading it as Python takes a hundred times as long
    for part in ast.walk(ast.parse(text)):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str):
            yield " ".join(part.value.value.split())
    comment, last = "", 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last + 1:
                yield comment
                comment = ""
            comment, last = f"{comment} {token.string.lstrip('# ')}", token.start[0]
    yield comment


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_comments_and_docstrings_are_plain(path: Path) -> None:
    assert [text for text in _prose(path) if RIDDLES.search(text)] == []


def test_comments_and_docstrings_of_the_tests_are_plain() -> None:
    found = {str(path.relative_to(ROOT)): [text for text in _prose(path) if RIDDLES.search(text)] for path in TESTS}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_a_phrase_in_a_comment_of_two_lines_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1  # a key of its\n# own\n\n# another\n", encoding="utf-8")
    assert [text for text in _prose(tmp_path / "a.py") if RIDDLES.search(text)] == [" a key of its own"]


def test_every_module_has_a_docstring() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (*SOURCES, *TESTS)}
    begins = re.compile(r'(?:\s|#.*\n)*r?"""')
    assert [str(path) for path, text in texts.items() if text.strip() and not begins.match(text)] == []


def _blocks(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module or class, and those under its `if`, `try`, `with` and loops."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for name in ("body", "orelse", "finalbody"):
                yield from _blocks(getattr(statement, name, []))
            for handler in getattr(statement, "handlers", []):
                yield from _blocks(handler.body)


def _undocumented(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    """Yield the public classes, functions and methods that have no docstring. A setter shares that of its property."""
    for part in _blocks(body):
        if not isinstance(part, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or part.name.startswith("_"):
            continue
        decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in part.decorator_list}
        if not ast.get_docstring(part) and not decorators & {"overload", "setter"}:
            yield prefix + part.name
        if isinstance(part, ast.ClassDef):
            yield from _undocumented(part.body, f"{prefix}{part.name}.")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_whatever_is_public_has_a_docstring(path: Path) -> None:
    assert list(_undocumented(ast.parse(path.read_text(encoding="utf-8")).body, "")) == []


def test_what_has_no_docstring_is_found() -> None:
    text = """
class Shown:
    'A class.'
    if True:
        def hidden(self): ...
    try:
        pass
    except ImportError:
        def instead(self): ...
    @property
    def value(self): 'Told here.'
    @value.setter
    def value(self, value): ...
    def _private(self): ...
async def bare(): ...
"""
    assert list(_undocumented(ast.parse(text).body, "")) == ["Shown.hidden", "Shown.instead", "bare"]
