"""Which origins are tried: all that browsers can send, none that is wanted, and whatever other scanners try."""

import pytest
from corslens.fetch.origins import is_serialized_origin
from corslens.observation.probe import OriginComparison
from corslens.probing.strangers import CHARACTERS, strangers_for

APP = "https://app.example.com"
BASES = (
    ((APP,), "https://api.example.org"),
    ((APP, "https://www.example.com"), "https://api.example.com"),
    (("https://shop.co.uk:8443",), "https://api.shop.co.uk"),
    (("http://localhost:3000",), "http://127.0.0.1:8000"),
    (("https://[::1]:8443",), "https://192.0.2.1"),
    (("null",), "https://api.example"),
)


@pytest.mark.parametrize(("wanted", "target"), BASES)
def test_each_is_one_that_a_browser_can_send_and_nobody_wants(wanted: tuple[str, ...], target: str) -> None:
    strangers = strangers_for(wanted, target)
    origins = [one.origin for one in strangers]
    assert all(origin == "null" or is_serialized_origin(origin) for origin in origins)
    assert len(set(origins)) == len(origins) and not {*wanted, target} & set(origins)
    assert [one.comparison for one in strangers[:2]] == [OriginComparison.ANY] * 2


def test_the_owner_s_own_are_told_from_those_of_anyone() -> None:
    by_origin = {one.origin: one for one in strangers_for([APP], APP)}
    assert by_origin["https://a.example.com"].own_site and by_origin[f"{APP}:8443"].own_site
    assert not any(
        by_origin[origin].own_site for origin in ("https://aexample.com", "https://appaexample.com", "https://a.invalid")
    )


COVERED = (
    # CORScanner, Corsy, ZAP, Nuclei and others: their check, what they send of www.target.com, and what is sent here for it.
    ("reflected origin", "https://evil.com", OriginComparison.ANY, "https://a.invalid"),
    ("null", "null", OriginComparison.NULL, "null"),
    ("prefix match", "https://www.target.com.evil.com", OriginComparison.PREFIX, "https://www.target.com.a.invalid"),
    ("prefix match without a dot", "https://www.target.comevil.com", OriginComparison.PREFIX, "https://www.target.coma.invalid"),
    ("suffix match", "https://eviltarget.com", OriginComparison.SUFFIX, "https://atarget.com"),
    ("unescaped dot", "https://wwwatarget.com", OriginComparison.DOT, "https://wwwatarget.com"),
    ("substring", "https://www.target.co", OriginComparison.PART, "https://www.target.co"),
    ("substring from the beginning", "https://arget.com", OriginComparison.PART, "https://arget.com"),
    ("any subdomain", "https://evil.www.target.com", OriginComparison.SUBDOMAIN, "https://a.www.target.com"),
    ("http", "http://www.target.com", OriginComparison.SCHEME, "http://www.target.com"),
    ("underscore", "https://www.target.com_.evil.com", OriginComparison.CHARACTER, "https://www.target.com_.a.invalid"),
    ("back-tick as browsers send it", "https://www.target.com`.evil.com", OriginComparison.CHARACTER, "https://www.target.com`.a.invalid"),
    ("localhost look-alike", "http://localhost.evil.com", OriginComparison.PREFIX, "http://localhost.a.invalid"),
    ("shared hosting", "https://whatever.github.io", OriginComparison.SHARED, "https://nobody.github.io"),
    ("code sandbox", "https://jsfiddle.net", OriginComparison.SHARED, "https://jsfiddle.net"),
)  # fmt: skip


@pytest.mark.parametrize(("check", "theirs", "comparison", "ours"), COVERED, ids=[row[0] for row in COVERED])
def test_what_other_scanners_try_is_tried(check: str, theirs: str, comparison: OriginComparison, ours: str) -> None:
    """Except what no browser can send: `%60`, `|`, `^`, `*` and control characters in a host."""
    assert theirs and check
    assert {one.origin: one.comparison for one in strangers_for(["https://www.target.com"], "https://www.target.com")}[
        ours
    ] is comparison


@pytest.mark.parametrize("character", ["%60", "|", "^", "<", "%", "\x0b", "%2A"])
def test_what_no_browser_sends_is_not_tried(character: str) -> None:
    assert character not in CHARACTERS
    assert not any(character in one.origin for one in strangers_for([APP], APP))
