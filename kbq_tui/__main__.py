"""`python -m kbq_tui`."""

from kbq_tui.entry import run

if __name__ == "__main__":
    run()
