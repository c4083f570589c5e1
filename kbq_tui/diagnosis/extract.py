"""Extracts identifiers from an error's text. Every pattern is bounded, because the text may be hostile."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from kbq_tui.model.lazy_pattern import pattern

_PROJECT: Final = r"(?:[a-z0-9][a-z0-9.-]{1,60}\.[a-z]{2,20}:)?[a-z][a-z0-9-]{4,28}[a-z0-9](?![\w-])"
_WORDS: Final = r"(?:because|before|editors?|members?|number|owners?|policies|settings|viewers?|without)"
"""Words that may follow "project" in a sentence and have the form of an ID."""
_DATASET: Final = r"[A-Za-z0-9_]{1,1024}"
_TABLE: Final = r"[\w$*-]{1,1024}"
AGENT: Final = (
    r"(?:(?:service-|bq-|bqcx-|p|o)(?:\d{4,20}|<[\w -]{1,40}>|\[[\w -]{1,40}\])"
    r"[\w-]{0,40}@[\w.-]{1,120}|\d{6,20}(?:-\w{1,30})?@[\w.-]{1,120}|"
    r"[\w.-]{1,80}@(?:gcp-sa-[\w-]{1,60}|bigquery-encryption|cloudservices|developer|system|appspot|dlp-api)\.(?:iam\.)?)"
    r"(?:gserviceaccount\.com)?"
)
"""The names of accounts that Google creates and manages for its own services.

Source: https://cloud.google.com/iam/docs/service-agents
"""
_EMAIL: Final = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){1,6}"

# A detail's value is that of the group with the detail's name; the first pattern that matches is used.
_SOURCES: Final = (
    rf"\b(?:[Tt]able|[Vv]iew) [`'\"]?(?P<project>{_PROJECT}):(?:region-|INFORMATION_SCHEMA)",
    rf"\b(?:[Tt]able|[Vv]iew) [`'\"]?(?P<project>{_PROJECT})[:.](?P<dataset>{_DATASET})\.(?P<table>{_TABLE})",
    rf"\b[Rr]outine [`'\"]?(?P<project>{_PROJECT})[:.](?P<dataset>{_DATASET})\.(?P<routine>\w{{1,256}})",
    rf"\b[Dd]ataset [`'\"]?(?P<project>{_PROJECT})[:.](?P<dataset>{_DATASET})",
    rf"\bon columns? [`'\"]?(?P<project>{_PROJECT})[:.](?P<dataset>{_DATASET})\.(?P<table>{_TABLE})\.\w",
    rf"/datasets/(?P<dataset>{_DATASET})",
    rf"\"datasetId\": ?\"(?P<dataset>{_DATASET})\"",
    rf"\b(?:for|on|in) [Dd]ataset [`'\"]?(?P<dataset>{_DATASET})(?![\w:-]*[:-]\w)",
    rf"\b(?:Not found: |Access Denied: )Project [`'\"]?(?P<project>{_PROJECT})",
    rf"\bin project (?P<consumer>{_PROJECT}) before",
    rf"\b(?:in|on|for) (?:the )?project (?!{_WORDS}\b)[\[`'\"]?(?P<project>{_PROJECT})(?!/| before)",
    rf"\bProject id: (?P<project>{_PROJECT})",
    rf"\bto use project (?P<consumer>{_PROJECT})",
    rf"\b[Pp]roject [\[`'\"](?P<project>{_PROJECT})",
    rf"\bprojects instance \[(?P<project>{_PROJECT})",
    rf"\bprojects/(?P<project>{_PROJECT})(?!/locations/[\w-]{{1,40}}/keyRings)",
    rf"--project[= ](?P<project>{_PROJECT})",
    rf"\"project_?[iI]d\": ?\"(?P<project>{_PROJECT})\"",
    r"\b(?:in|on) project \[?(?P<project_number>[0-9]{5,20})\b",
    r"\bproject[/=](?P<project_number>[0-9]{5,20})\b",
    r"\bprojects/(?P<project_number>[0-9]{5,20})\b",
    r"\bvpcServiceControlsUnique(?:Identifier|Id)[\\'\"]{0,3}[:= ]{1,3}[\\'\"]{0,3}(?P<vpc_sc_id>[\w-]{4,200})",
    r"\bsource: (?P<source_location>[A-Za-z][A-Za-z0-9-]{1,40}), destination: "
    r"(?P<destination_location>[A-Za-z][A-Za-z0-9-]{1,40})",
    r"\b(?P<kms_key>projects/[\w.:-]{4,80}/locations/[\w-]{2,40}/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63})",
    r"\bgs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220})",
    r"\b[Cc]onnection [`'\"]?(?P<data_connection>[a-z0-9][\w:-]{2,100}\.[\w-]{2,40}\.[\w-]{1,200})",
    rf"\b[Cc]onnection [`'\"]?(?P<project>{_PROJECT})\.(?P<location>[a-z][a-z0-9-]{{1,40}})\.\w",
    r"configured universe domain \((?P<configured_universe>[^()\n]{1,100})\).{0,80}?"
    r"credentials \((?P<credentials_universe>[^()\n]{1,100})\)",
    r"\bparse view [`'\"]?(?P<view>[^`'\"\s]{1,1200})",
    r"\bTable (?:name )?\\?\"(?P<table>[^\"\\\n]{1,300})\\?\" (?:must be|missing)",
    r"duplicate\(s\): (?P<column>[^\n]{1,200})",
    r"\bduplicate name (?P<column>\S{1,300})",
    r"(?i)\binvalid dataset id \\?[\"'](?P<given_id>[^\"'\\\n]{1,200})",
    r"_id must be a fully-qualified ID.{0,120}?\bgot (?P<given_id>\S{1,300})",
    r"\bin region [`'\"]?(?P<location>[A-Za-z][A-Za-z0-9-]{1,40})",
    r"\bLocation (?P<location>[A-Za-z][A-Za-z0-9-]{1,40}) (?:does not support|is not)",
    r"(?i)\b'?type'? (?:value|field) (?:is )?\\?['\"]?(?P<credentials_type>[a-z_]{5,60})",
    r"(?i)\bType is (?P<credentials_type>[a-z_]{5,60}), expected",
    r"(?i)\binvalid (?P<klaviyo_type>e-?mail|phone(?: number)?|boolean|number|list|consent) (?:format|channels?)",
    r"\b(?P<variable>REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|GOOGLE_CLOUD_UNIVERSE_DOMAIN)\b",
    r"ignoring extra certs from [`'\"]?(?P<path>[^\s`'\"]{1,300})",
    r"certificate bundle, invalid path: (?P<path>[^\s'\"]{1,300})",
    rf"\b[Uu]ser [`'\"\[]?(?P<denied_principal>{_EMAIL})[`'\"\]]? (?:does not have|lacks)",
    rf"(?<![\w.@+%-])(?P<denied_principal>{_EMAIL}) does not have ",
    r"\bin location [`'\"]?(?P<location>[A-Za-z][A-Za-z0-9-]{1,40})",
    r"\b(?:c|customC)onstraints/(?P<constraint>[A-Za-z][\w.]{2,100}\w)",
    r"\b(?P<constraint>iam\.(?:managed\.)?(?:disable|allowed|serviceAccountKey)[A-Za-z]{2,80})",
    r"\b(?P<constraint>gcp\.resourceLocations)",
    r"\b(?P<role>(?:(?:projects|organizations)/[\w:.-]{1,80}/)?roles/[\w.]{0,100}\w)",
    r"\bpolicy tag \\?[\"'](?P<policy_tag>[^\"'\\\n]{1,200})",
    r"\bon columns? [`'\"]?(?P<column>[\w.:-]{0,300}\w)",
    r"\baccount ID \\?[\"'](?P<given_id>[^\"'\\\n]{1,100})",
    r"\bdeleted:(?:service[aA]ccount|user|group):[^\s?]{1,200}\?uid=(?P<uid>[0-9]{1,30})",
    r"/apis?/(?:api|library)/(?P<service>[a-z][a-z0-9-]{0,60}\.googleapis\.com)",
    r"\b(?:API|service) \[(?P<service>[a-z][a-z0-9-]{0,60}\.googleapis\.com)\]",
    r"\bservice[\\'\"]{0,2}[:=] ?[\\'\"]{0,2}(?P<service>[a-z][a-z0-9-]{0,60}\.googleapis\.com)",
    r"(?i)\bjob(?: id|_id)?[:= ]{1,2}['\"]?(?P<job_id>bqu?job_[\w-]{4,100})",
)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the patterns for identifiers, compiled when the first error is read."""
    return tuple(re.compile(source) for source in _SOURCES)


_PERMISSION: Final = pattern(
    r"(?<![\w.@/-])(?:bigquery|iam|resourcemanager|serviceusage|orgpolicy|billing|logging|monitoring|policyanalyzer|datacatalog|storage|cloudkms|accesscontextmanager)"
    r"\.(?!googleapis\b|gserviceaccount\b|managed\b)[a-z][A-Za-z]{1,60}\.[a-z][A-Za-z]{1,60}\b(?!\()"
)
_IMPLIED: Final = pattern(
    r"\b[Pp]ermission denied to (enable|disable|get|list|use) services?\b|"
    r"\bprojects instance \[[^\]:\n]{1,80}:(\w{3,40})\]"
)
"""A refused method, if the permission for it is not named: both have the same name."""
_EMAILS: Final = pattern(rf"(?<![\w.@+%-]){_EMAIL}")
_ACCOUNT: Final = pattern(r"(?i)\.gserviceaccount\.com$")
_AGENTS: Final = pattern(rf"(?i){AGENT}\Z")
_API_NAMES: Final[Mapping[str, str]] = {
    "BigQuery": "bigquery.googleapis.com",
    "Identity and Access Management (IAM)": "iam.googleapis.com",
    "IAM Service Account Credentials": "iamcredentials.googleapis.com",
    "Cloud Resource Manager": "cloudresourcemanager.googleapis.com",
    "Service Usage": "serviceusage.googleapis.com",
    "Organization Policy": "orgpolicy.googleapis.com",
    "Cloud Billing": "cloudbilling.googleapis.com",
    "Cloud Logging": "logging.googleapis.com",
    "Cloud Monitoring": "monitoring.googleapis.com",
    "Policy Analyzer": "policyanalyzer.googleapis.com",
}
_ADDRESSED: Final = pattern(
    r"(?i)(?:https?://|\bhost(?:name)?(?:=|: ?| )[\"']?|\bconnect to (?:host )?|\bresolve [\"']?|\bfrom )"
    r"([a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,6}\.[a-z]{2,20})\b|https://((?:\d{1,3}\.){3}\d{1,3}|localhost)\b"
)
_GOOGLES: Final = pattern(r"(?i)(?:\A|\.)(?:google(?:apis|usercontent)?\.com|klaviyo\.com|[a-z0-9-]+\.goog|goo\.gle)\Z")
_PAGES: Final = pattern(r"(?i)(?:\A|\.)cryptography\.io\Z")
"""Addresses at which libraries explain their errors; they are not servers that were called."""
_SERVER: Final = pattern(
    r"(?i)\b(?:nginx|apache|cloudflare|varnish|haproxy|psycopg\d?|redis|pymongo|npm err!|ssh:|etcdserver|kubectl|"
    r"k8s\.io|"
    r"unable to connect to the server:)(?![\w-])|\bUnknownHostException: (?!\S{0,80}google(?:apis)?\.com)\S"
)
_METADATA: Final[Mapping[str, str]] = {
    "permission": "permission",
    "service": "service",
    "uid": "vpc_sc_id",
    "vpcServiceControlsUniqueIdentifier": "vpc_sc_id",
    "email": "account",
    "role": "role",
    "constraint": "constraint",
    "customConstraints": "constraint",
}
"""The names used here for the metadata of an `ErrorInfo`."""


def extract_values(text: str, metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the identifiers that an error names.

    Args:
        text: the error's text, at most a few ten thousand characters.
        metadata: structured values, which take precedence over those in the text.
    """
    found: dict[str, str] = {}
    for key, value in _structured(metadata):
        found.setdefault(key, value)
    for known in _patterns():
        if match := known.search(text):
            for key, value in match.groupdict().items():
                if value:
                    found.setdefault(key, value)
    if match := _PERMISSION.search(text):
        found.setdefault("permission", match[0])
    elif "permission" not in found and (match := _IMPLIED.search(text)):
        found["permission"] = (
            f"serviceusage.services.{match[1]}" if match[1] else f"resourcemanager.projects.{match[2]}"
        )
    _emails(text, found)
    if "service" not in found:
        service = next((host for name, host in _API_NAMES.items() if f"{name} API has not been used" in text), "")
        if service:
            found["service"] = service
    if "project_number" in found:
        found.setdefault("consumer", found["project_number"])
    if "constraint" in found:
        name = found["constraint"].removeprefix("customConstraints/").removeprefix("constraints/")
        found["constraint"] = f"constraints/{name}"
    return found


def names_other_service(text: str) -> bool:
    """Return whether an error is about something other than Google or Klaviyo: all addresses in it are others."""
    hosts = [match[1] or match[2] for match, _ in zip(_ADDRESSED.finditer(text), range(50), strict=False)]
    hosts = [host for host in hosts if not _PAGES.search(host)]
    if hosts:
        return not any(_GOOGLES.search(host) for host in hosts)
    return _SERVER.search(text) is not None


def _structured(metadata: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in metadata.items():
        if key in _METADATA:
            yield _METADATA[key], value
        elif key in ("consumer", "containerInfo"):
            project = value.removeprefix("projects/")
            yield "consumer", project
            if project.isdigit():
                yield "project_number", project
        elif key == "resource":
            for pattern in _patterns():
                if (match := pattern.search(value[:1_000])) and "project" in match.groupdict():
                    yield "project", match["project"]
                    break


def _emails(text: str, found: dict[str, str]) -> None:
    """Distinguish service accounts from people; the first of each counts."""
    for count, match in enumerate(_EMAILS.finditer(text)):
        email = match[0].rstrip(".-")
        if _AGENTS.match(email):
            found.setdefault("agent", email)
            continue
        found.setdefault("account" if _ACCOUNT.search(email) else "principal", email)
        if count > 50 or {"account", "principal"} <= found.keys():
            return
