"""What docs/patching.md says is true."""

import re
from pathlib import Path

import pytest
from corslens.patching.injection_rules import parse_injections
from corslens.patching.policy import parse_origins

PAGE = (Path(__file__).parents[2] / "docs" / "patching.md").read_text("utf-8")


def test_injections_on_the_page_are_read() -> None:
    """The example is a file of rules."""
    (block,) = re.findall(r"```yaml\n(# corslens: injections\n.*?)```", PAGE, re.DOTALL)
    strict, layers = parse_injections(block, "patching.md", parse_filter=lambda text: lambda exchange: bool(text))
    assert (strict.name, layers.name) == ("strict-api", "two-layers")
    assert strict.set == {"Access-Control-Allow-Origin": ("https://app.example",)}
    assert layers.add == {"Access-Control-Allow-Origin": ("{origin}",)}


@pytest.mark.parametrize(
    ("entry", "origin"),
    [
        ("loopback", "http://127.9.9.9:1"), ("loopback", "http://[::1]"),
        ("https://app.example:8443", "https://app.example:8443"), ("192.168.1.5", "http://192.168.1.5:3000"),
        ("*.app.example", "https://a.app.example"), ("null", "null"), ("any", "https://evil.example"),
    ],
)  # fmt: skip
def test_entries_mean_what_the_page_says(entry: str, origin: str) -> None:
    """Each form of entry stands on the page and allows what it says there."""
    assert f"`{entry}`" in PAGE
    assert parse_origins([entry]).allows(origin)
