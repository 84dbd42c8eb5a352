"""axe-core in a page: the accessibility faults that a program can find."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.browser.kit.page import Page
from tests.deadline import DEADLINE_SECONDS

FOLDER = Path(__file__).resolve().parents[1]
SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")


@cache
def axe_source() -> str:
    """Return axe-core's script, installed on first use; skip the test where there is no npm (or fail, where it is compulsory)."""
    if not SCRIPT.exists():
        npm = shutil.which("npm")
        missing = "no npm on this machine to install axe-core with" if npm is None else _install(npm)
        if missing is not None:
            if os.environ.get("CORSLENS_REQUIRE_BROWSER") == "1":
                pytest.fail(missing)
            pytest.skip(missing)
    return SCRIPT.read_text(encoding="utf-8")


def _install(npm: str) -> str | None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    return None if done.returncode == 0 and SCRIPT.exists() else f"npm could not install axe-core: {done.stderr.strip()[-300:]}"


async def faults(page: Page) -> list[str]:
    """Return the serious and critical faults of the page as it is now: rule, element, and what is wrong."""
    await page.evaluate(axe_source() + "; undefined")
    found = await page.evaluate(
        """axe.run(document, {resultTypes: ['violations']}).then(results => results.violations.flatMap(fault =>
            fault.nodes.map(node => [fault.impact, `${fault.id}: ${node.target.join(' ')}: ${node.failureSummary}`])))"""
    )
    return [text for impact, text in found if impact in GRAVE]
