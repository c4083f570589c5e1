"""The guided set-up on lines: the same steps as on the screens, with previews before changes, without redrawing."""

from collections.abc import Callable
from dataclasses import replace

from kbq_tui.cli.prompts import Asker, Check
from kbq_tui.cli.render import EventLines, show_check, show_line, show_plan, show_summary, width_of
from kbq_tui.cli.report import about_of, report_text
from kbq_tui.cli.runner import NOT_HEALTHY, PlainRunner, status_of
from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.apply import Outcome
from kbq_tui.engine.health import Health, blocks_all
from kbq_tui.engine.observe import part_of
from kbq_tui.engine.ports import ProjectPage
from kbq_tui.engine.preflight import preflight
from kbq_tui.engine.services import ConnectionDraft, Login
from kbq_tui.engine.setup import STEPS, SetupSession
from kbq_tui.i18n.messages import N_, Message, message, render, translate
from kbq_tui.model import spec as rules
from kbq_tui.model.checks import CheckResult, verified
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Identity, Observed, value_of
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec, Direction
from kbq_tui.model.steps import Step
from kbq_tui.model.text import inert
from kbq_tui.planning.grants import Grant, held, over_grants, wanted

_LISTED = 9
"""The most projects that are offered by number."""

_TITLES = {
    Step.PROJECT: N_("Project"),
    Step.DATASETS: N_("Datasets"),
    Step.ACCOUNT: N_("Service account and key"),
    Step.PERMISSIONS: N_("Permissions"),
    Step.VERIFY: N_("Verify"),
    Step.CONNECT: N_("Connect Klaviyo"),
}


class _Stopped(Exception):
    """A step could not be finished and the operator does not want to continue."""

    def __init__(self, status: int) -> None:
        self.status = status


class GuidedSetup:
    """One guided set-up.

    Args:
        runner: runs the use cases; its console prints the conversation.
        asker: answers the questions.
        typed: fields that were given as options: they are not asked for.

    Raises:
        ProblemError: the connection's saved state cannot be read.
    """

    def __init__(self, runner: PlainRunner, asker: Asker, typed: frozenset[str]) -> None:
        self.runner = runner
        self.console = runner.console
        self.asker = asker
        self.typed = typed
        self.session = SetupSession(runner.services, strict=True)
        self.session.restore()
        self.session.stand_on(Step.PROJECT)
        self._login = Login()

    def run(self, as_json: bool) -> int:
        """Go through the steps.

        Returns:
            0; 6 if a check does not pass; else the exit status of what blocks it.
        """
        for notice in self.runner.services.notices:
            self.console.say(inert(render(notice)))
        try:
            self._sign_in()
            self._project()
            self._datasets()
            self._account()
            self._permissions()
            self._verify()
            return self._connect(as_json)
        except _Stopped as stop:
            self.console.say(translate("Stopped. What was done stays; the same command goes on from here."))
            return stop.status
        finally:
            if self.session.cloud is not None:
                self.runner.run(self.session.cloud.close())

    @property
    def _draft(self) -> ConnectionDraft:
        return self.session.draft

    def _heading(self, step: Step) -> None:
        number = list(Step).index(step) + 1
        self.console.say()
        self.console.say(
            translate("Step {n} of {all}: {title}", n=number, all=len(Step), title=translate(_TITLES[step]))
        )

    def _trying(self, work: Callable[[], "Outcome | None"]) -> None:
        """Repeat something until it succeeds, or the operator continues or stops."""
        while True:
            try:
                outcome = work()
                problems = outcome.problems if outcome is not None else ()
                if not problems and (outcome is None or outcome.complete):
                    return
            except ProblemError as error:
                problems = (error.problem,)
            for problem in problems:
                self.console.say()
                self.console.problem(problem)
            if self.asker.yes("retry", translate("Try again"), default=True):
                continue
            if self.asker.yes("go_on", translate("Go on without it"), default=False):
                return
            raise _Stopped(status_of(problems) or 1)

    def _sign_in(self) -> None:
        self.console.say(
            translate("kbq-tui connects Klaviyo to BigQuery. Every change is shown before it is made. Ctrl+C leaves.")
        )
        while True:
            try:
                who = self.runner.signed_in(self._identity)
                self.runner.check_operator(self._draft.name, who, changes=True)
            except ProblemError as error:
                self.console.problem(error.problem)
                if error.problem.kind is Kind.CREDENTIALS and self._signed_in_otherwise():
                    continue
                if not self.asker.yes("retry", translate("Try again"), default=True):
                    raise
                continue
            name = inert(who.principal) if who.principal else translate("somebody")
            self.console.say(
                translate(
                    "Credentials found: {who} ({source}); not tried yet", who=name, source=inert(render(who.source))
                )
            )
            return

    def _signed_in_otherwise(self) -> bool:
        """Offer gcloud's login, then a credentials file and a service account to act as.

        Returns:
            Whether there is something new to try.
        """
        session = self.session
        session.use_login(Login())
        sign_in = session.services.sign_in
        if sign_in.can_log_in():
            if self.asker.yes("log_in", translate("Sign in with gcloud now; it shows a link to open"), default=True):
                failed = sign_in.log_in()
                if failed is not None:
                    self.console.say("   " + inert(render(failed)))
                return failed is None
        else:
            self.console.say("   " + translate("gcloud's login cannot be used here; a file that signs in can."))

        def file(value: str) -> Message | None:
            return (rules.check_key_file(value) or sign_in.check_file(value)) if value else None

        def account(value: str) -> Message | None:
            return rules.check_impersonated(value) if value else None

        login = Login(
            self.asker.text("credentials", translate("Credentials file, such as a key (empty: none)"), "", file),
            self.asker.text("impersonate", translate("Service account to act as (empty: nobody else)"), "", account),
        )
        session.use_login(login)
        before, self._login = self._login, login
        return login not in (Login("", ""), before)  # an answers file would give the same one again

    async def _identity(self, *, allow_gcloud: bool = False) -> Identity:
        """Sign in, and return who is signed in. Raises ProblemError."""
        await self.session.sign_in(allow_gcloud=allow_gcloud)
        if self.session.sign_in_problem is not None:
            raise ProblemError(self.session.sign_in_problem)
        if self.session.identity is None:
            raise ProblemError(self._too_slow())
        return self.session.identity

    def _too_slow(self) -> Problem:
        """Return the problem that a phase of the session has exceeded its limit."""
        return catalogue.problem(Code.DEADLINE, self.session.context)

    def _ask(self, field: str, question: str, check_: Check) -> None:
        value = getattr(self._draft, field)
        if field in self.typed and check_(value) is None:
            self.console.say(f"   {question}: {inert(value)}")
            return
        self.session.set(**{field: self.asker.text(field, question, value, check_).strip()})

    def _project(self) -> None:
        self._heading(Step.PROJECT)
        ids = self._listed() if not self._draft.project else ()
        for number, id_ in enumerate(ids, 1):
            self.console.say(f"   {number}) {inert(id_)}")

        def right(value: str) -> Message | None:
            return None if _picked(value, ids) else rules.check_project(value)

        question = translate("Project ID, or a number of the list") if ids else translate("Project ID")
        self._ask("project", question, right)
        self.session.set(project=_picked(self._draft.project, ids) or self._draft.project)
        if "direction" in self.typed:
            self.console.say("   " + translate("Direction: {direction}", direction=self._draft.direction))
        else:
            ways, way = [d.value for d in Direction], self._draft.direction
            self.session.set(direction=self.asker.choice("direction", translate("Which way data flows"), ways, way))
        self._ask(
            "location",
            translate(
                "Location for new datasets: US, EU or a region; it can never be changed"
                " (empty: as what exists, else US)"
            ),
            lambda v: rules.check_location(v) if v else None,
        )
        spec, plan, observed = self._look()
        lines = preflight(spec, observed, plan)
        width = width_of(lines)
        for line in lines:
            show_line(line, self.console, result=False, width=width)
            if line.problem is not None and line.health is Health.BROKEN:
                self.console.problem(line.problem, heading="   " + translate("note"))
        if blocks_all(plan.causes):
            if not self.asker.yes("retry", translate("Try again"), default=True):
                raise _Stopped(status_of(plan.causes) or 1)
            self.typed -= {"project"}  # a value given as an option may be the wrong one
            self._project()
            return
        self._step(Step.PROJECT)

    def _listed(self) -> tuple[str, ...]:
        assert self.session.cloud is not None
        search = part_of(self.session.cloud.search_projects("", limit=_LISTED))
        page: ProjectPage | None = value_of(self.runner.run(search))
        found = [p.id for p in page.projects] if page is not None else []
        return tuple(dict.fromkeys([*self.runner.services.store.recent_projects(), *found]))[:_LISTED]

    def _datasets(self) -> None:
        self._heading(Step.DATASETS)
        direction = Direction(self._draft.direction)
        if direction.imports:
            self._ask("import_dataset", translate("Dataset that Klaviyo reads"), rules.check_dataset)
        self._ask("staging_dataset", translate("Dataset for Klaviyo's own work"), self._staging)
        if direction.exports:
            self._ask(
                "export_dataset",
                translate("Dataset that Klaviyo writes (empty: the one it reads)"),
                lambda v: rules.check_dataset(v) if v else None,
            )
        self._step(Step.DATASETS)

    def _staging(self, value: str) -> Message | None:
        if value in (self._draft.import_dataset, self._draft.export_dataset):
            return message("The staging dataset must be one that nothing else uses.")
        return rules.check_dataset(value)

    def _account(self) -> None:
        self._heading(Step.ACCOUNT)
        self._ask("account_id", translate("ID of the service account, the part before the @"), rules.check_account)
        self._ask("key_file", translate("Where its key is kept (empty: the usual place)"), rules.check_key_file)
        self._step(Step.ACCOUNT)

    def _permissions(self) -> None:
        self._heading(Step.PERMISSIONS)
        spec, _, observed = self._look()
        now = {(g.role, g.on) for g in held(spec, observed)}
        for grant in wanted(spec):
            there = (grant.role, grant.on) in now
            self._grant(grant, translate("granted") if there else translate("to be granted"))
        for grant in over_grants(spec, observed):
            self._grant(grant, translate("more than is needed"))
        self._step(Step.PERMISSIONS)

    def _grant(self, grant: Grant, state: str) -> None:
        resource = inert(render(grant.on.words))
        self.console.say(
            "   " + translate("{role} on {resource}: {state}", role=inert(grant.role), resource=resource, state=state)
        )

    def _look(self) -> tuple[ConnectionSpec, Plan, Observed]:
        """Read the present state.

        Raises:
            InvalidValueError: a value is not valid.
            ProblemError: the sign-in failed, or Google did not answer in time.
        """
        self.console.say("   " + translate("Looking at what is there ..."))
        self._draft.spec()
        session = self.session
        self.runner.run(session.look())
        if session.sign_in_problem is not None:
            raise ProblemError(session.sign_in_problem)
        if session.note is not None and session.note.timed_out is not None:
            raise ProblemError(self._too_slow())
        if session.note is not None:
            self.console.say("   " + render(session.note.text))
        assert session.looked is not None
        assert session.plan is not None
        assert session.observed is not None
        return session.looked, session.plan, session.observed

    def _step(self, step: Step) -> None:
        """Preview the changes of one step, ask, make them, and go on to the next step."""

        def once() -> Outcome | None:
            plan = self._look()[1].step(step)
            if step is Step.PROJECT and not plan.changes and not plan.blocked:
                return None  # preflight has said so already
            show_plan(plan if step is Step.ACCOUNT else replace(plan, warnings=()), self.console, result=False)
            if not plan.changes:
                return Outcome(plan)
            if not self.asker.yes("apply", translate("Do this"), default=False):
                if self.asker.yes("go_on", translate("Go on without it"), default=False):
                    return None
                raise _Stopped(1)
            return self.runner.run(self.session.apply(step, emit=EventLines(self.console)))

        self.session.stand_on(step)
        self._trying(once)
        self.session.go(STEPS[STEPS.index(step) + 1])

    def _verify(self) -> None:
        self._heading(Step.VERIFY)
        self.console.say("   " + translate("Every check runs with the key itself."))
        session = self.session
        while True:
            lines = EventLines(self.console)

            def seen(result: CheckResult, lines: EventLines = lines) -> None:
                lines.ended(result.id)
                show_check(result, self.console, as_result=False)

            results = self.runner.run(session.verify(emit=lines, told=seen))
            for problem in _problems(results):
                self.console.say()
                self.console.problem(problem, heading=translate("problem"))
            self.console.say(render(verified(results)))
            if session.healthy or not self.asker.yes("retry", translate("Check again"), default=True):
                break
        if self.asker.yes("report", translate("Save a report"), default=True):
            spec = self._draft.spec()
            about = self.runner.run(about_of(spec, session.ports(spec)))
            path = self.runner.services.store.save_text(spec.name, "verify", ".md", report_text(results, about, "x.md"))
            self.console.say("   " + translate("Saved: {path}", path=inert(path)))

    def _connect(self, as_json: bool) -> int:
        self._heading(Step.CONNECT)
        summary = self.session.summary()
        assert summary is not None
        if as_json:
            self.console.json(summary.to_json())
        else:
            show_summary(summary, self.console)
        healthy = self.session.healthy
        self.session.confirm(screen=Step.CONNECT, finished=healthy)
        if self.asker.yes("connected", translate("Is Klaviyo connected now"), default=False):
            self.session.confirm(connected=True)
        self.console.say(
            translate("Next: {command}", command=inert(str(self.runner.services.command("status", self._draft.name))))
        )
        return 0 if healthy else NOT_HEALTHY


def _picked(value: str, ids: tuple[str, ...]) -> str | None:
    """Return the id for a number in the list. A project id is never a number."""
    if value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= len(ids):
        return ids[int(value[:4]) - 1]
    return None


def _problems(results: tuple[CheckResult, ...]) -> list[Problem]:
    seen: dict[tuple[str | None, Message], Problem] = {}
    for result in results:
        if result.problem is not None and result.verdict in ("fail", "unknown"):
            seen.setdefault((result.problem.code, result.problem.cause), result.problem)
    return list(seen.values())
