"""Environment variables that are read before the modules that they are about are imported."""

CLIPBOARD = "KBQ_TUI_CLIPBOARD"
KEYRING = "KBQ_TUI_KEYRING"
KEYRING_OFF = ("off", "0", "no", "false")
KEYRING_WORDS = ("on", *KEYRING_OFF, "1", "yes", "true")
"""The values of `KBQ_TUI_KEYRING`."""
