"""`kbq-tui key`: the account's keys at Google, and the local key file."""

from kbq_tui.cli.commands.key import KeyCreateOptions, KeyDeleteOptions, KeyFileOptions
from kbq_tui.cli.consent import Consent
from kbq_tui.cli.render import EventLines
from kbq_tui.cli.runner import PlainRunner, status_of
from kbq_tui.engine.keys import create_key, delete_key, keys_of
from kbq_tui.engine.services import patience_of
from kbq_tui.i18n.messages import message, render, translate
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.text import inert


def create_command(options: KeyCreateOptions, runner: PlainRunner) -> int:
    """Create a key and store it here. The place must be free, so that no key is created that cannot be stored."""
    with runner.lock():
        spec = runner.spec()
        emit = EventLines(runner.console)
        outcome = runner.with_ports(
            spec.name, lambda ports: create_key(spec, ports, emit, patience_of(runner.services)), changes=True
        )
    for problem in outcome.problems:
        runner.console.problem(problem)
    if outcome.key is not None:
        runner.console.result(outcome.key.path)
    return status_of(outcome.problems)


def delete_command(options: KeyDeleteOptions, runner: PlainRunner) -> int:
    """Delete one key at Google, after a yes. Whatever signs in with it stops working at once.

    For the local key, the copy in the keyring is deleted, too; the file stays until it is shredded.
    """
    spec = runner.spec()
    consent = Consent.asked(runner, spec.name, yes=options.yes, confirmed=options.confirm, destroys=True)
    with runner.lock():
        return _delete(runner, spec, options.key_id, consent)


def _delete(runner: PlainRunner, spec: ConnectionSpec, key_id: str, consent: Consent) -> int:
    lines = EventLines(runner.console)
    keys, local, handed = runner.with_ports(
        spec.name, lambda ports: keys_of(spec, ports, lines, patience_of(runner.services))
    )
    lines.ended("keys")
    found = [k.id for k in keys if k.id.startswith(key_id)]
    if len(found) != 1:
        begin, account = inert(key_id), spec.account_email
        why = (
            message("{account} has {n} keys whose id begins with {id}", account=account, n=len(found), id=begin)
            if found
            else message("{account} has no key whose id begins with {id}", account=account, id=begin)
        )
        command = runner.services.command("key list", spec.name)
        runner.console.say(translate("error: {why}: {command}", why=why, command=inert(str(command))))
        return 1
    ours = local is not None and local.key_id == found[0]
    question = translate("Delete key {id}?", id=inert(found[0]))
    if not ours and found[0] in handed:
        text = translate("This key was handed over (shredded here). Klaviyo stops working if it was given this one.")
        question = f"{text} {question}"
    if ours:
        question = translate("This is the key that is kept here. Klaviyo stops working with it.") + " " + question
    if not consent.to(question):
        return 1
    emit = EventLines(runner.console)
    outcome, notes = runner.with_ports(
        spec.name, lambda ports: delete_key(spec, ports, emit, patience_of(runner.services), found[0]), changes=True
    )
    for problem in outcome.problems:
        runner.console.problem(problem)
    for note in notes:
        runner.console.say(inert(render(note), 1_000))
    return status_of(outcome.problems)


def fix_permissions_command(options: KeyFileOptions, runner: PlainRunner) -> int:
    """Make the key file, and its folder if it is ours, private again, after a yes."""
    spec = runner.spec()
    consent = Consent.asked(runner, spec.name, yes=options.yes, confirmed=options.confirm, destroys=False)
    with runner.lock():
        console, keys = runner.console, runner.local_keys
        local = keys.inspect(spec.key_file, spec.project, spec.account_email)
        for warning in local.warnings if local is not None else ():
            console.say(inert(render(warning.cause)))
        path = inert(local.path) if local is not None else translate("the key file")
        question = translate("Make {path} readable by you only?", path=path)
        if not consent.to(question):
            return 1
        done = keys.fix_permissions(spec.key_file, spec.project, spec.account_email)
        for line in done or (message("Nothing had to be changed."),):
            console.result(inert(render(line)))
        return 0


def shred_command(options: KeyFileOptions, runner: PlainRunner) -> int:
    """Destroy the key file, after a yes."""
    spec = runner.spec()
    consent = Consent.asked(runner, spec.name, yes=options.yes, confirmed=options.confirm, destroys=True)
    with runner.lock():
        console, keys = runner.console, runner.local_keys
        local = keys.inspect(spec.key_file, spec.project, spec.account_email)
        path = local.path if local is not None else ""
        question = translate("Destroy {path}? Klaviyo must have it by now.", path=inert(path))
        if path and not consent.to(question):
            return 1
        left = keys.shred(spec.key_file, spec.project, spec.account_email)
        console.result(translate("Destroyed {path}.", path=inert(path)))
        console.say(render(left))
        return 0
