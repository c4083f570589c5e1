"""Copies or prints the private key, and shreds its file afterwards. Both only after a question."""

from functools import partial

from kbq_tui.engine.hand_over import shred_key
from kbq_tui.i18n.messages import joined, message, render, translate
from kbq_tui.model.observed import LocalKey
from kbq_tui.model.problem import ProblemError
from kbq_tui.tui.host import Host
from kbq_tui.tui.modals.decision import Decision
from kbq_tui.tui.modals.destroying import destroying


def offer_key(host: Host) -> None:
    """Ask whether the private key is to be copied or printed, and say who may see it there; then do so.

    Args:
        host: the app; there must be a key on this machine.
    """
    way = host.services.clipboard.key_way()
    lines = [
        translate("Klaviyo takes the key as a file, or pasted. This hands out the private key itself."),
        "",
        *([translate("Copy: {way}", way=render(way)), ""] if way else []),
        translate(
            "Print: on the plain terminal, where its own selection works. Enter then clears the screen and all that was"
            " scrolled away, where the terminal can do that."
        ),
        "",
        translate(
            "Who can read it there, or in what a clipboard manager or a recording of this session keeps, can read these"
            " datasets. Once it is pasted, copy something else."
        ),
    ]
    answers = {"print": translate("Print the key")} | ({"copy": translate("Copy the key")} if way else {})
    asked = translate("Copy or print the private key?" if way else "Print the private key?")

    def answered(answer: str | None) -> None:
        if answer == "copy":
            host.exports.copy_key()
        elif answer == "print":
            host.exports.print_key()

    host.push_screen(Decision(asked, lines, answers, no=translate("Do not")), answered)


def offer_shredding(host: Host, local: LocalKey) -> None:
    """Ask whether the key's file is to be destroyed once Klaviyo has the key; then do so.

    Args:
        host: the app.
        local: the key; it has a file.
    """
    wizard, copied = host.wizard, local.in_keyring
    lines = [
        translate("Klaviyo has the key now, and needs this file no more:"),
        f"  {local.path}",
        translate("The key itself stays valid at Google."),
        "",
        translate("A copy is in the system keyring: with it the checks can go on signing in with this key.")
        if copied
        else translate("There is no copy of it here: without the file no check can sign in with this key."),
        translate("Later: {command}", command=str(host.services.command("key shred", wizard.draft.name))),
    ]
    answers = {"file": translate("Shred the file")} | ({"both": translate("File and copy")} if copied else {})
    asked = translate("Shred the key file on this machine?")

    def shred(answer: str, agreed: bool | str | None) -> None:
        if agreed:
            host.launch(_shred(host, copy_too=answer == "both"), "shred the key file")

    def answered(answer: str | None) -> None:
        if answer is None:
            return
        if not wizard.production:
            shred(answer, True)
            return
        typed = destroying(asked, [], yes=translate("Shred"), name=wizard.draft.name, production=True)
        host.push_screen(typed, partial(shred, answer))

    host.push_screen(Decision(asked, lines, answers, no=translate("Keep it")), answered)


async def _shred(host: Host, *, copy_too: bool) -> None:
    wizard = host.wizard
    spec = wizard.spec()
    if spec is None:
        return
    try:
        left = await shred_key(spec, host.services.keys, copy_too=copy_too)
    except ProblemError as error:
        host.open_problem(error.problem)
        return
    await wizard.look()
    wizard.say(joined(" ", message("The key file is destroyed."), left), done=True)
