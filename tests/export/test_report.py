"""Reports of Verify in a file: JSON, Markdown and HTML."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kbq_tui.engine.verify.checks import expected
from kbq_tui.export.report import About, report, to_html, to_json, to_markdown
from kbq_tui.i18n.messages import message, verbatim
from kbq_tui.model.checks import CheckResult, Verdict, verified
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Problem, RemedyStep
from kbq_tui.model.spec import ConnectionSpec
from tests.support.outputs import output
from tests.support.shouting import shouting

SPEC = ConnectionSpec("acme-prod", location="EU")
AT = datetime(2026, 1, 31, 9, 0, 5, tzinfo=UTC)
ABOUT = About(SPEC, AT, "EU", "me@acme.com", "0123abcd")
PEM = "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----"
PROBLEM = Problem(
    Code.JOB_USER_MISSING,
    verbatim("Job User is missing"),
    verbatim("The account may not run queries."),
    (
        RemedyStep(verbatim("Grant it:"), (Command("gcloud projects add-iam-policy-binding acme-prod"),)),
        RemedyStep(verbatim("Then wait.")),
    ),
    verbatim("Project IAM Admin"),
    link="https://cloud.google.com/bigquery/docs/access-control",
    original="Access Denied: Project acme-prod",
)
RESULTS = (
    *(
        CheckResult(c, Verdict.PASS, verbatim("it is there"), "SELECT 1 AS ok", seconds=0.25)
        for c in expected(SPEC)[:-1]
    ),
    CheckResult(expected(SPEC)[-1], Verdict.FAIL, verbatim("no"), "keys.list", PROBLEM, 1.5),
)

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example>",
    "```\n# heading\n<b>x</b>",
    "~~~\n| a | b |\n|---|---|",
    "http://evil.example www.evil.example",
    '" onmouseover="x',
    "a | b \\| c \\",
    "&lt;b&gt; &#60;",
    "\x1b[2J\u202e\x00",
    "- x\n1. y\n> z\n***",
    "1. y",
    "10) y",
    "+ y",
    "# y",
    "===",
    "---",
    "***",
    "    indented",
    "_a_ __b__ a_b_c *d*",
    "`a` ``b`` |`c`|",
    "https://x.example> <b>y</b>",
]


def with_text(text: str) -> tuple[CheckResult, ...]:
    problem = replace(
        PROBLEM,
        title=verbatim(text),
        cause=verbatim(text),
        steps=(RemedyStep(verbatim(text.partition("\n")[0])), RemedyStep(verbatim(f"x\n{text}"))),
        who=verbatim(text),
        original=text,
        link=text,
    )
    return (
        CheckResult(
            replace(expected(SPEC)[0], title=verbatim(text), why=verbatim(text)),
            Verdict.UNKNOWN,
            verbatim(text),
            text,
            problem,
        ),
        *RESULTS,
    )


class Page(HTMLParser):
    """Collects a page's tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_json_is_the_verify_schema_and_says_who_when_and_with_what() -> None:
    body = output(to_json(RESULTS, ABOUT))
    assert body["schema"] == "kbq-tui/verify/v1"
    assert body["ok"] is False
    assert body["at"] == "2026-01-31T09:00:05+00:00"
    assert (body["operator"], body["key_id"], body["service_account"]) == (
        "me@acme.com",
        "0123abcd",
        SPEC.account_email,
    )
    assert [c["id"] for c in body["checks"]] == [c.id for c in expected(SPEC)]
    assert {"id", "verdict", "title", "evidence", "problem", "seconds"} <= set(body["checks"][-1])
    assert body["checks"][-1]["problem"]["code"] == "KBQ-JOB-USER-MISSING"


@pytest.mark.parametrize("kind", ["md", "html", ".md"])
def test_a_report_holds_every_check_its_evidence_and_the_remedy(kind: str) -> None:
    text = report(RESULTS, ABOUT, kind).replace("\\", "")
    for result in RESULTS:
        assert str(result.check.title) in text
    for part in (
        "SELECT 1 AS ok",
        "it is there",
        "gcloud projects add-iam-policy-binding acme-prod",
        "Project IAM Admin",
        "me@acme.com",
        "0123abcd",
        "2026-01-31 09:00:05 UTC",
        "kbq-tui 0.",
        "KBQ-JOB-USER-MISSING",
        "https://cloud.google.com/bigquery/docs/access-control",
        verified(RESULTS),
    ):
        assert str(part) in text, part


@pytest.mark.parametrize("kind", ["md", "html", "json"])
def test_the_same_answers_give_the_same_report(kind: str) -> None:
    elsewhere = replace(ABOUT, at=AT.astimezone(timezone(timedelta(hours=5))))
    assert report(RESULTS, ABOUT, kind) == report(list(RESULTS), elsewhere, kind)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="md"):
        report(RESULTS, ABOUT, "pdf")


def test_the_verdict_in_a_line() -> None:
    assert str(verified(RESULTS[:-1])).startswith(f"Verified: {len(RESULTS) - 1} ok")
    assert str(verified(RESULTS)) == f"Not verified: {len(RESULTS) - 1} ok, 1 fail"
    assert str(verified([])) == "Not verified: nothing was checked"


@pytest.mark.parametrize("text", NASTY)
def test_text_from_outside_is_no_markup_in_html(text: str) -> None:
    plain, nasty = Page(to_html(with_text("x"), ABOUT)), Page(to_html(with_text(text), ABOUT))
    assert nasty.tags == plain.tags
    assert [a for a in nasty.attributes if a[0].startswith("on") or a[0] == "src"] == []
    assert nasty.attributes == plain.attributes


@pytest.mark.parametrize("text", NASTY)
def test_text_from_outside_is_no_markup_in_markdown(text: str) -> None:
    reader = MarkdownIt("gfm-like")

    def shape(text: str) -> list[str]:
        tokens = reader.parse(to_markdown(with_text(text), ABOUT))
        inside = [child.type for token in tokens for child in token.children or []]
        words = ("text", "softbreak", "text_special")
        return [token.type for token in tokens] + [kind for kind in inside if kind not in words]

    assert shape(text) == shape("x")


def test_names_stay_readable_in_the_raw_markdown() -> None:
    raw = to_markdown(RESULTS, ABOUT)
    for name in ("KLAVIYO_IMPORT_FROM_DWH", SPEC.account_email, "bigquery.dataViewer", "2026-01-31 09:00:05 UTC"):
        assert name in raw


@pytest.mark.parametrize("kind", ["md", "html", "json"])
def test_no_secret_and_no_control_character_gets_in(kind: str) -> None:
    leaky = f"{PEM} ya29.CANARYCANARY \x1b[2J \u202e"
    steps = CheckResult(
        RESULTS[0].check,
        Verdict.FAIL,
        verbatim(""),
        problem=replace(PROBLEM, steps=(RemedyStep(verbatim(PEM)), RemedyStep(verbatim(leaky)))),
    )
    text = report((*with_text(leaky), steps), ABOUT, kind)
    assert "CANARY" not in text
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "\u202e" not in text


def test_html_loads_nothing_and_runs_nothing() -> None:
    page = Page(to_html(RESULTS, ABOUT))
    assert "default-src 'none'" in to_html(RESULTS, ABOUT)
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(page.tags)
    assert all(v and v.startswith("https://") for k, v in page.attributes if k == "href")


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_any_text_makes_every_report(text: str) -> None:
    for kind in ("md", "html", "json"):
        assert report(with_text(text), ABOUT, kind)
    output(to_json(with_text(text), ABOUT))


def test_endless_evidence_is_cut() -> None:
    assert len(to_html(with_text("x" * 1_000_000), ABOUT)) < 200_000


def test_a_report_is_told_and_its_json_is_english() -> None:
    step = RemedyStep(message("Grant it:"), (Command("gcloud projects add-iam-policy-binding acme-prod"),))
    problem = replace(PROBLEM, title=message("It is missing"), steps=(step,), who=message("An admin"))
    results = (
        replace(RESULTS[0], evidence=message("{name} <is> there", name="sales")),
        replace(RESULTS[1], evidence=verbatim("Pass, said Google")),
        replace(RESULTS[-1], problem=problem),
    )
    english = to_json(results, ABOUT)
    with shouting():
        assert to_json(results, ABOUT) == english
        markdown, page = to_markdown(results, ABOUT), to_html(results, ABOUT)
    for part in ("# KLAVIYO AND BIGQUERY: VERIFICATION", "sales <IS> THERE", "1. GRANT IT:\n", "WHO: AN ADMIN"):
        assert part in markdown
    for text in (markdown, page):
        for part in (
            "NOT VERIFIED: 2 OK, 1 FAIL",
            "IT IS MISSING",
            "gcloud projects add-iam-policy-binding acme-prod",
        ):
            assert part in text
        assert "Pass, said Google" in text
        assert "VERIFIED BY" in text
    assert "sales &lt;IS&gt; THERE" in page
    assert '<html lang="shouting">' in page
