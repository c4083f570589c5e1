"""A log that is begun by its first record: what writes it is not read in before the first screen."""

import logging
from collections.abc import Callable


class LateLog(logging.Handler):
    """Begins the log when there is something to be logged.

    `logging` hands a record to one handler of the root logger after the other, also to one that is added meanwhile: the
    log's own comes after this one and gets the same record. This handler stays where it is: to remove one while the
    others are called would leave another out.

    Attributes:
        start: adds the log's own handler to the root logger; None if that is done, or not wanted any more.
    """

    start: Callable[[], object] | None = None

    def emit(self, record: logging.LogRecord | None) -> None:
        """Begin the log, if it is not begun yet."""
        start, self.start = self.start, None
        if start is not None:
            start()


def _late_logs() -> list[LateLog]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, LateLog)]


def begin_later(logger: str, level: int, start: Callable[[], object]) -> None:
    """Begin the log as soon as there is something to be logged.

    Args:
        logger: name of the program's logger.
        level: what of it is logged.
        start: begins the log.
    """
    if not _late_logs():
        logging.getLogger().addHandler(LateLog())
    for handler in _late_logs():
        handler.start = start
    logging.getLogger(logger).setLevel(level)
    logging.captureWarnings(True)


def begin_now() -> None:
    """Begin the log that `begin_later` was told of, if it is not begun yet."""
    for handler in _late_logs():
        handler.emit(None)


def forget() -> None:
    """Begin no log any more."""
    for handler in _late_logs():
        handler.start = None
