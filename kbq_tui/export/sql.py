"""A plan as SQL, for the BigQuery console. What SQL cannot do is a comment with the command for it."""

from kbq_tui.model.operations import Change
from kbq_tui.model.plan import Plan
from kbq_tui.model.text import inert
from kbq_tui.shell.operation_rows import command_for, command_of


def to_sql(plan: Plan) -> str:
    """Return the plan as SQL statements; running it twice does no harm.

    Args:
        plan: the plan. Comments say what is in place already and what is blocked.
    """
    lines = ["-- Connect Klaviyo to BigQuery: the part that SQL can do.", f"-- Connection: {inert(plan.connection)}"]
    if plan.location:
        lines.append(f"-- Run it in location {inert(plan.location)}: in the console under More > Query settings.")
    for action in plan.actions:
        lines += ["", f"-- {inert(str(action.summary))}"]
        if action.change is Change.NOOP:
            lines.append("-- (in place already)")
            continue
        command = command_of(action, plan.location)
        if command.statement and not command.missing:
            lines.append(f"{command.sql};")
        else:
            lines += ["-- SQL cannot do this. In a shell:", f"-- {command_for(action, plan.location)}"]
    for blocked in plan.blocked:
        lines += [
            "",
            f"-- NOT INCLUDED: {inert(str(blocked.action.summary))}",
            f"-- {blocked.problem.code or 'unrecognised'}: {inert(str(blocked.problem.title))}",
        ]
    return "\n".join(lines) + "\n"
