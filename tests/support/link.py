"""A slow line between a program and its terminal: 2 kB/s towards the screen, 300 ms each way."""

import select

from tests.support.pty import Terminal

BYTES_A_SECOND = 2_000
DELAY = 0.3


def seconds(sent: int) -> float:
    """Return how long after a key press an answer of so many bytes has arrived."""
    return 2 * DELAY + sent / BYTES_A_SECOND


class SlowTerminal(Terminal):
    """A terminal behind such a line. Data that was not read yet waits in the pty, and then in the program."""

    def read(self, seconds: float = 0.0) -> int:
        """Read what comes in a tenth of a second."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return 0
        select.select([], [], [], 0.1)
        return self.take(BYTES_A_SECOND // 10)

    def send(self, text: str) -> None:
        """Send keys, which take their time to arrive."""
        select.select([], [], [], DELAY)
        super().send(text)
