"""Patch: what applying it does to a response, and what it leaves alone."""

from corslens.fetch.messages import Response
from corslens.patching.patch import HeaderChange, Patch, StatusChange, apply

from tests import make


def test_apply_changes_only_what_it_names() -> None:
    """Named headers change at their first line's place, new ones come last; everything else stays in its order."""
    response = Response(
        status=404,
        headers=make.headers([("A", "1"), ("access-control-allow-origin", "*"), ("B", "2"), ("Access-Control-Allow-Origin", "x"), ("C", "3")]),
        http_version="HTTP/2.0",
        time=7.0,
    )  # fmt: skip
    patch = Patch(
        changes=(
            HeaderChange(header="Access-Control-Allow-Origin", before=("*", "x"), after="https://app.test", because="b"),
            HeaderChange(header="C", before=("3",), after=None, because="b"),
            HeaderChange(header="Vary", before=(), after="Accept", more=("Origin",), because="b"),
        ),
        status=StatusChange(before=404, after=200, because="b"),
    )
    assert apply(patch, response) == Response(
        status=200,
        headers=make.headers([("A", "1"), ("Access-Control-Allow-Origin", "https://app.test"), ("B", "2"), ("Vary", "Accept"), ("Vary", "Origin")]),
        http_version="HTTP/2.0",
        time=7.0,
    )  # fmt: skip


def test_empty_patch_changes_nothing() -> None:
    """A patch that was refused, or that cannot help, changes nothing."""
    response = make.response(500, [("A", "1"), ("a", "2")])
    for patch in (Patch(), Patch(refused="no")):
        assert patch.empty
        assert apply(patch, response) == response
    assert not Patch(status=StatusChange(before=404, after=200, because="b")).empty


def test_combined_is_what_a_browser_sees() -> None:
    """Several lines are one value to a check; a removed header has none."""
    change = HeaderChange(header="A", before=("x",), after="1", more=("2",), because="b")
    assert (change.lines, change.combined) == (("1", "2"), "1, 2")
    assert HeaderChange(header="A", before=("x",), after=None, because="b").combined is None
