"""A `gcloud` for PATH that signs in as the real one does with `--no-launch-browser`, without Google."""

import shlex
from pathlib import Path

LINK = "https://accounts.google.com/o/oauth2/auth?response_type=code&client_id=764086051850.apps.googleusercontent.com"
CODE = "4/0Ab_fromthebrowser"
_SCRIPT = """#!/bin/sh
if [ "$*" != "auth application-default login --no-launch-browser" ]; then
  echo "ERROR: (gcloud) Invalid choice: $*" >&2
  exit 2
fi
if [ "$CLOUDSDK_CORE_DISABLE_PROMPTS" != 0 ]; then
  echo "ERROR: (gcloud.auth.application-default.login) This prompt could not be answered" >&2
  exit 1
fi
printf 'Go to the following link in your browser, and complete the sign-in prompts:\\n\\n    %s\\n\\n' {link} >&2
printf 'Once finished, enter the verification code provided in your browser: ' >&2
read -r code
if [ "$code" != {code} ]; then
  echo "ERROR: (gcloud.auth.application-default.login) There was a problem with web authentication." >&2
  echo "ERROR: (gcloud.auth.application-default.login) (invalid_grant) Malformed auth code." >&2
  exit 1
fi
folder="${{CLOUDSDK_CONFIG:-$HOME/.config/gcloud}}"
mkdir -p "$folder"
cp {credentials} "$folder/application_default_credentials.json"
printf '\\nCredentials saved to file: [%s/application_default_credentials.json]\\n' "$folder" >&2
"""


def put(folder: Path, credentials: str) -> str:
    """Write the program, and return the folder for PATH.

    The link, the questions, the order of the output and the exit status are those of gcloud 528; it writes the file
    `credentials`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "gcloud"
    values = {"link": LINK, "code": CODE, "credentials": credentials}
    program.write_text(
        _SCRIPT.format(**{key: shlex.quote(value) for key, value in values.items()}).replace("\\\\", "\\")
    )
    program.chmod(0o755)
    return str(folder)
