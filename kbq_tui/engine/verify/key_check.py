"""Whether this connection's key signs in, and whether the account has it at Google, and no other."""

from kbq_tui.engine.observe import stored_key
from kbq_tui.engine.threads import offload
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.changes import KEY, is_recent
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged, perhaps_not_yet
from kbq_tui.model.key_file import key_id_of
from kbq_tui.model.observed import KeyInfo, LocalKey
from kbq_tui.model.problem import ProblemError


async def sign_in(context: CheckContext) -> Judged:
    """Sign in with the key that is stored here; afterwards the context has the account's cloud.

    It passes with a warning if others could read or replace the key's file.

    Raises:
        ProblemError: there is no key here, or Google refuses it.
    """
    spec = context.spec
    secret = await stored_key(spec, context.ports)
    if context.account_cloud is None:
        context.account_cloud = context.ports.impersonate(secret)
        context.used_key = key_id_of(secret)
    await context.cloud.authenticate()
    context.signed_in = True
    local = await offload(lambda: context.ports.keys.inspect(spec.key_file, spec.project, spec.account_email))
    exposed = context.ports.named(local.warnings[0]) if local is not None and local.warnings else None
    return Judged(Verdict.PASS, message("an access token for {account}", account=spec.account_email), exposed)


async def judge_keys(context: CheckContext) -> Judged:
    """Return the verdict on the account's keys: this connection's exists, and no other.

    Args:
        context: gives the operator's cloud.
    """
    spec, signed_in = context.spec, context.signed_in
    keys = await _listed(context)
    local = await offload(lambda: context.ports.keys.inspect(spec.key_file, spec.project, spec.account_email))
    handed = await handed_over(context)
    if local is None and not handed:
        problem = context.problem(Code.KEY_FILE_MISSING, path=message("its place"))
        return Judged(Verdict.FAIL, message("there is no key here"), problem)
    path: str | Message = message("Klaviyo")
    ours = next((k for k in reversed(handed) if k in keys), handed[-1] if handed else "")
    if local is not None:
        ours, path = context.used_key or local.key_id, local.path
    if ours not in keys and not signed_in:
        if local is not None and _is_new(context, local):
            text = message("the key was created a moment ago, and Google does not list it yet")
            return perhaps_not_yet(Judged(Verdict.UNKNOWN, text, context.problem(Code.KEY_NOT_FOUND)))
        problem = context.problem(Code.KEY_DEAD, path=path, key_id=ours)
        text = message("the key here is not among the account's keys")
        if local is None:
            text = message("the key that was handed over is not among the account's keys")
        return Judged(Verdict.FAIL, text, problem)
    if ours in keys and keys[ours].disabled:
        problem = context.problem(Code.KEY_DISABLED, path=path, key_id=ours)
        text = message("the key here is switched off at Google")
        if local is None:
            text = message("the key that was handed over is switched off at Google")
        return Judged(Verdict.FAIL, text, problem)
    rotating = [k for k in keys if k != ours and k in context.rotating]
    if others := [k for k in keys if k != ours and k not in handed and k not in rotating]:
        problem = context.problem(Code.KEY_UNHELD, key_id=others[0])
        text = message("{n} more: {keys}", n=len(others), keys=", ".join(k[:12] for k in others))
        return Judged(Verdict.FAIL, text, problem)
    if given := [k for k in handed if k in keys and k != ours and k not in rotating]:
        text = message(
            "{key}, and handed over (shredded here): {keys}", key=ours[:12], keys=", ".join(k[:12] for k in given)
        )
        return Judged(Verdict.FAIL, text, context.problem(Code.KEY_SECOND, key_id=given[-1]))
    if local is None:
        return Judged(Verdict.PASS, message("one key, {key}, handed over (shredded here)", key=ours[:12]))
    if ours not in keys:
        text = message("{key} has signed in; Google does not list it yet, and lists no other", key=ours[:12])
        return Judged(Verdict.PASS, text)
    if rotating:
        text = message("{key}, and {other}: a rotation is under way", key=ours[:12], other=rotating[0][:12])
        return Judged(Verdict.PASS, text)
    return Judged(Verdict.PASS, message("one key, {key}", key=ours[:12]))


async def handed_over(context: CheckContext) -> tuple[str, ...]:
    """Return the ids of the keys that were handed over and shredded here, newest last."""
    return await offload(lambda: context.ports.keys.handed_over(context.spec.project, context.spec.account_email))


async def _listed(context: CheckContext) -> dict[str, KeyInfo]:
    """Return the account's keys by id.

    Raises:
        ProblemError: why they cannot be listed; *not yet*, if we have just created the account or the key.
    """
    email = context.spec.account_email
    try:
        return {k.id: k for k in await context.ports.cloud.keys(context.spec.project, email)}
    except ProblemError as error:
        raise ProblemError(context.waits.settled(error.problem, email)) from error


def _is_new(context: CheckContext, local: LocalKey) -> bool:
    """Whether the key is so new that a list without it proves nothing."""
    written = local.written is not None and is_recent(local.written, context.ports.clock.now())
    return written or context.waits.on_its_way(KEY) is not None
