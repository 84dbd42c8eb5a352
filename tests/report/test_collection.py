"""A collection holds what reports are made of, in bounded memory."""

from corslens.lint.finding import Severity
from msgspec import structs

from tests.report.make import collection, finding, session, silenced_session


def test_only_what_there_is_something_to_tell_of_is_held():
    held = {inspection.id for inspection in collection().held()}
    assert "hop-1" not in held and {"simple-1", "ok-1", "reflect-1"} <= held
    assert "hop-1" in {inspection.id for inspection in collection(all_cors=True).held()}


def test_a_settled_exchange_replaces_itself_in_its_place():
    inspections = session()
    gathered = collection([*inspections, structs.replace(inspections[1], findings=(finding("later"),))])
    assert [one.id for one in gathered.held()] == [one.id for one in collection().held()]
    assert "later" in {group.key.rule for group in gathered.groups()}


def test_a_finding_that_is_no_more_is_gone():
    inspections = session()
    allowed = structs.replace(inspections[0], findings=())
    assert allowed.id not in {one.id for one in collection([*inspections, allowed]).held()}


def test_the_oldest_live_on_in_groups_and_counts():
    whole, bounded = collection(), collection(limit=3)
    assert len(list(bounded.held())) == 3 and bounded.left_out == 7
    assert [(group.key, group.count) for group in bounded.groups()] == [(group.key, group.count) for group in whole.groups()]


def test_groups_can_be_asked_for_twice():
    gathered = collection(limit=3)
    assert [group.count for group in gathered.groups()] == [group.count for group in gathered.groups()]


def test_absorbing_is_adding():
    inspections = session()
    both = collection(inspections[:6])
    both.absorb(collection(inspections[6:]))
    whole = collection(inspections)
    assert [(group.key, group.count) for group in both.groups()] == [(group.key, group.count) for group in whole.groups()]
    assert both.tally.exchanges == whole.tally.exchanges and both.endpoints() == whole.endpoints()
    assert len(both.inputs) == 2


def test_a_baseline_and_a_threshold_decide_what_fails():
    gathered = collection()
    assert gathered.failed
    known = frozenset(group.key.fingerprint for group in gathered.groups() if group.severity is Severity.ERROR)
    assert not collection(known=known).failed
    assert collection(known=known, fail_on=Severity.WARNING).failed
    assert not collection(fail_on=None).failed


def test_a_live_sessions_groups_are_bounded_and_what_is_left_out_is_counted():
    whole, bounded = collection(limit=3), collection(limit=3, groups=2)
    assert len(bounded._folded) == 2 < len(whole._folded)
    assert list(bounded.dropped()) == ["findings for the report"]
    in_groups = sum(group.count for group in bounded.groups())
    assert in_groups + bounded.dropped()["findings for the report"] == sum(group.count for group in whole.groups())
    assert whole.dropped() == {}


def test_what_is_silenced_is_counted_however_little_is_held():
    whole, bounded = collection(silenced_session()), collection(silenced_session(), limit=1)
    for gathered in (whole, bounded):
        assert {group.key.rule for group in gathered.silenced()} == {"acao-missing"}
        assert sum(group.count for group in gathered.silenced()) == 2
        assert "acao-missing" not in {group.key.rule for group in gathered.groups()}
    first, second = collection(silenced_session()[:4]), collection(silenced_session()[4:])
    first.absorb(second)
    assert [group.count for group in first.silenced()] == [group.count for group in whole.silenced()]
