"""Facts over many exchanges."""

import pytest
from corslens.lint.rules.sample import Step
from corslens.observation.evidence import Level, OriginOutcome

from tests.lint.make import facts


def _echo(origin: str, **more: str) -> Step:
    return Step(request={"origin": origin}, response={"access-control-allow-origin": origin, **more})


MINE = {"access-control-allow-origin": "https://app.example"}


def test_unrelated_origins_are_counted_by_site() -> None:
    before = (_echo("https://a.evil.test"), _echo("https://b.evil.test"))
    made = facts(MINE, before=before)
    assert made.history_unrelated_sites_granted == 2
    assert made.history_unrelated_sites_granted_credentials == 0
    assert made.history_origins_granted == {"https://a.evil.test", "https://b.evil.test", "https://app.example"}


def test_the_server_s_own_site_is_not_unrelated() -> None:
    before = (
        Step(
            url="https://api.example.com/me",
            request={"origin": "https://www.example.com"},
            response={"access-control-allow-origin": "https://www.example.com"},
        ),
    )
    made = facts(
        {"access-control-allow-origin": "https://shop.example.com"},
        url="https://api.example.com/me",
        request={"origin": "https://shop.example.com"},
        before=before,
    )
    assert (made.history_unrelated_sites_granted, made.history_subdomains_granted) == (0, 2)


def test_customers_of_one_host_are_counted() -> None:
    before = (_echo("https://one.github.io"), _echo("https://two.github.io"), _echo("https://x.vercel.app"))
    assert facts(MINE, before=before).history_shared_hosting_granted == 2


def test_refusals_and_variation() -> None:
    refused = Step(request={"origin": "https://evil.test"})
    made = facts(MINE, before=(refused,))
    assert (made.history_origins_refused, made.history_varies) == (1, True)
    assert made.history_vary_missing_on == {OriginOutcome.GRANTED, OriginOutcome.REFUSED}
    assert made.history_vary_here is OriginOutcome.GRANTED


def test_levels_of_answers() -> None:
    before = (_echo("https://app.example"), Step(status=500))
    made = facts(MINE, status=404, before=before)
    assert ({Level.SUCCESS, Level.ERROR}, {Level.ERROR}) == (made.history_grants_on, made.history_plain_on)


def test_preflights_are_counted() -> None:
    granted = (204, {"access-control-allow-origin": "*", "access-control-allow-methods": "PUT"})
    step = Step(method="PUT", preflight=granted, response={"access-control-allow-origin": "*"})
    made = facts({"access-control-allow-origin": "*"}, method="PUT", preflight=granted, before=(step, step))
    assert (made.history_preflights, made.history_preflight_repeats, made.history_preflights_without_max_age) == (3, 2, 3)


PARTNER = _echo("https://partner.test", vary="Origin")
ELSEWHERE = Step(
    url="https://api.example/other",
    request={"origin": "https://partner.test"},
    response={"access-control-allow-origin": "https://partner.test"},
)


@pytest.mark.parametrize(
    "before, answer, asked, status",
    [
        (PARTNER, {}, "https://evil.net", 200),
        (PARTNER, {}, "null", 200),
        (PARTNER, {}, "https://evil.net", 403),
        (PARTNER, {"vary": "Origin"}, "https://evil.net", 500),
        (ELSEWHERE, {"vary": "Accept, Origin"}, "https://evil.net", 200),
        (ELSEWHERE, {"access-control-allow-origin": "https://partner.test"}, "https://evil.net", 200),
    ],
)
def test_a_list_that_does_its_work_is_known(before: Step, answer: dict[str, str], asked: str, status: int) -> None:
    assert facts(answer, status=status, request={"origin": asked}, before=(before,)).history_foreign_refused


@pytest.mark.parametrize(
    "before, answer, asked, status",
    [
        (Step(), {"vary": "Origin"}, "https://evil.net", 200),
        (_echo("null"), {"vary": "Origin"}, "https://evil.net", 200),
        (PARTNER, {"access-control-allow-origin": "*"}, "https://evil.net", 200),
        (PARTNER, {"access-control-allow-origin": "https://evil.net"}, "https://evil.net", 200),
        (PARTNER, {}, "https://partner.test", 200),
        (PARTNER, {}, "http://www.partner.test", 200),
        (PARTNER, {}, "https://evil.net", 500),
        (ELSEWHERE, {}, "https://evil.net", 200),
    ],
    ids=["no-list", "null-is-no-list", "star", "let-in", "its-own", "its-site", "lost-on-error", "no-cors-here"],
)
def test_other_refusals_are_not_taken_for_it(before: Step, answer: dict[str, str], asked: str, status: int) -> None:
    assert not facts(answer, status=status, request={"origin": asked}, before=(before,)).history_foreign_refused


def test_the_server_s_own_site_is_not_foreign() -> None:
    before = Step(
        url="https://api.example.com/me",
        request={"origin": "https://partner.test"},
        response={"access-control-allow-origin": "https://partner.test"},
    )
    made = facts({}, url="https://api.example.com/me", request={"origin": "https://www.example.com"}, before=(before,))
    assert not made.history_foreign_refused


def test_an_origin_of_nobody_s_is_noticed_where_credentials_are_allowed() -> None:
    allowed = {"access-control-allow-credentials": "true"}
    assert facts(MINE, before=(_echo("https://nobody.invalid", **allowed),)).history_test_origin_allowed
    assert not facts(MINE, before=(_echo("https://nobody.invalid"),)).history_test_origin_allowed
    assert not facts(MINE, before=(_echo("https://partner.test", **allowed),)).history_test_origin_allowed
