"""Declaring a fact."""

from corslens.lint.facts.fact import FactKind, fact, facts_of
from corslens.observation.known import Unknown
from corslens.observation.observation import Role


class _Base:
    @fact("a.flag")
    def flag(self) -> bool:
        """Whether it is so."""
        return True


class _Sample(_Base):
    calls = 0

    @fact("a.text", header="x-name", message="response")
    def text(self) -> str | None:
        """Some
        text.
        """
        self.calls += 1
        return "x"

    @fact("a.choice")
    def choice(self) -> Role | Unknown:
        """One of the roles."""
        return Role.ACTUAL

    @fact("a.set")
    def several(self) -> frozenset[Role]:
        """Some of them."""
        return frozenset()

    @fact("a.number")
    def number(self) -> int:
        """How many."""
        return 1


FACTS = facts_of(_Sample)


def test_kind_and_choices_come_from_the_return_type() -> None:
    kinds = {
        "a.flag": FactKind.FLAG,
        "a.text": FactKind.TEXT,
        "a.choice": FactKind.CHOICE,
        "a.set": FactKind.SET,
        "a.number": FactKind.NUMBER,
    }
    assert kinds == {name: one.kind for name, one in FACTS.items()}
    assert tuple(Role) == FACTS["a.choice"].choices == FACTS["a.set"].choices


def test_absent_and_unknown_are_told_from_the_return_type() -> None:
    assert FACTS["a.text"].optional and not FACTS["a.text"].may_be_unknown
    assert FACTS["a.choice"].may_be_unknown and not FACTS["a.choice"].optional


def test_a_fact_of_a_header_stands_on_that_header_alone() -> None:
    assert FACTS["a.text"].alone
    assert not FACTS["a.choice"].alone


def test_the_documentation_is_the_docstring_on_one_line() -> None:
    assert FACTS["a.text"].doc == "Some text."


def test_a_fact_is_computed_once_and_when_asked() -> None:
    sample = _Sample()
    assert sample.calls == 0
    assert (sample.text, sample.text) == ("x", "x")
    assert sample.calls == 1
