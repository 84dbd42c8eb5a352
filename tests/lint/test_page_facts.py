"""A user's own rule over the page that sends a request: place, policy, secure context, top-level site."""

from pathlib import Path

import pytest
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm.filters import parse_filter
from corslens.observation.exchange import Exchange
from msgspec import structs

from tests import make
from tests.observation.observe import CHROMIUM

RULE = """
id: internal-from-public-page
title: A public page reads an internal API
severity: warning
when:
  role: simple
  page.secure-context: true
  page.address-space: public
  page.top-level-site: app.example
  page.policies: {has-all: [content-security-policy]}
  target.address-space: local
message: '{request.url} was requested by a page of {page.top-level-site}'
"""
POLICY = {"Content-Security-Policy": "connect-src *", "Content-Type": "text/html"}


def document(given: make.Headers, address: str, dest: str = "document") -> Exchange:
    head = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": dest, "User-Agent": CHROMIUM}
    made = make.exchange(make.request(url="https://app.example/", given=head, origin=None), make.response(200, given))
    return structs.replace(made, server_address=address)


def request(address: str) -> Exchange:
    head = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Referer": "https://app.example/", "User-Agent": CHROMIUM}
    made = make.exchange(make.request(given=head, origin="https://app.example"), make.response(200, {}, allow_origin="*"))
    return structs.replace(made, server_address=address)


@pytest.mark.parametrize(
    ("page", "target", "fires"),
    [
        (document(POLICY, "203.0.113.1"), "10.0.0.7", True),
        (document(POLICY, "10.0.0.1"), "10.0.0.7", False),
        (document(POLICY, "203.0.113.1"), "203.0.113.9", False),
        (document({"Content-Type": "text/html"}, "203.0.113.1"), "10.0.0.7", False),
        (document(POLICY, "203.0.113.1", "iframe"), "10.0.0.7", False),
        (None, "10.0.0.7", False),
    ],
)
def test_a_rule_of_one_s_own(tmp_path: Path, page: Exchange | None, target: str, fires: bool) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(RULE)
    inspector = Inspector(rules=load_rules([path], parse_filter=parse_filter))
    if page is not None:
        inspector.inspect(page)
    found, *_ = inspector.inspect(request(target))
    rules = [finding.rule for finding in found.findings]
    assert ("internal-from-public-page" in rules) is fires
