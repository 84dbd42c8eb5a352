"""Filling in messages."""

from typing import Any

import pytest
from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.message_template import Unfillable, parse_template, render, render_known
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import Failure

from tests.lint.make import facts


def filled(text: str, failure: Failure | None = None, **exchange: object) -> str:
    made = facts(exchange.pop("response", {}), **exchange)  # type: ignore[arg-type]  # the caller's
    return render(parse_template(text), made, failure, VOCABULARY)


def test_plain_text_stays_and_fields_are_filled() -> None:
    assert filled("{request.method} {request.url}: {response.status}") == "GET https://api.example/me: 200"
    assert filled("no field, {{one}} brace") == "no field, {one} brace"


@pytest.mark.parametrize("text", ["{", "a } b", "{a{b}}", "{request.url} {"])
def test_a_lonely_brace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="brace"):
        parse_template(text)


def test_absent_unknown_and_empty_values_are_said() -> None:
    assert filled("{response.allow-origin}") == "none"
    assert filled("{engine}", request={"user-agent": "curl"}) == "unknown"
    assert filled("{response.allow-origin}", response={"access-control-allow-origin": ""}) == '""'
    assert filled("{response.vary}") == "none"


def test_sets_are_sorted_and_cut() -> None:
    names = ", ".join(f"x-{number}" for number in range(9))
    assert filled("{response.vary}", response={"vary": names}) == "x-0, x-1, x-2, x-3, x-4, x-5, and 3 more"


def test_words_for_flags_and_engines() -> None:
    assert filled("{response.vary-origin} {verdict.blocked-in}") == "no Chromium, Firefox, WebKit"


def test_secrets_do_not_get_through() -> None:
    url = "https://user:pw@api.example/me?access_token=abcdef"
    text = filled("{request.url} {response.location}", url=url, response={"location": "/x?token=abcdef"}, status=302)
    assert "abcdef" not in text and "pw@" not in text


def test_long_values_are_cut() -> None:
    assert len(filled("{response.allow-origin}", response={"access-control-allow-origin": "x" * 100_000})) <= 200


def test_the_failing_check_is_said() -> None:
    failure = Failure(
        reason=Reason.ACAO_MISMATCH, header="Access-Control-Allow-Origin", value="https://b.example", wanted="https://a.example"
    )
    assert (
        filled("{failure.header}: {failure.value}, not {failure.wanted}", failure)
        == "Access-Control-Allow-Origin: https://b.example, not https://a.example"
    )
    assert filled("{failure.value}", Failure(reason=Reason.ACAO_MISSING)) == "none"


def test_a_whole_line_or_none() -> None:
    """A sentence is English whether the header was sent or not."""
    text = "was sent with {response.allow-origin.line}"
    assert filled(text) == "was sent with no Access-Control-Allow-Origin"
    assert filled(text, response={"access-control-allow-origin": "*"}) == "was sent with Access-Control-Allow-Origin: *"
    missing = Failure(reason=Reason.PREFLIGHT_METHOD_NOT_ALLOWED, header="Access-Control-Allow-Methods", wanted="PUT")
    assert filled("with {failure.line}", missing) == "with no Access-Control-Allow-Methods"
    secret = Failure(reason=Reason.REDIRECT_SCHEME_NOT_HTTP, header="Location", value="ftp://x/?token=abcdef")
    assert filled("{failure.line}", secret).startswith("Location: ftp://x/") and "abcdef" not in filled(
        "{failure.line}", secret
    )


def known(text: str, failure: Failure | None = None, *, exact: bool = False, **exchange: object) -> str | None:
    made = facts(exchange.pop("response", {}), **exchange)  # type: ignore[arg-type]  # the caller's
    return render_known(parse_template(text), made, failure, VOCABULARY, exact=exact)


NULL = Failure(reason=Reason.ACAO_MISSING, header="Access-Control-Allow-Origin", wanted="null")


@pytest.mark.parametrize(
    ("text", "failure", "exchange"),
    [
        ("Access-Control-Allow-Origin: {failure.wanted}", NULL, {}),
        ("Allow {request.origin}", None, {"request": {"origin": "null"}}),
        ("Allow {failure.wanted}", None, {}),
        ("Request {response.location}", None, {}),
        ("Vary: {response.vary}", None, {}),
        ("Update {engine}", None, {"request": {"user-agent": "curl"}}),
    ],
)
def test_a_fix_with_a_value_that_cannot_be_known_is_none(text: str, failure: Failure | None, exchange: dict[str, Any]) -> None:
    with pytest.raises(Unfillable):
        known(text, failure, **exchange)


def test_what_is_known_is_filled_in() -> None:
    assert known("Fix the {response.status}", status=500) == "Fix the 500"
    assert known("Allow {request.origin}") == "Allow https://app.example"


def listing(count: int) -> dict[str, Any]:
    names = ", ".join(f"x-{number}" for number in range(count))
    return {
        "method": "OPTIONS",
        "request": {"access-control-request-method": "PUT"},
        "response": {"access-control-allow-headers": names},
    }


def test_what_is_to_be_copied_is_neither_shortened_nor_redacted() -> None:
    text = "Access-Control-Allow-Headers: {completed.allow-headers}"
    line = known(text, exact=True, **listing(60))
    assert line is not None and len(line) > 200 and line.endswith("x-59")
    assert known(text, exact=True) is None
    with pytest.raises(Unfillable):
        known(text, exact=True, **listing(600))
    with pytest.raises(Unfillable):
        known("{request.url}", url="https://api.example/me?access_token=abcdef", exact=True)
    with pytest.raises(Unfillable):
        known("Access-Control-Allow-Origin: {failure.wanted}", NULL, exact=True)
