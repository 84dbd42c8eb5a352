"""Facts about the exchanges around one."""

from corslens.lint.rules.sample import Headers, Step

from tests.lint.make import facts

GRANTED: Headers = {"access-control-allow-origin": "https://app.example", "access-control-allow-methods": "PUT"}
LETS_IN: Headers = {"access-control-allow-origin": "https://app.example"}


def test_a_request_with_its_preflight() -> None:
    made = facts({}, method="PUT", preflight=(204, {**GRANTED, "access-control-allow-credentials": "true"}))
    assert made.preflight_seen and not made.preflight_from_cache and made.preflight_granted
    assert made.preflight_credentials_allowed
    assert made.preflight_allow_origin == "https://app.example"


def test_a_request_whose_preflight_is_kept() -> None:
    kept = Step(method="PUT", preflight=(204, {**GRANTED, "access-control-max-age": "600"}), response=LETS_IN)
    assert facts({}, method="PUT", before=(kept,)).preflight_from_cache


def test_a_request_without_preflight() -> None:
    made = facts({})
    assert not made.preflight_seen and made.preflight_allow_origin is None and not made.preflight_granted


def test_redirects() -> None:
    first = Step(
        url="https://one.example/a",
        request={"authorization": "Bearer x"},
        preflight=(204, {**GRANTED, "access-control-allow-headers": "authorization"}),
        status=307,
        response={**LETS_IN, "location": "https://two.example/b"},
    )
    made = facts(
        {},
        url="https://two.example/b",
        request={"origin": "null", "referer": "https://app.example/"},
        before=(first,),
        after=0.2,
    )
    assert made.redirect_followed and made.redirect_tainted and made.redirect_authorization_dropped
    assert made.redirect_first_url == "https://one.example/a"
    assert not facts({}).redirect_followed
