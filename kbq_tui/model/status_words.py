"""The words for states and actions: one word each on screens, in lines and in reports.

JSON has its own codes (`pass`, `broken`, `finished`), which stay as they are.
"""

from typing import Final

from kbq_tui.i18n.messages import N_

OK: Final = N_("ok")
FAIL: Final = N_("fail")
UNKNOWN: Final = N_("unknown")
SKIPPED: Final = N_("skipped")
WARNING: Final = N_("warning")
WAITING: Final = N_("waiting")
BLOCKED: Final = N_("blocked")
DONE: Final = N_("done")
IN_PLACE: Final = N_("in place")
CREATE: Final = N_("create")
UPDATE: Final = N_("update")
GRANT: Final = N_("grant")
DELETE: Final = N_("delete")
