"""Marks of what is out of the ordinary, and that no fact is there without its mark."""

import pytest
from corslens.lint.facts.fact import FactKind
from corslens.lint.facts.vocabulary import VOCABULARY, Facts
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.oddities import Oddity, is_odd_grant
from corslens.lint.rules.sample import Step
from corslens.observation.known import Unknown

from tests.each import each
from tests.lint.make import facts, facts_of, preflight

STAR = {"access-control-allow-origin": "*"}
NAMED = {"access-control-allow-origin": "https://app.example", "vary": "Origin"}

MADE = {
    Oddity.UNANSWERED: lambda: facts(error="connection refused"),
    Oddity.ERROR: lambda: facts(STAR, status=404),
    Oddity.REDIRECT: lambda: facts(STAR, status=302),
    Oddity.NO_PREFLIGHT: lambda: facts(
        STAR,
        method="DELETE",
        before=(Step(method="PUT", url="https://api.example/other", preflight=(204, STAR), response=STAR),),
    ),
    Oddity.PREFLIGHT_BY_HAND: lambda: preflight(STAR, given={"access-control-request-headers": "X-A"}),
    Oddity.REQUEST_HEADERS: lambda: facts(STAR, request={"dpr": "2"}),
    Oddity.HEADER_NAMES: lambda: facts({**STAR, "access-control-allow-method": "PUT"}),
    Oddity.HEADER_LISTS: lambda: preflight({**STAR, "access-control-allow-methods": "put"}),
    Oddity.WANTED_HEADERS: lambda: facts({**STAR, "etag": "x"}),
    Oddity.PREFLIGHT_HEADERS: lambda: facts({**STAR, "access-control-max-age": "5"}),
    Oddity.GRANT: lambda: facts({"access-control-allow-origin": "null"}),
    Oddity.DISAGREEMENT: lambda: facts({"access-control-allow-origin": ("", "*")}, version="HTTP/2.0"),
    Oddity.SEVERAL_ORIGINS: lambda: facts(
        NAMED, before=(Step(request={"origin": "https://b.test"}, response={"access-control-allow-origin": "https://b.test"}),)
    ),
}


@pytest.mark.parametrize("oddity", MADE)
def test_each_mark_is_set(oddity: Oddity) -> None:
    assert oddity in MADE[oddity]().oddities


@pytest.mark.parametrize("headers", [STAR, NAMED, {**STAR, "content-type": "text/css", "cache-control": "max-age=5"}])
def test_an_ordinary_exchange_has_none_or_varies(headers: dict[str, str]) -> None:
    assert facts(headers).oddities <= {Oddity.VARIES}


@pytest.mark.parametrize(
    ("value", "odd"),
    [
        ("*", False),
        ("https://app.example", False),
        ("http://app.example", True),
        ("null", True),
        ("https://cdpn.io", True),
        ("https://localhost", True),
        ("https://app.example/", True),
        ("https://other.test", True),
    ],
)
def test_odd_grants(value: str, odd: bool) -> None:
    assert is_odd_grant(value, "https://app.example", "https://api.example") is odd


SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in load_rules().rules.values() for sample in (*rule.bad, *rule.good)}


def _is_ordinary(made: Facts, name: str) -> bool:
    one = VOCABULARY[name]
    value = getattr(made, one.attribute)
    if value is None or isinstance(value, Unknown) or value in one.usual:
        return True
    return not value if one.kind in (FactKind.SET, FactKind.FLAG) else False


def test_without_its_mark_a_fact_is_as_usual() -> None:
    """On every sample there is: this is what lets the index skip them."""

    def check(name: str) -> None:
        made = facts_of(SAMPLES[name])
        guarded = [one for one in VOCABULARY.values() if one.only_if is not None and one.only_if not in made.oddities]
        assert [one.name for one in guarded if not _is_ordinary(made, one.name)] == []

    each(SAMPLES, check)
