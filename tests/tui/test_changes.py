"""Before a change: in production the name must be typed if something is destroyed, and another login needs a yes."""

from dataclasses import replace

from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.modals.ask import Ask
from tests.tui import fakes
from tests.tui.screens import app_for, button, closed, on, text_of, to_do, until
from tests.tui.test_removing import FIRST, over_granted, with_leftovers

OTHER = "Signed in is olga@acme.example"


def idle(app: KbqApp) -> bool:
    return not app.wizard.busy and app.wizard.current


def protect(scene: fakes.Scene, *, operator: str = "", production: bool = False) -> None:
    """Set what protects the scene's connection."""
    name = scene.draft.name
    scene.store.saved[name] = replace(scene.store.saved[name], operator=operator, production=production)


async def test_in_production_a_key_is_deleted_only_when_the_name_is_typed() -> None:
    scene = with_leftovers(FIRST)
    protect(scene, production=True)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("leftover"))
        await until(pilot, lambda: idle(app))
        await pilot.press("f7")
        await until(pilot, on(Ask))
        await pilot.press("y", "enter")
        await until(pilot, f"It is called {scene.draft.name}.")
        assert scene.world.writes == []
        await pilot.press("backspace", *scene.draft.name, "enter")
        await until(pilot, lambda: idle(app) and "delete_key" in scene.world.writes)


async def test_in_production_over_grants_want_the_name_too() -> None:
    scene = over_granted()
    protect(scene, production=True)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("remove"))
        await until(pilot, lambda: idle(app))
        await pilot.press("f7")
        await until(pilot, on(Ask))
        await pilot.press("escape")
        await until(pilot, closed(Ask))
    assert scene.world.writes == []


async def test_another_login_is_asked_about_once_before_a_change() -> None:
    scene = fakes.resumed(Step.DATASETS)
    protect(scene, operator="peter@shop.example")
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        await pilot.press("enter")
        assert "peter@shop.example" in await until(pilot, OTHER)
        await pilot.press("enter")  # the harmless answer has the focus
        await until(pilot, "Nothing was changed.")
        assert scene.world.writes == []
        await until(pilot, lambda: idle(app) and OTHER not in text_of(app))
        await pilot.press("enter")
        await until(pilot, OTHER)
        await pilot.press("left", "enter")
        await until(pilot, lambda: idle(app) and len(scene.world.writes) == 2)
        assert app.wizard.other_operator is None


async def test_the_operator_is_asked_nothing() -> None:
    scene = fakes.resumed(Step.DATASETS)
    protect(scene, operator="Olga@acme.example")
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, to_do(2))
        await pilot.press("enter")
        await until(pilot, lambda: idle(app) and len(scene.world.writes) == 2)
