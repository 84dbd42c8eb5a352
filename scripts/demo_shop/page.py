"""The shop's page: it makes every request in turn and shows what it could read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STEPS = Path(__file__).resolve().parents[2] / "tests" / "browser" / "kit" / "assets" / "steps.js"

TEMPLATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The shop of CORS mistakes</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color-scheme: light dark }
  table { border-collapse: collapse; width: 100%% }
  th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid #8886 }
</style>
<h1>The shop of CORS mistakes</h1>
<p id="state">The page makes its requests ...</p>
<table>
  <thead><tr><th>request<th>what happens<th>the page</thead>
  <tbody></tbody>
</table>
<script id="steps">%(steps_js)s</script>
<script>
  "use strict";
  const shop = %(shop)s;
  async function visit() {
    const seen = [];
    for (const { step, story } of shop) {
      const row = document.querySelector("tbody").insertRow();
      const path = new URL(step.url).pathname;
      for (const text of [`${step.method || "GET"} ${path}`, story, "..."]) row.insertCell().textContent = text;
      const result = await runStep(step);
      row.cells[2].textContent =
        { allowed: "may read it", "loaded-no-cors": "shows it, cannot read it" }[result.result] || "gets an error";
      seen.push(result);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    document.getElementById("state").textContent = "Done. Reload the page to make the requests again.";
    return seen;
  }
  const visited = visit();
</script>
</html>
"""


def render_frame() -> str:
    """Return the HTML of a page that runs, in a frame, the requests that the page around it hands over."""
    return f'<!doctype html><script id="steps">{STEPS.read_text()}</script>'


def render_page(steps: Sequence[dict[str, Any]], stories: Sequence[str]) -> str:
    """Return the page's HTML; `visited` in it is a promise of what it saw, one entry a step."""
    shop = json.dumps([{"step": step, "story": story} for step, story in zip(steps, stories, strict=True)])
    return TEMPLATE % {"steps_js": STEPS.read_text(), "shop": shop.replace("<", "\\u003c")}
