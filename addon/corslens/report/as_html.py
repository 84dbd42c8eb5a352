"""The HTML report: the page's data, style and scripts in one file that opens from disk and asks for nothing."""

from collections import Counter
from collections.abc import Iterable

import msgspec
from markupsafe import Markup

from corslens.inspection import Inspection
from corslens.lint.rule import RuleSet
from corslens.report.board import Board
from corslens.report.escape import escape_json_text
from corslens.report.page_assets import SCRIPTS, asset, render_page, source_hash
from corslens.report.page_model import Json, in_full, settings

ADVISED = 12
"""The APIs, those with the most problems, for which a report holds server settings."""


def render_html(inspections: Iterable[Inspection], rules: RuleSet, *, about: str = "", exchanges: int | None = None) -> str:
    """Return the report.

    Args:
        inspections: oldest first; of an id that comes again, the last one counts.
        about: where they are from, for the reader.
        exchanges: how many were seen, when these are not all.
    """
    known = {inspection.id: inspection for inspection in inspections}
    board = Board()
    for inspection in known.values():
        board.add(inspection)
    summary = board.changes()
    if exchanges is not None:
        summary["counts"]["exchanges"] = exchanges
    fired = sorted({problem["rule"] for problem in summary["problems"]})
    apis = Counter(problem["api"] for problem in summary["problems"]).most_common(ADVISED)
    details = in_full(board.example_ids(), fired, known.get, rules)
    details["advice"] = {api: settings(known.values(), api) for api, _ in apis}
    style = asset("page.css")
    script = "".join(f"{asset(name)}\n" for name in SCRIPTS)
    report = {
        "policy": f"default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        f"style-src {source_hash(style)}; script-src {source_hash(script)}",
        "style": Markup(style),
        "script": Markup(script),
        "summary": embedded_json(summary),
        "details": embedded_json(details),
    }
    return render_page(report=report, live=None, about=about)


def embedded_json(value: Json) -> Markup:
    """Return JSON that may stand in a script element: `<` begins no tag and ends no element, and nothing is invisible.

    Standard: https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
    """
    text = msgspec.json.encode(value).decode()
    return Markup(escape_json_text(text).replace("<", "\\u003c"))
