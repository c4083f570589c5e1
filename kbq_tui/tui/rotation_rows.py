"""The steps of a key rotation as rows, and what is to be done in Klaviyo. Pure: same values, same lines."""

from typing import Final

from textual.content import Content

from kbq_tui.engine.rotation_session import RotationSession
from kbq_tui.engine.rotation_state import RotationOutcome
from kbq_tui.i18n.messages import N_, render, translate
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.summary import KLAVIYO_MENU, Summary
from kbq_tui.planning.rotation import RotationStep
from kbq_tui.shell.fetch import fetch_line
from kbq_tui.tui.glyphs import ARROW, Tone
from kbq_tui.tui.text import columns, plain, seconds, status, status_width
from kbq_tui.tui.widgets.rows import Row

_STEPS: Final = {
    RotationStep.CREATE: (N_("New key"), N_("made beside the old one")),
    RotationStep.VERIFY: (N_("Verified"), N_("with the new key")),
    RotationStep.HAND_OVER: (N_("In Klaviyo"), N_("you put the new key in; Klaviyo's first call tells")),
    RotationStep.PROMOTE: (N_("Kept here"), N_("the new key takes the old one's place")),
    RotationStep.DISABLE: (N_("Old key off"), N_("once nobody has used it for an hour")),
    RotationStep.DELETE: (N_("Old key gone"), N_("24 hours later; until then it can be enabled again")),
}
"""The steps that are shown, in their order: the name of each, and its description."""
_ORDER: Final = tuple(_STEPS)
_AT: Final = {RotationStep.BEGIN: RotationStep.CREATE, RotationStep.GRACE: RotationStep.DELETE}
"""Steps that are part of another one."""


def step_rows(session: RotationSession) -> list[Row]:
    """Return a row for each step: done, running, blocked, or still to do."""
    out = session.outcome
    if out is None:
        return []
    step = _AT.get(out.step, out.step)
    at = len(_ORDER) if step is RotationStep.FINISH else _ORDER.index(step)
    if not session.begun and step is not RotationStep.FINISH:
        at = 0
    return [_row(session, out, number, here=at) for number in range(len(_ORDER))]


def _row(session: RotationSession, out: RotationOutcome, number: int, *, here: int) -> Row:
    name, what = _STEPS[_ORDER[number]]
    text, tone, problem = translate(what), Tone.TODO, None
    if number < here:
        tone, text = Tone.DONE, _done(_ORDER[number], out) or text
    elif number == here:
        problem = next(iter(out.problems), None)
        event = session.latest if session.setup.busy else None
        if event is not None:
            tone, text = Tone.RUN if event.kind is not EventKind.WAITING else Tone.WAIT, _going_on(event)
        elif problem is not None:
            tone, text = Tone.FAIL, render(problem.title)
        elif out.why:
            tone, text = Tone.WAIT, _why(out)
    room = max(len(translate(each)) for each, _ in _STEPS.values()) + 2
    return Row(
        _ORDER[number],
        columns((status(tone), status_width()), (plain(translate(name)), room), (plain(text), 0)),
        problem,
        whole=status_width() + room,
    )


def _done(step: RotationStep, out: RotationOutcome) -> str:
    if step is RotationStep.CREATE and out.new:
        return translate("{new} beside {old}", new=out.new[:12], old=out.old[:12])
    return ""


def _why(out: RotationOutcome) -> str:
    why = render(out.why)
    return (
        why if out.until is None else translate("{why} It goes on {at} UTC.", why=why, at=f"{out.until:%Y-%m-%d %H:%M}")
    )


def _going_on(event: Event) -> str:
    text = render(event.text)
    return f"{text} {seconds(event.elapsed)}" if event.kind is EventKind.WAITING else text


def in_klaviyo(session: RotationSession, *, remote: bool) -> Content:
    """Return what is to be done in Klaviyo; empty if it is not Klaviyo's turn.

    Args:
        session: the rotation.
        remote: whether the browser is on another machine, so that the file has to be copied there.
    """
    out, spec = session.outcome, session.setup.spec()
    if out is None or out.step is not RotationStep.HAND_OVER or out.key is None or spec is None:
        return Content("")
    summary = Summary.of(spec, None if remote else out.key.path, spec.location)
    menu = [*map(render, KLAVIYO_MENU[:3]), "…", render(KLAVIYO_MENU[-1])]
    *values, file = summary.lines()[:3]
    lines = [
        Content.styled(translate("Give Klaviyo the new key. The old one works until Klaviyo has it."), "bold"),
        Content(f" {ARROW} ".join(menu)),
        *map(plain, values),
        plain(translate("Service Account Key (JSON)")) if remote else plain(file, limit=1_000),
    ]
    if remote:
        lines.append(plain(fetch_line(out.key.path), limit=1_000))
    return Content("\n").join(lines)


def explained() -> Content:
    """Return the explanation of a rotation, before it is begun."""
    return Content(
        translate(
            "A new key is made beside the old one, and verified. You put it into Klaviyo, and Klaviyo's first call "
            "with it is waited for. The old key goes once nobody uses it any more. Until then both work: leave at any "
            "time, and come back."
        )
    )
