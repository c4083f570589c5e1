"""The operator's yes to one act. In production, what destroys something wants the connection's name typed.

Every command that asks before it acts takes it from here:

    agreed = Consent.asked(runner, spec.name, yes=options.yes, confirmed=options.confirm, destroys=True)
    ...
    if not agreed.to(translate("Delete key {id}?", id=key_id)):
        return 1
"""

from typing import TYPE_CHECKING, Self

from kbq_tui.cli.command_options import UsageError
from kbq_tui.i18n.messages import message, translate
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.cli.runner import PlainRunner


@dataclass(frozen=True, slots=True)
class Consent:
    """How to get a yes, once it is known that this is possible.

    Attributes:
        runner: asks.
        name: the connection.
        given: whether it was given on the command line, so that nothing is asked.
        by_name: whether the connection's name has to be typed.
        data: whether this is because data is deleted, in production or not.
    """

    runner: "PlainRunner"
    name: str
    given: bool
    by_name: bool
    data: bool = False

    @classmethod
    def asked(
        cls,
        runner: "PlainRunner",
        name: str,
        *,
        yes: bool = False,
        confirmed: str | None = None,
        destroys: bool,
        data: bool = False,
        preview: str = "",
    ) -> Self:
        """Return how to get the yes to an act. To be called before anything is locked, sent or done.

        Args:
            runner: asks, if there is a terminal.
            name: the connection.
            yes: `--yes`.
            confirmed: `--confirm NAME`, which also stands for `--yes`; None if it was not typed.
            destroys: whether the act removes something that cannot be restored as it was.
            data: whether data is deleted, so that the connection's name has to be typed, in production or not.
            preview: the command that shows what would be done; empty if there is none.

        Raises:
            UsageError: another name was confirmed; or a yes is missing, and nobody can be asked.
            ProblemError: the connection's file cannot be read.
        """
        if confirmed is not None and confirmed != name:
            raise UsageError(
                message("--confirm says {typed}, but the connection is {name}.", typed=confirmed, name=name)
            )
        by_name = data or (destroys and runner.record(name).state.production)
        given = confirmed is not None or (yes and not by_name)
        if not given and (runner.ask_text if by_name else runner.confirm) is None:
            if data:
                raise UsageError(message("Data would be deleted. Give --confirm {name} to go ahead.", name=name))
            if by_name:
                raise UsageError(message("{name} is in production. Give --confirm {name} to go ahead.", name=name))
            if preview:
                text = message(
                    "Nobody can be asked here. Give --yes to go ahead; '{plan}' shows what it does.", plan=preview
                )
                raise UsageError(text)
            raise UsageError(message("Nobody can be asked here. Give --yes to go ahead."))
        return cls(runner, name, given, by_name, data)

    def to(self, question: str) -> bool:
        """Return whether to go ahead; asks if nothing was given on the command line. A no is acknowledged.

        Args:
            question: what is to be done, as a question in the operator's language.
        """
        if self.given or self._answered(question):
            return True
        self.runner.console.say(translate("Nothing was changed."))
        return False

    def _answered(self, question: str) -> bool:
        runner = self.runner
        if not self.by_name:
            return runner.confirm is not None and runner.confirm(question)
        runner.console.say(question)
        typed = translate("{name} is in production. Type its name to go ahead:", name=self.name)
        if self.data:
            typed = translate("Data will be deleted for good. Type {name} to go ahead:", name=self.name)
        return runner.ask_text is not None and runner.ask_text(typed) == self.name
