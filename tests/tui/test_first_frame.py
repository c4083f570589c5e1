"""The cost of the first frame, so that no import, widget or style rule is added unnoticed."""

from pathlib import Path
from typing import Any

import pytest

from tests.tools.bench import instructions

LIST = Path(__file__).with_name("first_frame_modules.txt")
WIDGETS, RULES = 7, 24


@pytest.fixture(scope="module", params=[["kbq-tui"], ["kbq-tui", "setup"]], ids=" ".join)
def facts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return instructions.facts(instructions.ENGLISH, request.param, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    return frozenset(instructions.facts(instructions.BARE, ["bare"], tmp_path_factory.mktemp("home"))["modules"])


def test_the_modules_of_ours_are_those_of_the_list(facts: dict[str, Any]) -> None:
    """To change the list on purpose: check the cost of the new modules (`make bench`), then edit the file."""
    ours = [name for name in facts["modules"] if name.partition(".")[0] == "kbq_tui"]
    assert ours == LIST.read_text().split()


def test_of_others_only_what_a_bare_app_loads_and_what_keeps_the_key_out_of_core_dumps(
    facts: dict[str, Any], bare: frozenset[str]
) -> None:
    others = {name for name in facts["modules"] if not name.startswith(("kbq_tui", "rich._unicode_data."))}
    assert others - bare <= {"_ctypes", "gc", "resource"}


def test_widgets_and_style_rules_do_not_grow(facts: dict[str, Any]) -> None:
    assert facts["widgets"] <= WIDGETS
    assert facts["rules"] <= RULES


def test_the_first_painting_is_complete_with_the_focus(facts: dict[str, Any]) -> None:
    assert facts["paints"] == 1


def test_so_it_is_with_a_side_panel(tmp_path: Path) -> None:
    assert instructions.facts(instructions.ENGLISH, ["kbq-tui"], tmp_path, columns=130)["paints"] == 1


def test_no_class_and_no_pattern_is_compiled_from_text(facts: dict[str, Any]) -> None:
    """Use `model.lean_dataclass` and `model.lazy_pattern` in modules that are imported before the first frame."""
    assert facts["compiled"] == []
