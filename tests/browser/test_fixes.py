"""The first fix of each problem, applied literally: in a real Chromium the request passes, or what stops it next was announced."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.demo_shop.shop import OFFERS, ROUTES, Shop
from tests.browser.kit.chromium import Chromium
from tests.browser.kit.mitmdump import Mitm, Record
from tests.browser.kit.page import NetworkRequest
from tests.browser.kit.truth import split_by_start
from tests.browser.sample_fixes import cases, try_fixes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHARE = 32
"""One sample of so many is tried here."""

type Walked = list[tuple[NetworkRequest, list[Record]]]


async def walk(shop: Shop, browser: Chromium, options: Mapping[str, Any]) -> Walked:
    """What a browser behind a proxy said of each request, and our records of it."""
    async with Mitm(options=options, routes=ROUTES) as mitm, browser.behind(mitm.address) as chromium:
        page = await chromium.page()
        await page.goto(shop.url)
        seen = await page.evaluate("visited")
        urls = [step["url"] for step in shop.steps]
        await page.until(lambda: all(page.last_hops(url)[-1].over for url in urls))
        await mitm.stop()
        parts = split_by_start(mitm.latest(), [entry["t"] for entry in seen])
    return [(page.last_hops(url)[urls[:at].count(url)], parts[at]) for at, url in enumerate(urls)]


def cause_of(records: list[Record]) -> tuple[Record, dict[str, Any]] | None:
    """The finding that is the cause, and the record on which it stands."""
    for record in records:
        for finding in record["findings"]:
            if finding["rule"] == record["page_request"]["cause"]:
                return record, finding
    return None


def announced(records: list[Record]) -> set[str]:
    """Every rule that the first diagnosis names."""
    return {name for one in records for found in one["findings"] for name in (found["rule"], *found["explains"])}


def injection(number: int, record: Record, headers: list[str]) -> dict[str, Any]:
    """The fix as an injection into the response on which the cause was found."""
    sent: dict[str, str] = {}
    for line in headers:
        name, _, value = line.partition(": ")
        sent[name] = value
    method = "~m OPTIONS" if record["role"] == "preflight" else "!~m OPTIONS"
    return {"name": f"fix-{number}", "filter": f"{method} & ~u {re.escape(record['url'])}$", "set": sent}


async def test_each_first_fix_makes_the_request_pass_or_leads_to_what_was_announced(shared: Chromium, tmp_path: Path) -> None:
    async with Shop() as shop:
        before = await walk(shop, shared, {})
        fixes: dict[int, dict[str, Any]] = {}
        for number, (browser, records) in enumerate(before):
            found = cause_of(records)
            if browser.cors_error is None or found is None:
                continue
            record, cause = found
            first = cause["fixes"][0]
            assert first["side"] in {"server", "gateway", "page", "setup"}
            assert first["text"] or first["headers"]
            if first["side"] == "server" and first["headers"]:
                fixes[number] = injection(number, record, first["headers"])
        assert len(fixes) >= 4
        rules = tmp_path / "fixes.yaml"
        rules.write_text(yaml.safe_dump(list(fixes.values())))
        after = await walk(shop, shared, {"cors_patch_rules": [str(rules)], "cors_patch_origins": ["any"]})
    wrong = {}
    for number in fixes:
        browser, records = after[number]
        if browser.cors_error is None:
            continue
        found = cause_of(records)
        now = {failure["reason"] for one in records for failure in one["verdicts"]["chromium"]["failures"]}
        if not (({found[1]["rule"]} if found else set()) | now) & announced(before[number][1]):
            wrong[OFFERS[number].path] = (fixes[number], browser.cors_error)
    assert not wrong


async def test_the_fixes_of_bad_samples_make_them_pass_or_lead_to_what_was_announced(chromium_path: str) -> None:
    """A share of what `python -m tests.browser.sample_fixes` tries: fixes of servers and of pages, header lines and text."""
    count: Counter[str] = Counter()
    outcomes = await try_fixes(cases(first=SHARE - 1, every=SHARE), count)
    assert not [one for one in outcomes if one.is_wrong]
    assert sum(one.passed for one in outcomes) >= 3, count
