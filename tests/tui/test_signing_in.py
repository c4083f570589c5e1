"""The ways to sign in from the screens, if nobody is signed in."""

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.services import Login
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context
from kbq_tui.model.steps import Step
from kbq_tui.tui.modals.sign_in import SignInOtherwise
from kbq_tui.tui.screens.welcome import WelcomeScreen
from tests.stories import scene as fakes
from tests.tui.screens import app_for, button, goes_on, on, until

KEY = "/home/olga/key.json"
ACCOUNT = "robot@acme-prod-123.iam.gserviceaccount.com"


def signed_out(step: Step, code: Code = Code.NO_CREDENTIALS, *, installed: bool = True) -> fakes.Scene:
    scene = fakes.resumed(step)
    scene.sign_in.problem = catalogue.problem(code, Context())
    scene.sign_in.installed = installed
    scene.sign_in.files = frozenset({KEY})
    return scene


@pytest.mark.parametrize("code", [Code.NO_CREDENTIALS, Code.LOGIN_EXPIRED])
async def test_a_terminal_that_cannot_leave_the_screen_is_told_the_command(code: Code) -> None:
    app = app_for(signed_out(Step.PROJECT, code))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("primary", "Sign in now"))
        await pilot.press("enter")
        await until(pilot, "This terminal cannot leave the screen; sign in on another.")


async def test_a_file_that_is_there_signs_in_and_others_are_refused() -> None:
    scene = signed_out(Step.PROJECT)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("otherwise"))
        await pilot.press("right", "enter")
        await until(pilot, on(SignInOtherwise))
        await pilot.press(*"/nowhere", "enter")
        await until(pilot, "File /nowhere cannot be read")
        assert scene.sign_in.login == Login()
        await pilot.press(*["backspace"] * 8, *KEY, "enter")
        await until(pilot, goes_on())
    assert scene.sign_in.login == Login(KEY)


async def test_acting_as_a_service_account_needs_its_address() -> None:
    scene = signed_out(Step.PROJECT, installed=False)
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "gcloud is not installed here" in await until(pilot, button("primary", "Another way"))
        await pilot.press("enter")
        await until(pilot, on(SignInOtherwise))
        await pilot.press("tab", *"robot", "enter")
        await until(pilot, "It takes a service account's e-mail")
        await pilot.press(*ACCOUNT.removeprefix("robot"), "enter")
        await until(pilot, goes_on())
    assert scene.sign_in.login == Login(None, ACCOUNT)


async def test_behind_the_welcome_the_button_has_room_for_its_new_label() -> None:
    scene = fakes.blank()
    scene.sign_in.problem = catalogue.problem(Code.NO_CREDENTIALS, Context())
    scene.sign_in.installed = True
    app = app_for(scene)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, on(WelcomeScreen))
        await until(pilot, lambda: app.wizard.sign_in_problem is not None)
        await pilot.press("enter")
        assert "[ Sign in now ]  [ Another way ]" in await until(pilot, button("otherwise"))


async def test_every_step_leads_to_where_one_signs_in() -> None:
    app = app_for(signed_out(Step.ACCOUNT))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, button("primary", "Sign in"))
        await pilot.press("enter")
        await until(pilot, button("primary", "Sign in now"))
