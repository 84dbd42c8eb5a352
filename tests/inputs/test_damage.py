"""A damage is one sentence that names file and entry."""

from corslens.inputs.damage import Damage


def test_of_a_file() -> None:
    assert str(Damage(file="a.har", what="is empty")) == "a.har: is empty"


def test_of_an_entry() -> None:
    assert str(Damage(file="a.har", entry=3, what="has no response")) == "a.har: entry 3: has no response"
