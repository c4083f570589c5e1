"""Turns an error, in any form in which operators meet it, into a Problem of the catalogue."""

import math
from dataclasses import replace
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.catalogue import entry_of
from kbq_tui.diagnosis.entry import Stage, clean, fill_step, look, values
from kbq_tui.diagnosis.extract import extract_values, names_other_service
from kbq_tui.diagnosis.google_error import bounded, fault_of
from kbq_tui.diagnosis.matchers import CONSTRAINTS, LATE_REASONS, REASONS, first_match, tried_in
from kbq_tui.diagnosis.permissions import NEEDED_FOR
from kbq_tui.diagnosis.principal import for_principal
from kbq_tui.diagnosis.rules import ASIDE, BY_POLICY, DENIED, HTTP_OF, IMPERSONATING, INNER_STATUS
from kbq_tui.diagnosis.settling import settling, settling_wait
from kbq_tui.i18n.messages import N_, Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.key_file import kind_of
from kbq_tui.model.problem import Context, Fault, Kind, Problem, RemedyStep, Retry
from kbq_tui.shell import commands as cmd

_SIGN_IN_TO_NETWORK: Final = 511
"""Source: https://www.rfc-editor.org/rfc/rfc6585#section-6"""
_GENERAL_LINK: Final = "https://cloud.google.com/apis/design/errors#handling_errors"


def recognise(fault: Fault, context: Context, *, changed_recently: bool = False) -> Problem:
    """Return the Problem for an error, by its structured reason first, by its text second.

    Args:
        fault: the error. Its `reason` may also be a code of the catalogue, which is then used as it is.
        context: what is known of the connection.
        changed_recently: whether a change of ours that may be the reason was made within minutes. Then "does not
            exist", 403 and a refused key mean "not yet", if the entry allows it.

    Returns:
        A Problem; with `code` None if the error is not known. Then it says so, and gives only the advice that fits the
        class of error.
    """
    text = bounded(fault.message)
    lifted = extract_values(text, {key: value[:1_000] for key, value in fault.metadata.items()})
    for violation in fault.violations:
        # The type of a precondition names the constraint; one in the text may be just an example in a help text.
        name = violation.removeprefix("constraints/")
        if "." in name:
            lifted["constraint"] = f"constraints/{name}"
            break
    code = _code(fault, text, lifted)
    if by_method := code is None and _is_google_refusal(fault) and _needed(fault, context, lifted):
        lifted["permission"] = by_method
        code = catalogue.code_for_permission(by_method)
    if fault.method:
        lifted.setdefault("method", fault.method)
    problem = (
        _unrecognised(fault, context, text, lifted) if code is None else _recognised(code, fault, context, text, lifted)
    )
    if by_method:
        return problem  # no waiting for what Google did not say
    if changed_recently:
        return settling(problem)
    # Grants are made for the service account, so only its refusals can be explained by a grant that has not taken
    # effect.
    if context.acting_as != "operator" and problem.code is not None and (wait := settling_wait(problem)):
        return replace(problem, retry=Retry.NOT_YET, wait=max(wait, problem.wait))
    return problem


def recognise_text(text: str, context: Context) -> Problem:
    """Return the Problem for a pasted error.

    Args:
        text: REST JSON, a gRPC status, an exception's text or traceback, the output of gcloud or bq, a line of a log,
            Klaviyo's "External message", or one of our own codes. Of a long text, the beginning and the end are read.
        context: what is known of the connection.
    """
    if not text.strip():
        return Problem(
            None,
            message("Nothing to explain"),
            message("There is no text."),
            (RemedyStep(message("Paste the error as it was shown, with everything around it.")),),
            link=_GENERAL_LINK,
        )
    fault, words = fault_of(text)
    problem = recognise(fault, _for_text(fault, context))
    if problem.code in _ANYBODYS and (fault.reason or "").lower() not in REASONS and names_other_service(fault.message):
        problem = _unrecognised(fault, context, fault.message, extract_values(fault.message, {}))
    return replace(problem, original=clean(words, 2_000))


def _for_text(fault: Fault, context: Context) -> Context:
    """Return the values for a pasted text's fields: the connection's only if the text is about it.

    A text may be somebody else's: a colleague's, or another project's. If it has none of the connection's own names,
    its commands keep placeholders and its sentences say "your project".
    """
    if entry_of(fault.reason) is not None:  # one of our own codes
        return context
    found = extract_values(bounded(fault.message), fault.metadata)
    if project := found.get("project") or found.get("consumer"):
        ours = project == context.project
    else:
        ours = bool({found.get("account"), found.get("dataset")} & {context.account, context.dataset} - {"", None})
    return context if ours else Context(operator=context.operator, acting_as=context.acting_as)


_NETWORK: Final = (Stage.NETWORK_FIRST, Stage.NETWORK)
_MALFORMED: Final = (Stage.MALFORMED, Stage.MALFORMED_LATE)
_ANYBODYS: Final = frozenset(
    code for stage in (*_NETWORK, *_MALFORMED) for code in tried_in(stage) if code != Code.PROXY
) | {
    Code.GOOGLE_UNAVAILABLE,
    Code.RATE_LIMITED,
    Code.UNAUTHENTICATED,
    Code.CONCURRENT_CHANGE,
    Code.KEY_DAMAGED,
}
"""Errors that any server reports with the same text; about another server, nothing can be said here."""


def _code(fault: Fault, text: str, lifted: dict[str, str]) -> Code | None:
    """Return the entry's code, or None."""
    reason = fault.reason or ""
    if (own := entry_of(reason)) is not None:
        return own.code
    if fault.http is not None and (300 <= fault.http < 400 or fault.http == _SIGN_IN_TO_NETWORK):
        return Code.CAPTIVE_PORTAL  # Google's APIs never redirect
    text = ASIDE.sub("", text)
    if code := first_match(text, Stage.FIRST):
        return code
    if fault.violations and (constraint := lifted.get("constraint")):
        return CONSTRAINTS.get(constraint.removeprefix("constraints/"), Code.ORG_POLICY)
    if IMPERSONATING.search(text):
        return _impersonation(fault, text)
    if code := REASONS.get(reason.lower()):
        return code
    http = _http(fault)
    # An answer of Google is judged by Google's texts, a call that never reached it by those of the network.
    silent = http is None or http in (408, 503, 504) or reason == ""
    return (
        (_by_constraint(lifted) if BY_POLICY.search(text) else None)
        or first_match(text, Stage.KINDS, Stage.WORDS)
        or _by_permission(http, text, lifted)  # also one that is missing on a constraint
        or _by_constraint(lifted)
        or LATE_REASONS.get(reason.lower())
        or (first_match(text, *_NETWORK) if silent and http not in (400, 403, 404, 409, 412, 429) else None)
        or (first_match(text, *_MALFORMED) if http is None or http < 400 else None)
        or _by_class(http, fault.status)
        or first_match(text, Stage.LAST, Stage.KLAVIYO)
    )


def _is_google_refusal(fault: Fault) -> bool:
    """Return whether it is a 403 in Google's form, not in a proxy's or a firewall's."""
    reason = (fault.reason or "").lower()
    return _http(fault) == 403 and (fault.status == "PERMISSION_DENIED" or reason in ("accessdenied", "forbidden"))


def _needed(fault: Fault, context: Context, lifted: dict[str, str]) -> str:
    """Return the permission that the operator's call needs, if the refusal names none; empty if not known."""
    if context.acting_as != "operator" or "permission" in lifted:
        return ""
    return NEEDED_FOR.get(fault.method or "", "")


def _impersonation(fault: Fault, text: str) -> Code | None:
    """Return why one account could not act as another: the status decides, because the text is always the same.

    A 403 may also be about the project that the call goes through.
    """
    if (code := first_match(text, Stage.WORDS)) in (Code.API_DISABLED, Code.QUOTA_PROJECT):
        return code
    inner = INNER_STATUS.search(text)
    http = int(inner[1]) if inner else _http(fault)
    if http in (None, 403):
        return Code.IMPERSONATION_DENIED
    if http == 404:
        return Code.ACCOUNT_NOT_VISIBLE
    if http == 400:
        return Code.IMPERSONATION_INVALID
    return _by_class(http, None)


def _by_constraint(lifted: dict[str, str]) -> Code | None:
    constraint = lifted.get("constraint", "").removeprefix("constraints/")
    return CONSTRAINTS.get(constraint, Code.ORG_POLICY) if constraint else None


def _by_permission(http: int | None, text: str, lifted: dict[str, str]) -> Code | None:
    permission = lifted.get("permission")
    if permission and (http == 403 or (http is None and DENIED.search(text))):
        return catalogue.code_for_permission(permission)
    return None


def _http(fault: Fault) -> int | None:
    return fault.http if fault.http is not None else HTTP_OF.get(fault.status or "")


def _by_class(http: int | None, status: str | None) -> Code | None:
    """Return the code that follows from a status alone."""
    if http == 401:
        return Code.UNAUTHENTICATED
    if http == 412 or status == "ABORTED":
        return Code.CONCURRENT_CHANGE
    if status == "ALREADY_EXISTS":
        return Code.ALREADY_EXISTS
    if http == 429:
        return Code.RATE_LIMITED
    if http in (408, 504):
        return Code.DEADLINE
    if http is not None and http >= 500 and http != 501:
        return Code.GOOGLE_UNAVAILABLE
    return None


def _recognised(code: Code, fault: Fault, context: Context, text: str, lifted: dict[str, str]) -> Problem:
    permission = lifted.get("permission", "")
    filling = _words_for(code, text, lifted)
    where = lifted.get("location", "")
    if context.location:
        # The commands use the right location, which is not the one where Google looked, if we know it.
        lifted = {key: value for key, value in lifted.items() if key != "location"}
    refused = lifted.get("denied_principal", "") or (context.account if context.acting_as != "operator" else "")
    if refused and code in _REFUSALS and (permission or code in _IMPLIED):
        # The remedy is for the refused principal, which is not always the caller.
        named = catalogue.problem(code, context, original=text, **{**lifted, **filling})
        if code == Code.PERMISSION_MISSING or lifted.get("denied_principal"):
            named = for_principal(named, refused, permission or _IMPLIED[code], context)
        problem = named
    elif context.acting_as == "operator" and catalogue.is_operators(code, permission):
        extra = {key: value for key, value in lifted.items() if key not in ("permission", "role")}
        problem = catalogue.permission_missing(permission, context, original=text, **{**extra, **filling})
    else:
        problem = catalogue.problem(code, context, original=text, **{**lifted, **filling})
    if where and "location" not in problem.details:
        problem = replace(problem, details={**problem.details, "location": where})
    if problem.retry is Retry.BACKOFF and fault.retry_after:
        problem = replace(problem, wait=math.ceil(min(fault.retry_after, 86_400)))
    return problem


def _words_for(code: Code, text: str, lifted: dict[str, str]) -> dict[str, str | Message]:
    """Return values for an entry's fields that the text has in another form."""
    if code == Code.CREDENTIALS_KIND:
        return {"file_kind": kind_of(lifted.get("credentials_type", ""))}
    if code != Code.MACHINE_SETTING:
        return {}
    if "empty" in text:
        return {"variable": "GOOGLE_CLOUD_UNIVERSE_DOMAIN", "reason": message("It is set, but empty.")}
    reason = message("{path} is not a file.", path=lifted.get("path", "FILE"))
    by_library = "NODE_EXTRA_CA_CERTS" if "extra certs" in text else "REQUESTS_CA_BUNDLE"
    return {"variable": lifted.get("variable", by_library), "reason": reason}


_IMPLIED: Final = {
    Code.JOB_USER_MISSING: "bigquery.jobs.create",
    Code.READ_SESSION_DENIED: "bigquery.readsessions.create",
    Code.ROUTINE_DENIED: "bigquery.routines.get",
    Code.TABLE_READ_DENIED: "bigquery.tables.getData",
    Code.TABLE_WRITE_DENIED: "bigquery.tables.updateData",
}
"""The permission behind a refusal that does not name it."""
_REFUSALS: Final = {
    *_IMPLIED,
    Code.DATASET_CREATE_DENIED,
    Code.DATASET_GRANT_DENIED,
    Code.KEY_CREATE_DENIED,
    Code.PERMISSION_MISSING,
}

_ADVICE: Final = {
    "credentials": (
        Kind.CREDENTIALS,
        RemedyStep(message("Google did not accept the credentials. See who is signed in:"), (cmd.SHOW_LOGIN,)),
    ),
    "denied": (
        Kind.NOT_PERMITTED,
        RemedyStep(
            message(
                "Google refused it (403). As a rule a role is missing, an API is off, or a policy of the organization "
                "forbids it; Google's own words say which."
            )
        ),
    ),
    "absent": (
        Kind.NOT_FOUND,
        RemedyStep(message("Google did not find it (404). Check the names, capitals included, and the project.")),
    ),
    "conflict": (
        Kind.CONFLICT,
        RemedyStep(message("It collides with what is there (409). Look at what is there now, and try again.")),
    ),
    "invalid": (
        Kind.FAILED,
        RemedyStep(message("Google did not take the request as it was. Its own words name the part.")),
    ),
    "plain": (
        Kind.FAILED,
        RemedyStep(message("Look at Google's own words, and at what was being done when it happened.")),
    ),
}
_CLASS: Final = {401: "credentials", 403: "denied", 404: "absent", 409: "conflict", 400: "invalid", 501: "invalid"}


_LOOK: Final = {
    "denied": look(N_("See who is signed in, and which roles they hold:"), cmd.SHOW_LOGIN, cmd.SHOW_POLICY),
    "absent": look(N_("Check the project ID; it is neither the name nor the number:"), cmd.SHOW_PROJECT),
}
"""Where to look first, for an error that is not known."""


def _unrecognised(fault: Fault, context: Context, words: str, lifted: dict[str, str]) -> Problem:
    name = _CLASS.get(_http(fault) or 0, "plain")
    kind, advice = _ADVICE[name]
    details = {key: text for key, value in lifted.items() if (text := clean(value))}
    known = values(context, details)
    first = fill_step(_LOOK[name], known) if name in _LOOK else ()
    return Problem(
        code=None,
        title=message("Unrecognised error"),
        cause=message("This error is not one that this program knows; its own words are shown as they came."),
        steps=(
            advice,
            *first,
            RemedyStep(
                message("If it happens again, write a bug report with these words and the output of:"),
                (cmd.ours("doctor"),),
            ),
        ),
        who=message("Not known."),
        kind=kind,
        link=_GENERAL_LINK,
        details=details,
        original=clean(words, 2_000),
    )
