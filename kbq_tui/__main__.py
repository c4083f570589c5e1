"""`python -m kbq_tui`."""

from kbq_tui.cli.main import run

if __name__ == "__main__":
    run()
