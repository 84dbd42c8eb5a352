"""Counts are those of the last inspection of each id, in bounded memory."""

from corslens.lint.finding import Severity
from corslens.observation.observation import Role
from corslens.report.tally import Tally
from msgspec import structs

from tests.report.make import finding, session, silenced_session


def tally(inspections, **settings):
    counted = Tally(**settings)
    for inspection in inspections:
        counted.add(inspection)
    return counted


def test_the_shop():
    counted = tally(session())
    assert (counted.exchanges, counted.cors, counted.pairs) == (12, 12, 1)
    assert (counted.labels["BLOCKED"], counted.labels["ALLOWED"]) == (8, 2)
    assert counted.roles[Role.PREFLIGHT] == 3
    assert counted.severities[Severity.ERROR] == 8


def test_a_later_inspection_replaces_the_earlier_one():
    inspections = session()
    blocked = next(one for one in inspections if one.id == "simple-2")
    counted = tally([*inspections, structs.replace(blocked, findings=())])
    assert counted.exchanges == 12
    assert counted.names["BLOCKED", "acao-mismatch"] == 2
    assert counted.severities[Severity.ERROR] == 7


def test_what_is_forgotten_stays_counted():
    counted = tally(session(), remember=2)
    assert counted.exchanges == 12
    assert len(counted._recent) == 2


def test_worst_first():
    assert [word for (word, _), _ in tally(session()).worst_first()] == ["BLOCKED"] * 6 + ["WARNING", "INFO"]


def test_absorbed_counts_add_up():
    inspections = session()
    whole, first = tally(inspections), tally(inspections[:5])
    first.absorb(tally(inspections[5:]))
    assert (first.exchanges, first.pairs, first.worst_first()) == (whole.exchanges, whole.pairs, whole.worst_first())


def test_an_exchange_without_anything_costs_no_names():
    bare = structs.replace(session()[0], findings=())
    assert tally([bare]).worst_first() == []
    assert tally([structs.replace(bare, findings=(finding("x", Severity.INFO),))]).worst_first() == [(("INFO", "x"), 1)]


def test_what_is_silenced_is_counted_by_its_note():
    inspections = silenced_session()
    assert tally(inspections).silenced_first() == [(("acao-missing", "my.yaml:2: known <so>"), 2)]
    spoken = structs.replace(next(one for one in inspections if one.silenced), silenced=())
    assert tally([*inspections, spoken]).silenced_first() == [(("acao-missing", "my.yaml:2: known <so>"), 1)]
    first = tally(inspections[:6])
    first.absorb(tally(inspections[6:]))
    assert first.silenced_first() == tally(inspections).silenced_first()
