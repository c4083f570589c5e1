"""Whatever is wrong with a scenario file, the error names the file, the line and the key."""

import random
import re
import subprocess
import sys
import tomllib
from importlib import resources

import pytest

from kbq_tui.sandbox import scenario
from kbq_tui.sandbox.server import Sandbox
from kbq_tui.sandbox.toml_lines import line_of, lines
from tests.support.polling import PATIENCE

SCENARIOS = resources.files("kbq_tui.sandbox") / "scenarios"
MUTANTS = 14  # of each scenario
VALUES = ["0", "-1", "1e400", "nan", "true", '""', '"x"', '"\\u0000"', "[]", "[1]", "[[]]", "{}", "{ a = 1 }",
          "2026-01-01", "99999999999999999999", '["roles/owner"]', '"roles/owner"']  # fmt: skip


def text_of(name):
    return (SCENARIOS / f"{name}.toml").read_text("utf-8")


def mutated(text, seed):
    """The text with one thing changed, as typing errors and bad merges do it."""
    chance = random.Random(seed)
    rows = text.splitlines()
    at = chance.choice([i for i, row in enumerate(rows) if row.strip()])
    row = rows[at]
    key, equals, _ = row.partition(" = ")
    kind = chance.choice(["delete", "double", "key", "value", "value", "value", "inner", "cut", "garbage"])
    if kind == "delete":
        del rows[at]
    elif kind == "double":
        rows.insert(at, row)
    elif kind == "key":
        rows[at] = f"{key}x = 1" if equals else row.replace("]", "x]", 1)
    elif kind == "value" and equals:
        rows[at] = f"{key} = {chance.choice(VALUES)}"
    elif kind == "inner":
        words = list(re.finditer(r'"[^"]*"|\b\d+\b|true|false', row))
        if words:
            word = chance.choice(words)
            rows[at] = row[: word.start()] + chance.choice(VALUES) + row[word.end() :]
    elif kind == "cut":
        rows[at] = row[: chance.randrange(len(row))]
    else:
        rows.insert(at, chance.choice(["?", "x", "[a]", "[[projects]]", "[projects]", "x = 'y"]))
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("name", "seed"),
    # only a few of the long ones, which take a second to start
    [(name, seed) for name in scenario.names() for seed in range(2 if name.startswith("source-") else MUTANTS)],
)
def test_a_mutated_scenario_starts_or_is_refused_by_file_and_line(tmp_path, name, seed):
    text = mutated(text_of(name), f"{name}{seed}")
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    try:
        with Sandbox(path, key_dir=tmp_path):
            pass
    except scenario.ScenarioError as error:
        message = str(error)
        assert message.startswith(str(path))
        line = re.search(r"line (\d+)|end of document", message)
        assert line, message
        if f"{path}, line" in message:
            tomllib.loads(text)  # not TOML's own error, so it names a key, or says which is missing
            assert re.match(r", line \d+: ([\w.\[\]-]+: .|missing key '\w+'|unknown key)", message[len(str(path)) :]), (
                message
            )
            assert int(line[1]) <= len(text.splitlines())


HEAD = 'project = "p"\ndescription = "d."\n[[projects]]\nid = "p"\n'
DATASET = HEAD + '[[projects.datasets]]\nid = "D"\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + "sql = [\n  'CREATE TABLE D.t (a INT64)',\n]\n", 6,
         "projects[0].sql[0]: Not found: Dataset p:D was not found in location US, in: CREATE TABLE D.t (a INT64)"),
        (HEAD + "sql = [\n  'SELECT 1',\n\n  '''\nSELEC 2\n''',\n]\n", 8,
         'projects[0].sql[1]: Syntax error: Unexpected identifier "SELEC" at [1:1], in: SELEC 2'),
        (HEAD + "traits = { 'D.t' = { drive = {} } }\n", 5, "projects[0].traits.D.t: there is no 'D.t'"),
        (HEAD + "traits = { D = { hide_access = 1 } }\n", 5, "hide_access: must be true or false, not a whole number"),
        (HEAD + "traits = { D = { drive = {} } }\n", 5, "projects[0].traits.D.drive: is for a table, not for 'D'"),
        (HEAD + "billing = 'no'\n", 5, "projects[0].billing: must be true or false, not a string"),
        (HEAD + "[[projects]]\nname = 'x'\n", 5, "projects[1]: missing key 'id'"),
        (HEAD + "[[projects]]\nid = 'p'\n", 6, "projects[1].id: 'p' is given twice"),
        (DATASET + "location = 'Mars'\n", 7, "projects[0].datasets[0].location: unknown location 'Mars'"),
        (DATASET + "access = [\n  { role = 'READER', userByEmail = 'a@b.c' },\n  { role = 'READER' },\n]\n", 9,
         "projects[0].datasets[0].access[1]: exactly one of these keys must be there: userByEmail"),
        (DATASET + "access = [{ domain = 'b.c' }]\n", 7, "projects[0].datasets[0].access[0]: missing key 'role'"),
        (HEAD + "[[projects.accounts]]\nid = 'a'\nkeys = 1000\n", 7, "keys: must be a whole number from 0 to 10"),
        (HEAD + "[generate]\naccess_entries = 3\n", 5, "generate: missing key 'dataset'"),
        (HEAD + "[generate]\ndataset = 'D'\naccess_entries = 3\n", 6, "generate.dataset: dataset 'D' is not in p"),
        ("latency_ms = nan\n" + HEAD, 1, "latency_ms: must be a number from 0 to 600000"),
        ("clock_skew = 1e300\n" + HEAD, 1, "clock_skew: must be a number from"),
        ("projects = []\nproject = 'p'\n", 1, "projects: must not be empty"),
        (HEAD + "[operator.roles]\nq = ['roles/owner']\n", 6, "operator.roles.q: project 'q' is not among"),
        (HEAD + "[[faults]]\nmethod = 'x'\nkind = 'status'\nnth = 1\nstatus = 99\n", 9, "faults[0].status: must be"),
        (HEAD + "[[editors]]\nafter = 'x'\nproject = 'p'\nadd = { role = 'r' }\n", 8,
         "editors[0].add: missing key 'member'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_line_and_key(tmp_path, text, line, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(scenario.ScenarioError) as found, Sandbox(path):
        pass
    assert str(found.value).startswith(f"{path}, line {line}: ")
    assert said in str(found.value)


def test_a_row_policy_s_filter_must_fit_its_table(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        HEAD + "sql = ['CREATE TABLE D.t (a INT64)']\n[projects.traits]\n"
        "'D.t' = { row_policies = [{ grantees = [], filter = 'nothing = 1' }] }\n[[projects.datasets]]\nid = 'D'\n"
    )
    with pytest.raises(
        scenario.ScenarioError, match=r"line 7: projects\[0\].traits.D.t.row_policies\[0\].filter: .*nothing"
    ):
        Sandbox(path).start()


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"project = '\xff'\n", "line 1: not valid UTF-8"), (b"x = " + b"[" * 100_000, "nested too deeply")],
)
def test_bytes_that_are_no_toml(tmp_path, raw, said):
    path = tmp_path / "mine.toml"
    path.write_bytes(raw)
    with pytest.raises(scenario.ScenarioError) as found:
        scenario.load(path)
    assert str(found.value) == f"{path}, {said}" or str(found.value) == f"{path}: {said}"


def test_the_command_ends_with_a_usage_error_and_no_traceback(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + "sql = ['SELEC 1']\n")
    command = [sys.executable, "-m", "kbq_tui.sandbox", "--scenario", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert f"{path}, line 5: projects[0].sql[0]: Syntax error" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_key_of_every_scenario_has_its_line():
    def walk(value, path):
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in inner:
            yield (*path, key)
            yield from walk(item, (*path, key))

    for name in scenario.names():
        text = text_of(name)
        found, rows = lines(text), text.splitlines()
        for path in walk(tomllib.loads(text), ()):
            assert path in found
            if isinstance(path[-1], str) and not any(isinstance(part, int) for part in path):
                assert path[-1] in rows[found[path] - 1]
    assert line_of({(): 1, ("a",): 3}, ("a", "b", 0)) == 3
