"""How long ago something was, in one short word for tables."""

from datetime import datetime

from kbq_tui.i18n.messages import Message, message


def ago(when: datetime, now: datetime) -> Message:
    """Return how long ago a moment was, in the largest unit that it fills.

    Args:
        when: the moment, aware; one to come counts as now.
        now: aware.
    """
    seconds = (now - when).total_seconds()
    if seconds < 60:
        return message("just now")
    if seconds < 3_600:
        return message("{n} min ago", n=int(seconds // 60))
    if seconds < 86_400:
        return message("{n} h ago", n=int(seconds // 3_600))
    return message("{n} d ago", n=int(seconds // 86_400))
