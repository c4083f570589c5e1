"""A log that is started by its first record, so that its modules are not imported before the first screen."""

import logging
from collections.abc import Callable


class LateLog(logging.Handler):
    """Starts the log when there is something to log.

    `logging` passes a record to the root logger's handlers one after the other, including one that is added meanwhile:
    the log's own handler comes after this one and gets the same record. This handler is not removed, because removing
    one while the others are called would leave another out.

    Attributes:
        start: adds the log's own handler to the root logger; None if that is done, or no longer wanted.
    """

    start: Callable[[], object] | None = None

    def emit(self, record: logging.LogRecord | None) -> None:
        """Start the log, if it is not started yet."""
        start, self.start = self.start, None
        if start is not None:
            start()


def _late_logs() -> list[LateLog]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, LateLog)]


def begin_later(logger: str, level: int, start: Callable[[], object]) -> None:
    """Start the log as soon as there is something to log.

    Args:
        logger: name of the program's logger.
        level: the least level that is logged.
        start: starts the log.
    """
    if not _late_logs():
        logging.getLogger().addHandler(LateLog())
    for handler in _late_logs():
        handler.start = start
    logging.getLogger(logger).setLevel(level)
    logging.captureWarnings(True)


def begin_now() -> None:
    """Start the log given to `begin_later`, if it is not started yet."""
    for handler in _late_logs():
        handler.emit(None)


def forget() -> None:
    """Do not start a log any more."""
    for handler in _late_logs():
        handler.start = None
