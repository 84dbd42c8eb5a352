"""The page's files are all there, need nothing from outside, and never parse what they show."""

import re
from importlib import resources

import pytest
from corslens.report.page.assets import ASSETS, SCRIPTS, asset, source_hash


def test_every_file_is_named() -> None:
    """What lies in the folder is served, except for the template."""
    there = {file.name for file in resources.files("corslens.report").joinpath("assets").iterdir()}
    assert there == {*ASSETS, "page.html.j2"}


@pytest.mark.parametrize("name", ASSETS)
def test_nothing_comes_from_outside(name: str) -> None:
    """No address of another host, but for the name of SVG's namespace, mitmproxy's page for its certificate, in words, and MDN's, to click on."""
    text = asset(name)
    for harmless in (
        "http://www.w3.org/2000/svg",
        "http://mitm.it behind the proxy",
        "sourceLink(`https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/",
    ):
        text = text.replace(harmless, "")
    assert not re.search(r"https?://[a-z]|@import|url\(", text)


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_makes_markup_of_text(name: str) -> None:
    """None of the ways in which text becomes elements or code."""
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function|srcdoc|\.cssText", asset(name)
    )


def test_hashes_are_those_that_browsers_make() -> None:
    """The example of the standard, https://www.w3.org/TR/CSP3/#example-f2f44d37."""
    assert source_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
