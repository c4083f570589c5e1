"""The age of something, in one short word for tables."""

from datetime import datetime

from kbq_tui.i18n.messages import Message, message


def ago(when: datetime, now: datetime) -> Message:
    """Return how long ago a time was, in the largest unit that fits.

    Args:
        when: the time, aware; a future time counts as now.
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
