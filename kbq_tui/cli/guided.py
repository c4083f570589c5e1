"""The guided set-up on lines: the same steps as the screens, previews before changes, nothing redrawn."""

from collections.abc import Callable
from dataclasses import replace

from kbq_tui.cli.prompts import Asker, Check
from kbq_tui.cli.render import EventLines, show_check, show_line, show_plan, show_summary, width_of
from kbq_tui.cli.report import about_of, report_text
from kbq_tui.cli.runner import (
    NOT_HEALTHY,
    PlainRunner,
    carry_out,
    check,
    plan_of,
    remember_checks,
    status_of,
    summary_of,
)
from kbq_tui.engine.apply import Outcome
from kbq_tui.engine.health import blocks_all
from kbq_tui.engine.observe import part_of
from kbq_tui.engine.ports import Ports, ProjectPage
from kbq_tui.engine.preflight import preflight
from kbq_tui.engine.services import ConnectionDraft
from kbq_tui.engine.status import Health
from kbq_tui.i18n.messages import N_, Message, message, render, translate
from kbq_tui.model import spec as rules
from kbq_tui.model.checks import CheckResult, healthy, verified
from kbq_tui.model.observed import Identity, Observed, Present, value_of
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec, Direction
from kbq_tui.model.steps import Step
from kbq_tui.model.text import inert
from kbq_tui.planning.diff import diff
from kbq_tui.planning.grants import Grant, held, over_grants, wanted
from kbq_tui.planning.locations import adopted, location_to_adopt

_LISTED = 9
"""Projects that are offered by number."""

_TITLES = {
    Step.PROJECT: N_("Project"),
    Step.DATASETS: N_("Datasets"),
    Step.ACCOUNT: N_("Service account and key"),
    Step.PERMISSIONS: N_("Permissions"),
    Step.VERIFY: N_("Verify"),
    Step.CONNECT: N_("Connect Klaviyo"),
}


class _Stopped(Exception):
    """A step could not be finished and the operator does not go on."""

    def __init__(self, status: int) -> None:
        self.status = status


class GuidedSetup:
    """One guided set-up.

    Args:
        runner: runs the use cases; its console takes the conversation.
        asker: answers the questions.
        draft: what options, environment and files gave.
        typed: fields that were typed as options: nobody is asked for them.
    """

    def __init__(self, runner: PlainRunner, asker: Asker, draft: ConnectionDraft, typed: frozenset[str]) -> None:
        self.runner = runner
        self.console = runner.console
        self.asker = asker
        self.draft = draft
        self.typed = typed
        self.location: str | None = None
        self.record = runner.record(draft.name)
        self._project_seen = self._key_here = False

    def run(self, as_json: bool) -> int:
        """Go through the steps.

        Returns:
            0; 6 where a check does not pass; else the exit status of what stands in the way.
        """
        for notice in self.runner.services.notices:
            self.console.say(inert(render(notice)))
        ports = self._signed_in()
        try:
            spec = self._project(ports)
            spec = self._datasets(ports, spec)
            spec = self._account(ports, spec)
            self._permissions(ports, spec)
            results = self._verify(ports, spec)
            return self._connect(ports, spec, results, as_json)
        except _Stopped as stop:
            self.console.say(translate("Stopped. What was done stays; the same command goes on from here."))
            return stop.status
        finally:
            self.runner.run(ports.cloud.close())

    def _keep(
        self, spec: ConnectionSpec, screen: Step, *, finished: bool | None = None, confirmed: bool = False
    ) -> None:
        """Remember the connection; of a new one nothing, until a change was agreed to or a key is taken."""
        self.record.keep(draft=ConnectionDraft.of(spec), screen=screen, finished=finished, confirmed=confirmed)
        if self._project_seen and self.record.filed:
            self.runner.services.store.remember_project(spec.project)

    def _heading(self, step: Step) -> None:
        number = list(Step).index(step) + 1
        self.console.say()
        self.console.say(
            translate("Step {n} of {all}: {title}", n=number, all=len(Step), title=translate(_TITLES[step]))
        )

    def _trying(self, work: Callable[[], "Outcome | None"]) -> None:
        """Do something until it succeeds, or the operator goes on or stops."""
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

    def _signed_in(self) -> Ports:
        self.console.say(
            translate("kbq-tui connects Klaviyo to BigQuery. Every change is shown before it is made. Ctrl+C leaves.")
        )
        while True:
            try:
                ports = self.runner.sign_in(self.draft.name, changes=True)
                who = self.runner.run(_identity(ports))
            except ProblemError as error:
                self.console.problem(error.problem)
                if not self.asker.yes("retry", translate("Try again"), default=True):
                    raise
                continue
            name = inert(who.principal) if who.principal else translate("somebody")
            self.console.say(
                translate(
                    "Credentials found: {who} ({source}); not tried yet", who=name, source=inert(render(who.source))
                )
            )
            return ports

    def _ask(self, field: str, question: str, check_: Check) -> None:
        value = getattr(self.draft, field)
        if field in self.typed and check_(value) is None:
            self.console.say(f"   {question}: {inert(value)}")
            return
        self.draft = self.draft.replace(**{field: self.asker.text(field, question, value, check_).strip()})

    def _project(self, ports: Ports) -> ConnectionSpec:
        self._heading(Step.PROJECT)
        ids = self._listed(ports) if not self.draft.project else ()
        for number, id_ in enumerate(ids, 1):
            self.console.say(f"   {number}) {inert(id_)}")

        def right(value: str) -> Message | None:
            return None if _picked(value, ids) else rules.check_project(value)

        question = translate("Project ID, or a number of the list") if ids else translate("Project ID")
        self._ask("project", question, right)
        self.draft = self.draft.replace(project=_picked(self.draft.project, ids) or self.draft.project)
        if "direction" in self.typed:
            self.console.say("   " + translate("Direction: {direction}", direction=self.draft.direction))
        else:
            ways = [d.value for d in Direction]
            self.draft = self.draft.replace(
                direction=self.asker.choice("direction", translate("Which way data flows"), ways, self.draft.direction)
            )
        self._ask(
            "location",
            translate(
                "Location for new datasets: US, EU or a region; it can never be changed"
                " (empty: as what exists, else US)"
            ),
            lambda v: rules.check_location(v) if v else None,
        )
        spec = self.draft.spec()
        spec, plan, observed = self._look(ports, spec)
        lines = preflight(spec, observed, plan)
        width = width_of(lines)
        for line in lines:
            show_line(line, self.console, result=False, width=width)
            if line.problem is not None and line.health is Health.BROKEN:
                self.console.problem(line.problem, heading="   " + translate("note"))
        if blocks_all(plan.causes):
            if not self.asker.yes("retry", translate("Try again"), default=True):
                raise _Stopped(status_of(plan.causes) or 1)
            self.typed -= {"project"}  # what was typed may be what is wrong
            return self._project(ports)
        return self._step(ports, spec, Step.PROJECT)

    def _listed(self, ports: Ports) -> tuple[str, ...]:
        page: ProjectPage | None = value_of(self.runner.run(part_of(ports.cloud.search_projects("", limit=_LISTED))))
        found = [p.id for p in page.projects] if page is not None else []
        return tuple(dict.fromkeys([*self.runner.services.store.recent_projects(), *found]))[:_LISTED]

    def _datasets(self, ports: Ports, spec: ConnectionSpec) -> ConnectionSpec:
        self._heading(Step.DATASETS)
        if spec.direction.imports:
            self._ask("import_dataset", translate("Dataset that Klaviyo reads"), rules.check_dataset)
        self._ask("staging_dataset", translate("Dataset for Klaviyo's own work"), self._staging)
        if spec.direction.exports:
            self._ask(
                "export_dataset",
                translate("Dataset that Klaviyo writes (empty: the one it reads)"),
                lambda v: rules.check_dataset(v) if v else None,
            )
        return self._step(ports, self.draft.spec(), Step.DATASETS)

    def _staging(self, value: str) -> Message | None:
        if value in (self.draft.import_dataset, self.draft.export_dataset):
            return message("The staging dataset must be one that nothing else uses.")
        return rules.check_dataset(value)

    def _account(self, ports: Ports, spec: ConnectionSpec) -> ConnectionSpec:
        self._heading(Step.ACCOUNT)
        self._ask("account_id", translate("ID of the service account, the part before the @"), rules.check_account)
        self._ask("key_file", translate("Where its key is kept (empty: the usual place)"), rules.check_key_file)
        return self._step(ports, self.draft.spec(), Step.ACCOUNT)

    def _permissions(self, ports: Ports, spec: ConnectionSpec) -> None:
        self._heading(Step.PERMISSIONS)
        spec, _, observed = self._look(ports, spec)
        now = {(g.role, g.on) for g in held(spec, observed)}
        for grant in wanted(spec):
            there = (grant.role, grant.on) in now
            self._grant(grant, translate("granted") if there else translate("to be granted"))
        for grant in over_grants(spec, observed):
            self._grant(grant, translate("more than is needed"))
        self._step(ports, spec, Step.PERMISSIONS)

    def _grant(self, grant: Grant, state: str) -> None:
        resource = inert(render(grant.on.words))
        self.console.say(
            "   " + translate("{role} on {resource}: {state}", role=inert(grant.role), resource=resource, state=state)
        )

    def _look(self, ports: Ports, spec: ConnectionSpec) -> tuple[ConnectionSpec, Plan, Observed]:
        """Look at what is there, and adopt its location; returns the connection with that."""
        self.console.say("   " + translate("Looking at what is there ..."))
        plan, observed = self.runner.run(plan_of(spec, ports))
        if (there := location_to_adopt(spec, observed)) is not None:
            self.draft, spec = self.draft.replace(location=there), spec.with_location(there)
            self.console.say("   " + render(adopted(there)))
            plan = ports.named_plan(diff(spec, observed))
        self.location = plan.location
        self._project_seen = isinstance(observed.project, Present)
        self._key_here = isinstance(observed.key, Present)
        return spec, plan, observed

    def _step(self, ports: Ports, spec: ConnectionSpec, step: Step) -> ConnectionSpec:
        """Preview the changes of one step, ask, and make them; returns the connection as it is by then."""

        def once() -> Outcome | None:
            nonlocal spec
            spec, whole, _ = self._look(ports, spec)
            plan = whole.step(step)
            if step is Step.PROJECT and not plan.changes and not plan.blocked:
                return None  # the preflight has said so
            show_plan(plan if step is Step.ACCOUNT else replace(plan, warnings=()), self.console, result=False)
            if not plan.changes:
                return Outcome(plan)
            if not self.asker.yes("apply", translate("Do this"), default=False):
                if self.asker.yes("go_on", translate("Go on without it"), default=False):
                    return None
                raise _Stopped(1)
            self._keep(spec, step, confirmed=True)
            work = carry_out(
                spec, ports, self.runner.services, EventLines(self.console), expected=plan.fingerprint, only=step
            )
            return self.runner.run(work)

        self._trying(once)
        taken = step is Step.ACCOUNT and self._key_here and not self.record.filed
        self._keep(spec, list(Step)[list(Step).index(step) + 1], confirmed=taken)
        return spec

    def _verify(self, ports: Ports, spec: ConnectionSpec) -> tuple[CheckResult, ...]:
        self._heading(Step.VERIFY)
        self.console.say("   " + translate("Every check runs with the key itself."))
        while True:
            lines = EventLines(self.console)

            def seen(result: CheckResult, lines: EventLines = lines) -> None:
                lines.ended(result.id)
                show_check(result, self.console, as_result=False)

            results = self.runner.run(check(spec, ports, self.runner.services, emit=lines, told=seen))
            if healthy(results):
                self._keep(spec, Step.VERIFY, confirmed=True)
            remember_checks(self.runner, spec, results)
            for problem in _problems(results):
                self.console.say()
                self.console.problem(problem, heading=translate("problem"))
            self.console.say(render(verified(results)))
            if healthy(results) or not self.asker.yes("retry", translate("Check again"), default=True):
                break
        if self.asker.yes("report", translate("Save a report"), default=True):
            about = self.runner.run(about_of(spec, ports))
            path = self.runner.services.store.save_text(spec.name, "verify", ".md", report_text(results, about, "x.md"))
            self.console.say("   " + translate("Saved: {path}", path=inert(path)))
        return results

    def _connect(self, ports: Ports, spec: ConnectionSpec, results: tuple[CheckResult, ...], as_json: bool) -> int:
        self._heading(Step.CONNECT)
        summary = self.runner.run(summary_of(spec, ports, self.location))
        if as_json:
            self.console.json(summary.to_json())
        else:
            show_summary(summary, self.console)
        self._keep(spec, Step.CONNECT, finished=healthy(results), confirmed=True)
        if self.asker.yes("connected", translate("Is Klaviyo connected now"), default=False):
            self.record.keep(connected=True)
        self.console.say(
            translate("Later: {command}", command=inert(self.runner.services.command("status", spec.name)))
        )
        return 0 if healthy(results) else NOT_HEALTHY


async def _identity(ports: Ports) -> Identity:
    return await ports.cloud.identity()


def _picked(value: str, ids: tuple[str, ...]) -> str | None:
    """Return the id that a number of the list stands for. A project id is never a number."""
    if value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= len(ids):
        return ids[int(value[:4]) - 1]
    return None


def _problems(results: tuple[CheckResult, ...]) -> list[Problem]:
    seen: dict[tuple[str | None, Message], Problem] = {}
    for result in results:
        if result.problem is not None and result.verdict in ("fail", "unknown"):
            seen.setdefault((result.problem.code, result.problem.cause), result.problem)
    return list(seen.values())
