"""Plans in files (`plan --out F`, `apply F`): private, written completely or not at all, and without secrets."""

import json
import os
from pathlib import Path

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.files import FileKind, check_output, read_regular, write_atomic
from kbq_tui.local.os_errors import os_problem, problem, words_of
from kbq_tui.local.ui_state import scrubbed
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.saved_plan import KIND, SavedPlan, SavedPlanError

_LIMIT = 64 * 1024 * 1024
_HEAD = f'{{\n "schema": "{KIND}'.encode()


def is_plan(data: bytes) -> bool:
    """Return whether content is a saved plan's, of any version, also one that was cut off."""
    return data.startswith(_HEAD) or (len(data) > len('{\n "schema"') and _HEAD.startswith(data))


PLAN = FileKind(message("a saved plan"), is_plan)


def is_plan_file(typed: str) -> bool:
    """Return whether the text typed for a connection's name is the path of a saved plan, or of any file with a `/`."""
    if os.sep in typed:
        return True
    try:
        return is_plan(read_regular(Path(typed), _LIMIT))
    except (OSError, ValueError):
        return False


class PlanFiles:
    """Saved plans. Every method may raise ProblemError."""

    def check(self, path: str) -> None:
        """Check that a plan may be written to a path, before the work begins."""
        try:
            check_output(Path(path), PLAN)
        except OSError as error:
            raise os_problem(error, path, Code.STATE_UNWRITABLE) from error

    def write(self, path: str, saved: SavedPlan) -> None:
        """Write a plan, with mode 0600 if the file is new."""
        data = json.dumps(scrubbed(saved.to_json()), indent=1).encode() + b"\n"
        try:
            write_atomic(Path(path), data, PLAN)
        except OSError as error:
            raise os_problem(error, path, Code.STATE_UNWRITABLE) from error

    def read(self, path: str) -> SavedPlan:
        """Read a plan. Raises ProblemError (KBQ-PLAN-FILE) if it is not a plan, was cut off, or is of a newer
        version."""
        try:
            body = json.loads(read_regular(Path(path), _LIMIT))
            if not isinstance(body, dict):
                raise SavedPlanError(message("It is no plan that kbq-tui saved."))
            return SavedPlan.from_json(body)
        except OSError as error:
            raise _unusable(path, words_of(error)) from error
        except SavedPlanError as error:
            raise _unusable(path, error.reason) from None
        except RecursionError:
            raise _unusable(path, message("It is nested too deeply.")) from None
        except ValueError:  # not JSON, or incomplete
            raise _unusable(path, message("It is cut short, or no plan that kbq-tui saved.")) from None


def _unusable(path: str, reason: Message) -> ProblemError:
    return problem(Code.PLAN_FILE, path=path, reason=reason)
