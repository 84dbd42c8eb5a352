"""Markdown for a pull-request comment: a headline, a table, and each problem's fix folded away."""

from collections import Counter
from collections.abc import Sequence

from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules.rule import RuleSet
from corslens.report.baseline import Gate, is_known
from corslens.report.escape import escape
from corslens.report.limits import first, left_out, notes_of
from corslens.report.plain import also, examples, fix_lines

_SENTENCES = 20
"""Sentences on inputs."""
_MAX_REPORT_CHARACTERS = 60_000
"""Bytes: GitHub takes 65,536 characters in a comment, and a step's summary is to be no longer."""

_MARKS = {"error": "🔴", "warning": "🟠", "info": "🔵"}


def render_report(summary: SessionSummary, _rules: RuleSet, gate: Gate, top: int | None = None) -> bytes:
    """Return the comment; what does not fit is counted at its end.

    Args:
        top: how many problems it lists at most; None for as many as fit.
    """
    problems = summary.problems()
    new = [problem for problem in problems if not is_known(problem, gate.known)] if gate.known else problems
    known = len(problems) - len(new)
    suppressed = summary.suppressed()
    blocked = summary.number("BLOCKED")
    lines = [f"## corslens: {_headline(new, known=known, suppressed=bool(suppressed), blocked=blocked)}", ""]
    requests = summary.counts["page requests"]
    counts = f"{summary.exchanges} exchange{'' if summary.exchanges == 1 else 's'}, {requests} page request{'' if requests == 1 else 's'}; {blocked} blocked"
    depending, patched = summary.number("DEPENDS"), summary.number("PATCHED")
    if patched:
        counts += f", {patched} patched"
    if depending:
        counts += f", {depending} that depend{'s' if depending == 1 else ''} on credentials"
    lines.append(f"{counts}.")
    if known:
        lines.append(f"{known} known from the baseline, not listed.")
    lines += [f"- {count} suppressed: {_code(rule)} ({_code(note)})" for rule, note, count in suppressed]
    lines += _table(new, len(new) if top is None else top)
    damages = [sentence for one in summary.inputs for sentence in one.damages]
    for mark, sentences, what in (("⚠️ ", damages, "errors of inputs"), ("", notes_of(summary.inputs), "notes on inputs")):
        shown, more = first(sentences, _SENTENCES, what)
        lines += [f"\n> {mark}{_code(sentence)}" for sentence in shown]
        lines += [f"\n> {sentence}" for sentence in filter(None, [more])]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _headline(problems: Sequence[Problem], *, known: int, suppressed: bool, blocked: int) -> str:
    found = Counter(problem.severity.word for problem in problems)
    counts = [f"{found[word]} {word}{'s' if found[word] > 1 and word != 'info' else ''}" for word in _MARKS if found[word]]
    if counts:
        return ", ".join(counts)
    if known or suppressed:
        accepted = " and ".join(word for word, is_so in (("known", known), ("suppressed", suppressed)) if is_so)
        return f"only {accepted} findings"
    return f"no finding, but {blocked} blocked" if blocked else "nothing found"


def _table(problems: Sequence[Problem], top: int) -> list[str]:
    if not problems:
        return []
    rows = ["", "| | problem, first fix | endpoint | times |", "| --- | --- | --- | ---: |"]
    details = [""]
    length = 1_000
    for place, problem in enumerate(problems):
        mark = _MARKS[problem.severity.word]
        fix = next(fix_lines(problem), None)
        name = f"{_code(problem.title)} {_code(problem.key.rule)}{'' if fix is None else f'<br>{_code(fix)}'}"
        row = f"| {mark} | {name} | {_code(problem.key.endpoint)} | {problem.count} |"
        detail = _detail(problem)
        length += len(row.encode("utf-8", "backslashreplace")) + len(detail.encode("utf-8", "backslashreplace")) + 2
        if length > _MAX_REPORT_CHARACTERS or place == top:
            details.append(f"\n{left_out(place, len(problems), most=place)}")
            break
        rows.append(row)
        details.append(detail)
    return rows + details


def _detail(problem: Problem) -> str:
    word = problem.state.value if problem.state is not ProblemState.OPEN else problem.word.lower()
    lines = [f"<details><summary>{_html(word)}: {_html(problem.message)}</summary>\n"]
    lines += [f"- {_code(line)}" for line in fix_lines(problem)]
    lines.append(f"- {', '.join(map(_code, problem.methods))} {_code(problem.key.endpoint)}")
    pages = [page for page in problem.pages if page]
    if pages:
        lines.append(f"- from {', '.join(map(_code, pages))}{' and others' if problem.pages.more else ''}")
    lines += [f"- {_code(line)}" for line in also(problem)]
    lines.append(f"- seen in {', '.join(map(_code, examples(problem)))}")
    return "\n".join(lines) + "\n\n</details>\n"


_DELIMITERS = str.maketrans({"`": r"\x60", "|": r"\x7c"})
"""What would end a code span, or a cell of a table; written as `escape` writes what is invisible."""


def _code(text: str) -> str:
    """Return a code span: the one place where GitHub reads no markup, and makes no mention, reference or link of anything.

    It looks for those in the HTML that comes of the Markdown, where backslashes and entities are gone. In an HTML element amid Markdown
    it finds them, too, but for those of a block. Sentences are written so, too: what is of the wire in them is not marked.
    """
    text = escape(text).translate(_DELIMITERS)
    return f"`{text}`" if text.strip() else ""


def _html(text: str) -> str:
    """Return the text as it may stand in a block of HTML, as code."""
    text = escape(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<code>{text}</code>"
