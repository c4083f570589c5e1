"""`sandbox` and `demo` say what to install where the extra of that name is missing."""

from importlib.metadata import packages_distributions, requires
from importlib.util import find_spec

import click
import pytest
from packaging.requirements import Requirement

from kbq_tui.cli import sandbox_extra


def test_each_package_of_the_extra_is_looked_for() -> None:
    declared = [Requirement(text) for text in requires("kbq-tui") or ()]
    extra = {r.name.lower() for r in declared if r.marker is not None and r.marker.evaluate({"extra": "sandbox"})}
    of_module = {module: {name.lower() for name in names} for module, names in packages_distributions().items()}
    looked_for = {name for module in sandbox_extra.NEEDED for name in of_module[module.partition(".")[0]]}
    assert extra - looked_for == set()
    assert all(find_spec(module) is not None for module in sandbox_extra.NEEDED)


def test_what_is_missing_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_extra, "find_spec", lambda name: None if name == "nanoarrow" else object())
    with pytest.raises(click.ClickException) as error:
        sandbox_extra.need_sandbox()
    assert "(nanoarrow)" in error.value.message
    assert "pip install 'kbq-tui[sandbox]'" in error.value.message
