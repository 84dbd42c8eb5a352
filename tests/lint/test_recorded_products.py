"""Responses of real programs, recorded by scripts/test-products: each is recognized as what it is, and as nothing else."""

from corslens.lint.finding import Confidence
from corslens.lint.rules.loader import bundled_products, load_rules

from tests.servers.products.page import PAGE, render
from tests.servers.products.recorded import Recorded, read
from tests.servers.products.table import PROGRAMS

CATALOG = bundled_products()
RECORDED = read()


def test_each_response_is_recognized_as_it_was() -> None:
    def now(one: Recorded) -> tuple[set[str], set[str]]:
        return one.recognized(CATALOG)

    assert [(one.program, one.probe, *now(one)) for one in RECORDED] == [
        (one.program, one.probe, set(one.products), set(one.own)) for one in RECORDED
    ]


def test_no_neighbor_is_named() -> None:
    """A program's responses carry its own marks, and those of what runs behind it."""
    marks = {program.id: set(program.marks) for program in PROGRAMS}
    assert [(one.program, one.probe) for one in RECORDED if not set(one.products) <= marks[one.program]] == []


def test_every_program_with_marks_was_recorded() -> None:
    recorded = {one.program for one in RECORDED}
    assert {program.id for program in PROGRAMS if program.marks} <= recorded
    assert len(recorded) > 60


def test_each_program_is_asked_at_a_host_of_its_own() -> None:
    assert len({program.asked_at for program in PROGRAMS}) == len(PROGRAMS)


def test_the_fixes_that_were_tried_help() -> None:
    """Where a program refused the page, the same program with the fix as we word it lets it read."""
    rules = load_rules().rules
    seen = {(one.program, one.probe): one for one in RECORDED}
    for program in PROGRAMS:
        if program.fixed is None:
            continue
        before, own = program.fixed
        title = rules[own].title
        refused = [probe for name, probe in seen if name == before and seen[name, probe].first == title]
        assert refused, program.id
        after = [seen[program.id, probe] for probe in refused if (program.id, probe) in seen]
        assert after, program.id
        assert [one.probe for one in after if one.first == title or (own in one.own and not _readable(one))] == [], program.id


def _readable(one: Recorded) -> bool:
    return any(name.lower() == "access-control-allow-origin" for name, _ in one.response)


def test_what_is_said_to_have_run_here_did() -> None:
    """Of each product whose file says so, a response was recorded here or by another test (tests/servers)."""
    shown = {product for one in RECORDED for product in one.products}
    said = {
        product.id
        for product in CATALOG.products.values()
        if "run here" in product.verified and "tests/servers" not in product.verified
    }
    assert said <= shown


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render()


def test_what_stands_on_general_knowledge_has_low_confidence() -> None:
    rules = load_rules().rules
    unsure = [product for product in CATALOG.products.values() if product.verified == "general knowledge"]
    assert [one.id for product in unsure for one in product.responses if rules[one.id].confidence is not Confidence.LOW] == []
