"""A plan as a shell script of gcloud and bq commands."""

import shlex

from kbq_tui.model.operations import (
    Action,
    Change,
    CreateAccount,
    CreateKey,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    DisableKey,
    DropDataset,
    EnableKey,
    GrantDatasetRole,
    GrantProjectRole,
    RevokeProjectRole,
)
from kbq_tui.model.plan import Plan
from kbq_tui.model.text import inert
from kbq_tui.shell.operation_rows import command_for, command_of, default_key_file

_HEAD = """\
#!/bin/sh
# Connect Klaviyo to BigQuery: connection {connection}.
# Needs gcloud and bq, signed in as somebody who may do this (gcloud auth login).
# Running it twice does no harm: what is there already is left as it is.
set -eu
umask 077  # the key file is for your eyes only
"""

_SETTLE = """
# A new service account takes up to some minutes to be known everywhere; till then a grant is refused.
settle() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 20 ]; then
      echo "Given up after $tries tries: $*" >&2
      return 1
    fi
    echo "Not yet: trying again in 15 seconds ($tries of 20)" >&2
    sleep 15
  done
}
"""


def to_gcloud(plan: Plan) -> str:
    """Return the plan as a POSIX shell script.

    Args:
        plan: the plan. Comments say what is in place already and what is blocked.
    """
    new_account = any(isinstance(a.op, CreateAccount) for a in plan.changes)
    lines = [_HEAD.format(connection=inert(plan.connection))]
    if new_account:
        lines.append(_SETTLE)
    for action in plan.actions:
        lines.append(f"\n# {inert(str(action.summary))}\n")
        if action.change is Change.NOOP:
            lines.append("# (in place already)\n")
        else:
            lines.append(_step(action, plan.location, new_account) + "\n")
    for blocked in plan.blocked:
        lines.append(f"\n# NOT INCLUDED: {inert(str(blocked.action.summary))}\n")
        lines.append(f"# {blocked.problem.code or 'unrecognised'}: {inert(str(blocked.problem.title))}\n")
    return "".join(lines)


def _step(action: Action, location: str | None, new_account: bool) -> str:
    command = command_for(action, location)
    if command_of(action, location).missing:
        return command  # a comment that says so
    settled = f"settle {command}" if new_account else command
    match action.op:
        case CreateAccount():
            email, project = shlex.quote(action.resource.name), shlex.quote(f"--project={action.resource.project}")
            return f"gcloud iam service-accounts describe {email} {project} >/dev/null 2>&1 ||\n  {command}"
        case CreateKey(email=email, key_file=wanted):
            # The private key is shown only once, so an existing file is never replaced.
            return f"[ -s {shlex.quote(wanted or default_key_file(email))} ] ||\n  {settled}"
        case GrantProjectRole():
            return f"{settled} >/dev/null"  # otherwise the command prints the whole policy
        case GrantDatasetRole():
            return settled
        case RevokeProjectRole() | DeleteKey() | DisableKey() | EnableKey() | DeleteAccount():
            return f"# It may ask first; where it is gone already, it says so and ends the script.\n{command}"
        case DropDataset():
            return f"# It asks first; every table in it goes, too.\n{command}"
        case DeleteDataset():
            return f"# It asks first, and refuses where there are tables in it.\n{command}"
        case _:
            return command
