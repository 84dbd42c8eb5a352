"""The HTML report: the page's data, style and scripts in one file that opens from disk and asks for nothing."""

from collections import Counter

import msgspec
from markupsafe import Markup

from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules.rule import RuleSet
from corslens.report.baseline import Gate
from corslens.report.escape import escape_json_text
from corslens.report.limits import worst
from corslens.report.page.assets import SCRIPTS, asset, render_page, source_hash
from corslens.report.page.exchange_detail import Json
from corslens.report.page.live_feed import whole
from corslens.report.page.model import in_full, settings

TOP = 500
"""Problems that the page holds."""
PAIRS = 2_000
"""Pairs of origins that the page holds."""
ADVISED = 12
"""The APIs, those with the most problems, for which a report holds server settings."""


def render_report(summary: SessionSummary, rules: RuleSet, _gate: Gate, top: int = TOP) -> bytes:
    """Return the report as it stands in a file."""
    names = ", ".join(each.name for each in summary.inputs[:5])
    about = f"{names} and {len(summary.inputs) - 5} more" if len(summary.inputs) > 5 else names
    return render_html(summary, rules, about=about, top=top).encode("utf-8", "backslashreplace")


def render_html(summary: SessionSummary, rules: RuleSet, *, about: str = "", top: int = TOP) -> str:
    """Return the report.

    Args:
        about: where the exchanges are from, for the reader.
        top: how many problems it holds.
    """
    every = summary.problems()
    listed, left_out = worst(every, top)
    problems = list(listed)
    shown = whole(summary, problems, PAIRS)
    shown["total"] = len(every)
    known = {one.id: one for held in summary.held_with(problems) for one in held.page_request.members}
    apis = Counter(problem.key.api_origin for problem in problems).most_common(ADVISED)
    details = in_full(problems, known.get, rules)
    details["advice"] = {api: settings(known.values(), api) for api, _ in apis}
    style = asset("page.css")
    script = "".join(f"{asset(name)}\n" for name in SCRIPTS)
    report = {
        "policy": f"default-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
        f"style-src {source_hash(style)}; script-src {source_hash(script)}",
        "style": Markup(style),
        "script": Markup(script),
        "summary": embedded_json(shown),
        "details": embedded_json(details),
    }
    return render_page(report=report, live=None, about=about, left_out=left_out)


def embedded_json(value: Json) -> Markup:
    """Return JSON that may stand in a script element: `<` begins no tag and ends no element, and nothing is invisible.

    Standard: https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
    """
    text = msgspec.json.encode(value).decode()
    return Markup(escape_json_text(text).replace("<", "\\u003c"))
