"""Whether an exchange with the sandbox could be one with Google, by the discovery documents and google.rpc."""

import re
from dataclasses import dataclass, field
from typing import Any

from kbq_tui.sandbox.exchanges import Exchange
from tests.oracle.documents import Document, document, served_by
from tests.oracle.values import Values

JSON = dict[str, Any]
PRODUCT = "kbq-tui/"
"""Prefix of the product's User-Agent."""
NOT_SO = frozenset({("bigquery.jobs.insert", "request.jobReference.jobId: is required")})
"""What Google does differently from its documents: the server creates an id for a job that has none, and a dry run gets
none. Source: https://cloud.google.com/bigquery/docs/running-jobs#generate-jobid"""
REST_ONLY = frozenset({"disableReason", "extendedStatus"})
"""Fields of service-account keys that iam.v1's REST has, and google-cloud-iam 2.27 does not."""
_ERROR = {"code", "message", "status", "errors", "details"}
_ENTRY = {"message", "domain", "reason", "location", "locationType", "debugInfo", "extendedHelp"}


@dataclass
class ExchangeVerdict:
    """The result for one exchange.

    Attributes:
        method: Google's id of the method; empty if it is not an API of Google's.
        sent, answered: fields seen, as ``Schema.field``.
        faults: in words.
    """

    method: str = ""
    sent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def judge(exchange: Exchange) -> ExchangeVerdict:
    """Compare an exchange with the documents.

    Requests are judged if the product makes them. Tests send anything by hand, and Google's own clients send fields
    that their documents do not have (google-cloud-bigquery a ``projection``, bq read-only fields). One that the sandbox
    has refused as malformed (400) is not checked.
    """
    if exchange.verb == "gRPC":
        return _judge_message(exchange)
    found = served_by(exchange.path)
    if found is None:
        return ExchangeVerdict()
    google, path = found
    # the parts of a file are sent to the address of the upload, which the documents leave to the protocol
    is_part = exchange.verb == "PUT" and exchange.path.startswith("/upload/")
    method = google.find("POST" if is_part else exchange.verb, path)
    if method is None:
        return ExchangeVerdict(faults=[] if exchange.status == 404 else [f"{exchange.verb} {path}: no such method"])
    verdict = ExchangeVerdict(method["id"])
    if exchange.agent.startswith(PRODUCT) and exchange.status != 400:
        _parameters(google, method, exchange.query, verdict)
        if "request" in method and not exchange.path.startswith("/upload/"):
            sent = Values(google, request=True, creates=exchange.verb == "POST")
            sent.look(exchange.body or {}, method["request"], "request")
            verdict.sent, verdict.faults = sent.fields, verdict.faults + sent.faults
        elif exchange.body and "request" not in method:
            verdict.faults.append("request: takes no body")
    _answer(google, method, exchange, verdict)
    verdict.faults = [fault for fault in verdict.faults if (method["id"], fault) not in NOT_SO]
    return verdict


def _judge_message(exchange: Exchange) -> ExchangeVerdict:
    """google.iam.admin.v1: the messages check the request, and the answer's fields are those of REST."""
    google = document("iam", "v1")
    name = exchange.method.replace("serviceAccountKeys", "serviceAccounts.keys")
    method = google.methods[name.replace("iam.service", "iam.projects.service")]
    verdict = ExchangeVerdict(method["id"])
    _answer(google, method, exchange, verdict)
    if exchange.status < 400:
        verdict.faults += _message_faults(exchange)
    return verdict


def _message_faults(exchange: Exchange) -> list[str]:
    """Whether google-cloud-iam's message accepts an answer. It lacks fields that REST now has."""
    from google.protobuf import json_format

    from kbq_tui.sandbox.grpc_iam import RPCS

    response = next(response for method, _, response in RPCS.values() if method == exchange.method)
    message = response.pb()() if hasattr(response, "pb") else response()
    try:
        json_format.ParseDict(without(exchange.answer or {}, REST_ONLY), message)
    except json_format.ParseError as error:
        return [f"answer: {str(error).splitlines()[0]}"]
    return []


def without(value: Any, names: frozenset[str]) -> Any:
    """JSON without the fields of some names."""
    if isinstance(value, list):
        return [without(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without(inner, names) for key, inner in value.items() if key not in names}


def _parameters(google: Document, method: JSON, query: list[tuple[str, str]], verdict: ExchangeVerdict) -> None:
    known = {**google.parameters, **method.get("parameters", {})}
    seen: set[str] = set()
    for name, value in query:
        schema = known.get(name)
        if schema is None or schema.get("location") == "path":
            verdict.faults.append(f"?{name}: no such parameter")
            continue
        if name in seen and not schema.get("repeated"):
            verdict.faults.append(f"?{name}: given twice")
        seen.add(name)
        kind = schema.get("type")
        good = {
            "integer": re.compile(r"-?\d+"),
            "boolean": re.compile("true|false", re.I),
        }.get(str(kind), re.compile(".*", re.S))
        if not good.fullmatch(value) or ("enum" in schema and value not in schema["enum"]):
            verdict.faults.append(f"?{name}: {value!r:.60} is no {kind}")
        if name == "fields" and "response" in method:
            verdict.faults += [f"?fields: no field {f}" for f in unknown_fields(google, method["response"], value)]
    for name, schema in method.get("parameters", {}).items():
        if schema.get("required") and schema["location"] == "query" and name not in seen:
            verdict.faults.append(f"?{name}: is required")


def _answer(google: Document, method: JSON, exchange: Exchange, verdict: ExchangeVerdict) -> None:
    if exchange.status >= 400:
        verdict.faults += _error_faults(exchange)
    elif "response" in method:
        answered = Values(google, request=False)
        answered.look(exchange.answer if exchange.answer is not None else {}, method["response"], "answer")
        verdict.answered = answered.fields
        verdict.faults += answered.faults
    elif exchange.answer:
        verdict.faults.append("answer: is empty at Google's")


def _error_faults(exchange: Exchange) -> list[str]:
    """An error's JSON (https://cloud.google.com/apis/design/errors#http_mapping), and its details as google.rpc."""
    error = exchange.answer.get("error") if isinstance(exchange.answer, dict) else None
    if not isinstance(error, dict):
        return ["error: has no form of Google's"]
    from google.rpc import code_pb2

    faults = [f"error.{key}: no such field" for key in error if key not in _ERROR]
    if error.get("code") != exchange.status:
        faults.append(f"error.code: {error.get('code')} with status {exchange.status}")
    if not isinstance(error.get("message"), str):
        faults.append("error.message: no text")
    if "status" in error and error["status"] not in dict(code_pb2.Code.items()):
        faults.append(f"error.status: {error['status']!r} is none of google.rpc.Code")
    for entry in error.get("errors", []):
        faults += [f"error.errors[].{key}: no such field" for key in entry if key not in _ENTRY]
    return faults + [f"error.details[]: {fault}" for fault in map(_detail_fault, error.get("details", [])) if fault]


def _detail_fault(detail: JSON) -> str:
    """Whether Google's own message accepts a detail; empty if it does."""
    from google.protobuf import any_pb2, json_format
    from google.rpc import error_details_pb2  # noqa: F401  registers the messages

    try:
        json_format.ParseDict(detail, any_pb2.Any())
    except (json_format.ParseError, TypeError) as error:
        return str(error)
    return ""


def unknown_fields(google: Document, schema: JSON, mask: str) -> list[str]:
    """The paths of a ``fields`` mask that a schema does not have."""
    from kbq_tui.sandbox.masks import parse

    unknown: list[str] = []

    def walk(tree: JSON, inner: JSON, path: str) -> None:
        while "$ref" in inner or inner.get("type") == "array":
            inner = google.schemas[inner["$ref"]] if "$ref" in inner else inner["items"]
        for name, below in tree.items():
            if name == "*":
                continue
            field = inner.get("properties", {}).get(name, inner.get("additionalProperties"))
            if field is None and inner.get("type") != "any":
                unknown.append(f"{path}{name}")
            elif field is not None:
                walk(below, field, f"{path}{name}/")

    walk(parse(mask), schema, "")
    return unknown
