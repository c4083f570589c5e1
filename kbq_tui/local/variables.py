"""Environment variables that are looked at before what they are about is read in."""

CLIPBOARD = "KBQ_TUI_CLIPBOARD"
KEYRING = "KBQ_TUI_KEYRING"
KEYRING_OFF = ("off", "0", "no", "false")
KEYRING_WORDS = ("on", *KEYRING_OFF, "1", "yes", "true")
"""What `KBQ_TUI_KEYRING` may say."""
