"""axe-core in a page: the accessibility faults that a program can find."""

from functools import cache

from tests.browser.kit.npm import node_module
from tests.browser.kit.page import Page

GRAVE = ("serious", "critical")


@cache
def axe_source() -> str:
    """Return axe-core's script; skip the test where it cannot be installed."""
    return node_module("axe-core/axe.min.js").read_text(encoding="utf-8")


async def faults(page: Page) -> list[str]:
    """Return the serious and critical faults of the page as it is now: rule, element, and what is wrong."""
    await page.evaluate(axe_source() + "; undefined")
    found = await page.evaluate(
        """axe.run(document, {resultTypes: ['violations']}).then(results => results.violations.flatMap(fault =>
            fault.nodes.map(node => [fault.impact, `${fault.id}: ${node.target.join(' ')}: ${node.failureSummary}`])))"""
    )
    return [text for impact, text in found if impact in GRAVE]
