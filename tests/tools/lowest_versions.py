"""Print pip constraints that hold every dependency at the lowest version which `pyproject.toml` declares.

    python tests/tools/lowest_versions.py > lowest.txt
    make .venv/.dev CONSTRAINTS=lowest.txt

What only builds and tests (the `dev` extra) stays at the version in `constraints.txt`: that is not declared to users.
Only the standard library is used, so that this runs before anything is installed.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LOWEST = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=(?P<version>[0-9.]+)")
_OWN = "kbq-tui"


def lowest(requirements: Iterable[str]) -> Iterator[str]:
    """Yield `NAME==LOWEST` for each requirement.

    Args:
        requirements: such as `click>=8.1` or `google-auth[requests]>=2.40,<3`.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    for requirement in requirements:
        if requirement.startswith(_OWN):
            continue
        found = _LOWEST.match(requirement)
        if found is None:
            raise ValueError(f"no lower bound: {requirement}")
        yield f"{found['name']}=={found['version']}"


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for line in lowest([*project["dependencies"], *extras["sandbox"]]):
        print(line)
    tools = {line.partition("==")[0] for line in lowest(extras["dev"])}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.partition("==")[0] in tools:
            print(line)


if __name__ == "__main__":
    main()
