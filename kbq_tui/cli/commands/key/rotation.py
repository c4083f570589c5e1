"""`kbq-tui key rotate`: replace the key that Klaviyo uses, so that a working key exists at any time."""

from datetime import timedelta

from kbq_tui.cli.change_json import SCHEMA, event_json
from kbq_tui.cli.commands.key import KeyRotateOptions
from kbq_tui.cli.consent import Consent
from kbq_tui.cli.render import EventLines
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner, status_of
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.rotation import roll_back, rotate
from kbq_tui.engine.rotation_state import RotationOptions, RotationOutcome, look
from kbq_tui.engine.services import patience_of
from kbq_tui.engine.waiting import Emit
from kbq_tui.i18n.messages import message, render, translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.observed import LocalKey
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert
from kbq_tui.planning.rotation import RotationStep, RotationView
from kbq_tui.shell.fetch import fetch_line

_SOMEBODY = frozenset({Code.KEY_IN_USE, Code.ROTATION_UNCONFIRMED})
"""Steps at which a person has to do something before it can continue."""


def rotate_command(options: KeyRotateOptions, runner: PlainRunner) -> int:
    """Continue the rotation from its present state, or roll it back.

    Exit status 0 if it is done, or only has to wait; 6 if Klaviyo, or somebody else, has to do something.

    Raises:
        UsageError: there is nobody to ask, and no `--yes`.
    """
    spec = runner.spec()
    preview = str(runner.services.command("key list", spec.name))
    consent = Consent.asked(
        runner, spec.name, yes=options.yes, confirmed=options.confirm, destroys=True, preview=preview
    )
    with runner.lock():
        ports = runner.sign_in(spec.name, changes=True)
        try:
            return _Rotate(options, runner, spec, ports, consent).run()
        finally:
            runner.run(ports.cloud.close())


class _Rotate:
    def __init__(
        self, options: KeyRotateOptions, runner: PlainRunner, spec: ConnectionSpec, ports: Ports, consent: Consent
    ) -> None:
        self.options, self.runner, self.spec, self.ports, self.consent = options, runner, spec, ports, consent
        self.patience = patience_of(runner.services)
        self.lines = EventLines(runner.console)
        self.emit: Emit = self._json if options.output.as_json else self.lines

    def run(self) -> int:
        view = self.runner.run(look(self.spec, self.ports, self.emit, self.patience))
        if not self.consent.to(self._question(view)):
            return 1
        outcome = self.runner.run(self._work())
        self._tell(outcome)
        if outcome.problems:
            somebody = any(problem.code in _SOMEBODY for problem in outcome.problems)
            return NOT_HEALTHY if somebody else status_of(outcome.problems)
        return NOT_HEALTHY if outcome.step is RotationStep.HAND_OVER else 0

    async def _work(self) -> RotationOutcome:
        options = self.options
        if options.rollback:
            return await roll_back(self.spec, self.ports, self.emit, self.patience, confirmed=options.confirmed)
        wanted = RotationOptions(options.confirmed, timedelta(hours=options.grace), options.wait * 60)
        return await rotate(self.spec, self.ports, self.emit, self.patience, wanted, self._hand_over)

    def _question(self, view: RotationView) -> str:
        account, rotation = self.spec.account_email, view.rotation
        if self.options.rollback:
            return translate("Take the new key of {account} back?", account=account)
        if rotation is not None:
            old = inert(rotation.old[:12])
            return translate("Go on with replacing key {id} of {account}?", id=old, account=account)
        self.runner.console.say(
            translate(
                "A new key is made beside the old one, and verified. You put it into Klaviyo, and Klaviyo's first call "
                "with it is waited for. Once nobody uses the old key any more it is disabled, and deleted {n:g} hours "
                "later. Until then both work. Stop at any time, and run the same command to go on.",
                n=self.options.grace,
            )
        )
        return translate("Replace the key of {account}?", account=account)

    def _json(self, event: Event) -> None:
        self.runner.console.json(event_json(event))

    def _hand_over(self, key: LocalKey) -> None:
        """Print what to do in Klaviyo, and how to copy the file to the browser's machine."""
        copy = fetch_line(key.path)
        if self.options.output.as_json:
            text = message("Put {path} into Klaviyo: {command}", path=key.path, command=copy)
            now = self.runner.services.clock.now()
            self._json(Event(EventKind.PROGRESSED, "hand-over", now, text))
            return
        console = self.runner.console
        console.say()
        console.say(translate("Now give Klaviyo the new key. The old one works until Klaviyo has it."))
        for line in Summary.of(self.spec, key.path, self.spec.location).lines():
            console.result(inert(render(line)) if line else "")
        console.say(
            translate(
                "Klaviyo documents no way to replace a key: where its settings offer none, connect to BigQuery again, "
                "with the same values and the new key."
            )
        )
        console.say(translate("The file is on this machine. On the one with the browser:"))
        console.say(f"  {inert(copy)}")

    def _tell(self, outcome: RotationOutcome) -> None:
        if self.options.output.as_json:
            self.runner.console.json(self._summary(outcome))
            return
        console, again = self.runner.console, str(self.runner.services.command("key rotate", self.spec.name))
        for problem in outcome.problems:
            console.say()
            console.problem(problem)
        if outcome.why:
            console.say(inert(render(outcome.why), 300))
        if outcome.until is not None:
            at = f"{outcome.until:%Y-%m-%d %H:%M} UTC"
            console.say(translate("It goes on {at}: {command}", at=at, command=inert(again)))
        elif outcome.rolled_back and not outcome.problems:
            if outcome.step is RotationStep.FINISH:
                console.say(translate("The new key is taken back; Klaviyo's key is the old one."))
            else:
                console.say(
                    translate("The old key is enabled again; both keys work. To go on: {command}", command=inert(again))
                )
        elif outcome.finished:
            console.say(translate("Done: the old key is deleted, and the new one has its place."))
            console.say(
                translate("Next: {command}", command=inert(str(self.runner.services.command("verify", self.spec.name))))
            )
        elif not outcome.problems:
            console.say(translate("What was done stays. To go on: {command}", command=inert(again)))

    def _summary(self, outcome: RotationOutcome) -> dict[str, object]:
        path = outcome.key.path if outcome.key is not None else None
        return {
            **Summary.of(self.spec, path, self.spec.location).to_json(),
            "schema": SCHEMA,
            "event": "summary",
            "action": None,
            "at": self.runner.services.clock.now().isoformat(),
            "ok": not outcome.problems,
            "done": outcome.done,
            "unchanged": [],
            "skipped": [],
            "blocked": [],
            "failed": [{"id": outcome.step.value, "problem": p.to_json()} for p in outcome.problems],
            "rotation": {
                "next": outcome.step.value,
                "finished": outcome.finished,
                "rolled_back": outcome.rolled_back,
                "old": outcome.old or None,
                "new": outcome.new or None,
                "until": outcome.until.isoformat() if outcome.until is not None else None,
                "why": str(outcome.why) or None,
            },
        }
