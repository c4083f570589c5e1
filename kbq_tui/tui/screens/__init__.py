"""One screen for each step. Screens do not import each other: the app decides which one comes next."""

from kbq_tui.model.steps import Step
from kbq_tui.tui.screens.base import BaseScreen


def screen_for(step: Step) -> type[BaseScreen]:
    """Return a step's screen; each is imported when it is first shown, so that the first one is fast."""
    match step:
        case Step.PROJECT:
            from kbq_tui.tui.screens.project import ProjectScreen

            return ProjectScreen
        case Step.DATASETS:
            from kbq_tui.tui.screens.datasets import DatasetsScreen

            return DatasetsScreen
        case Step.ACCOUNT:
            from kbq_tui.tui.screens.account import AccountScreen

            return AccountScreen
        case Step.PERMISSIONS:
            from kbq_tui.tui.screens.permissions import PermissionsScreen

            return PermissionsScreen
        case Step.VERIFY:
            from kbq_tui.tui.screens.verify import VerifyScreen

            return VerifyScreen
        case Step.CONNECT:
            from kbq_tui.tui.screens.connect import ConnectScreen

            return ConnectScreen
