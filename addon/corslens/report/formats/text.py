"""The terminal: one block a page request, the cause first and one fix, and a summary at the end. Everything from the wire is escaped."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from textwrap import wrap

from corslens.diagnosis.diagnose import JUDGED, QUIET, Diagnosis
from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.diagnosis.unexplained import sentence_of, title_of
from corslens.inspection import Inspection
from corslens.lint.finding import Confidence, Finding, Severity
from corslens.lint.rules.rule import RuleSet
from corslens.observation.network_error import plain_words
from corslens.observation.redaction import redact_header, redact_method, redact_name, redact_symbol, redact_text, redact_url
from corslens.report.baseline import Gate, is_known
from corslens.report.escape import escape
from corslens.report.initiators import requested_by
from corslens.report.limits import first, left_out, notes_of
from corslens.report.plain import fix_block, without_origin
from corslens.report.styled_text import StyledText, joined

_MAX_LINE_CHARACTERS = 400
"""Characters of a URL or value that are printed; the records have all of it."""

NO_BREAK = "\N{NO-BREAK SPACE}"
"""Where no line is broken; it is printed as a space."""
TOP = 50
"""Problems that a report spells out; all are counted."""
_NAMED = 3
"""Request headers that a heading names."""
_NOTES = 20
"""Notes on inputs."""

STYLES = {
    "BLOCKED": "bold red",
    "DEPENDS": "bold yellow",
    "PATCHED": "bold cyan",
    "RESOLVED": "bold green",
    "ABORTED": "dim",
    "ALLOWED": "green",
    "ERROR": "bold red",
    "WARNING": "bold yellow",
    "INFO": "bold blue",
}


def render_report(summary: SessionSummary, _rules: RuleSet, gate: Gate, top: int = TOP) -> bytes:
    """Return the report as it stands in a file."""
    return (render_text(summary, gate, top=top).plain + "\n").encode("utf-8", "backslashreplace")


def render_text(summary: SessionSummary, gate: Gate, width: int | None = None, *, top: int = TOP) -> StyledText:
    """Return the whole report: each problem once, what could not be seen, and the summary.

    Problems with nothing but info findings are only counted there, unless they are what the run fails on.
    """
    infos = gate.fail_on is Severity.INFO
    total = sum(number for one, number in summary.standings().items() if infos or one.word not in QUIET)
    shown = tuple(islice((problem for problem in summary.problems() if infos or problem.word not in QUIET), top))
    blocks = [_with_repeats(problem, gate.known, width) for problem in shown]
    if len(shown) < total:
        blocks.append(StyledText("\n".join(fold(left_out(len(shown), total), width, first=0, indent=2)), "dim"))
    notes, more = first(notes_of(summary.inputs), _NOTES, "notes; the JSON report lists them")
    notes = [*notes, *filter(None, [more])]
    if notes:
        lines = [line for note in notes for line in fold(f"note: {escape(note)}", width, first=0, indent=6)]
        blocks.append(StyledText("\n".join(lines)))
    blocks.append(render_summary(summary, width))
    return joined("\n\n", blocks)


def _with_repeats(problem: Problem, known: frozenset[str], width: int | None) -> StyledText:
    text = render_problem(problem.diagnosis, width)
    if problem.state is ProblemState.RESOLVED:
        text.append("\n  resolved: the same page request passed later", STYLES["RESOLVED"])
    if is_known(problem, known):
        text.append("\n  known: in the baseline", "dim")
    if problem.count > 1:
        text.append(f"\n  … and {problem.count - 1:,} more like it", "dim")
    return text


def render_resolved(problem: Problem, width: int | None = None) -> StyledText:
    """Return the line that says of a problem that its page requests pass now."""
    diagnosis = problem.diagnosis
    page = problem.diagnosis.page_request.page
    seen = "" if page is None else f"  from {_shown(redact_url(page))}"
    said = f"{_request(diagnosis)}{seen}  passes now  [{problem.key.rule}]"
    text = StyledText("RESOLVED", STYLES["RESOLVED"])
    return text.append("\n".join(fold(said, width, first=10, indent=2, start="  ")), "default not bold")


def render_problem(diagnosis: Diagnosis, width: int | None = None) -> StyledText:
    """Return the block of one page request: what became of it and the cause, what to do first, then the details and in one line what else is wrong.

    Args:
        width: the terminal's; None leaves each line whole, for a file or a pipe.
    """
    word = diagnosis.word
    text = StyledText()
    text.append(word, STYLES.get(word, "bold"))
    request = _request(diagnosis)
    names = _names(diagnosis)
    # Beside the request stands as much as fits, so that the second line is the fix; what is left out ends the sentence.
    beside = next((name for name in names if width is None or len(word) + len(request) + len(name) + 4 <= width), "")
    heading = "  ".join(filter(None, (request, beside)))
    text.append("\n".join(fold(heading, width, first=len(word) + 2, indent=2, start="  ")), "default not bold")
    if beside:
        text.stylize("bold", len(text) - len(beside))
    for line, style in _body(diagnosis, "" if not names or names[-1] in beside else f" {names[-1]}"):
        deeper = len(line) - len(line.lstrip(" "))  # a header line of a fix
        for folded in fold(line, width, first=2, indent=4 + deeper, start="  "):
            text.append("\n" + folded, style)
    return text


def _request(diagnosis: Diagnosis) -> str:
    """Name the page request: its method and URL, and where the cause is if it was redirected there."""
    request = diagnosis.page_request
    shown = f"{escape(redact_method(request.method))} {_shown(redact_url(request.url))}"
    other = diagnosis.place.observation.exchange.request.url
    return shown if other == request.url else f"{shown}  → {_shown(redact_url(other))}"


def _names(diagnosis: Diagnosis) -> list[str]:
    """Return the names of the cause, the longest first; the last is the rule or reason that `corslens explain` takes."""
    cause = diagnosis.cause
    if cause is not None:
        rule, title = f"[{cause.rule}]", escape(cause.title)
        return [f"{title}  {rule}", title, rule] if title else [rule]
    if diagnosis.reason is not None and diagnosis.word in JUDGED:
        title, rule = title_of(diagnosis), f"[{diagnosis.reason}]"
        return [f"{title}  {rule}", title, rule] if title else [rule]
    return []


def _from(diagnosis: Diagnosis) -> str:
    """Say which page asked, in which browsers this is the outcome, and why there was a preflight."""
    page = diagnosis.page_request.page
    parts = [] if page is None else [f"from {_shown(redact_url(page))}"]
    if diagnosis.word in JUDGED:
        parts.append(f"({_engines(diagnosis).replace(' ', NO_BREAK)}{_preflighted(diagnosis)})")
    return "  ".join(parts)


def _preflighted(diagnosis: Diagnosis) -> str:
    """Say in a clause why there was a preflight, if there was one."""
    members = diagnosis.page_request.members
    need = next((one.observation.need for one in reversed(members) if one.observation.need is not None), None)
    if need is None or not diagnosis.page_request.preflights:
        return ""
    reasons = [] if need.method is None else [escape(redact_method(need.method))]
    reasons += [escape(redact_name(name)) for name in need.header_names[:_NAMED]]
    if len(need.header_names) > _NAMED:
        reasons.append(_count(len(need.header_names) - _NAMED, "more header"))
    if need.forced:
        reasons.append("an upload listener or a streamed body")
    return f"; preflight because of {', '.join(reasons)}" if reasons else ""


def _engines(diagnosis: Diagnosis) -> str:
    """Name the engines with this outcome, or say that it is all of them, and what others do."""
    if diagnosis.word == "PATCHED":
        return "changed by the proxy"
    outcomes = diagnosis.page_request.outcomes
    mine = outcomes[diagnosis.page_request.headline]
    same = [engine.label for engine, outcome in outcomes.items() if outcome is mine]
    if len(same) == len(outcomes):
        return "all browsers"
    others = [
        f"{outcome.value.replace('-', ' ')} in {engine.label}" for engine, outcome in outcomes.items() if outcome is not mine
    ]
    return "; ".join((" and ".join(same), ", ".join(others)))


def _body(diagnosis: Diagnosis, name: str) -> Iterator[tuple[str, str]]:
    """Yield the lines below the heading, each with its style: the fix, then why, with the name that the heading has no room for."""
    cause = diagnosis.cause
    plain = "default not bold"
    for line in _injections(diagnosis):
        yield line, plain
    if cause is not None and cause.fix is not None:
        for line in fix_block(cause.fix):
            yield escape(line), "green"
    if cause is not None:
        sure = cause.confidence in (Confidence.HIGH, Confidence.CONFIRMED)
        yield escape(_message(diagnosis, cause)) + name + ("" if sure else f" (confidence: {cause.confidence})"), plain
    elif diagnosis.reason is not None and diagnosis.word in JUDGED:
        yield escape(sentence_of(diagnosis)) + name, plain
    elif diagnosis.place.observation.exchange.error:
        yield f"no response: {_shown(redact_text(plain_words(diagnosis.place.observation.exchange.error)))}", plain
    if line := _from(diagnosis):
        yield line, plain
    asked_by = requested_by(diagnosis)
    if asked_by is not None:
        yield f"Requested by {_shown(asked_by)}", plain
    for line in _edits(diagnosis):
        yield line, plain
    for line in _withheld(diagnosis):
        yield line, plain
    for line in _contradictions(diagnosis):
        yield line, "bold yellow"
    for line in _patches(diagnosis):
        yield line, plain
    loud = [finding for finding in diagnosis.beside if finding.severity > Severity.INFO or diagnosis.word == "INFO"]
    if loud:
        yield f"Also: {'; '.join(_also(finding) for finding in loud)}.", "dim"


def _edits(diagnosis: Diagnosis) -> Iterator[str]:
    """Say which other addons of the proxy changed the CORS headers of a response, which the server then sent otherwise."""
    for one in diagnosis.page_request.members:
        if edited := one.observation.exchange.edited_by:
            yield f"Changed in the proxy, after corslens, by {_shown(', '.join(edited))}"


def _withheld(diagnosis: Diagnosis) -> Iterator[str]:
    """Name the cookies that the browser did not send, where that may explain what became of the request."""
    for one in diagnosis.page_request.members:
        witness, response = one.observation.exchange.witness, one.observation.exchange.response
        if (
            witness is not None
            and witness.withheld
            and (response is None or response.status in (401, 403) or one.verdict.blocked)
        ):
            names = ", ".join(f"{redact_symbol(cookie.name)} ({cookie.why})" for cookie in witness.withheld)
            yield f"Cookies that the browser did not send: {_shown(names)}"


def _contradictions(diagnosis: Diagnosis) -> Iterator[str]:
    """Say where the browser did something else than was predicted: both sides."""
    for one in diagnosis.page_request.members:
        wrong = one.misprediction
        if wrong is not None:
            predicted = wrong.verdict.outcome.value + (
                "" if wrong.verdict.reason is None else f" ({wrong.verdict.reason.value})"
            )
            yield f"corslens predicted {predicted}, but {_shown(redact_text(wrong.seen))}: please report this"


def _also(finding: Finding) -> str:
    title = finding.title or finding.rule.replace("-", " ")
    return f"{escape(title)} ({finding.rule})"


def _message(diagnosis: Diagnosis, cause: Finding) -> str:
    """Return what is wrong; of a page request that passed all the same, what would have become of it."""
    message = without_origin(diagnosis, cause.message)
    return f"Without the patch: {message}" if diagnosis.word == "PATCHED" else message


def _injections(diagnosis: Diagnosis) -> Iterator[str]:
    """Say what was injected on purpose, by its name and reason, and what it led to."""
    for one in diagnosis.page_request.members:
        view = one.patch
        if view is None or not view.injected:
            continue
        verb = "Injected" if view.applied else "Would inject"
        because = list(dict.fromkeys(change.because for change in view.patch.changes))
        led_to = view.verdicts_after[one.headline].words
        yield f"{verb} by {_shown(redact_text('; '.join(because)))}: {', '.join(_changes(one))}; the response is then {led_to}"


def _patches(diagnosis: Diagnosis) -> Iterator[str]:
    for one in diagnosis.page_request.members:
        view = one.patch
        if view is None or view.injected:
            continue
        if one.observation.exchange.made_by_proxy:
            yield "The proxy itself responded to the preflight, which did not reach the server."
        verb = "Patched" if view.applied else "Would patch"
        if view.patch.refused:
            yield f"Not patched: {escape(redact_text(view.patch.refused))}"
        yield from (f"{verb}: {line}" for line in _changes(one))


def _changes(inspection: Inspection) -> Iterator[str]:
    assert inspection.patch is not None
    patch = inspection.patch.patch
    if patch.status is not None:
        yield f"status {patch.status.before} → {patch.status.after}"
    for change in patch.changes:
        to = "removed" if change.combined is None else _shown(redact_header(change.header, change.combined))
        yield f"{escape(change.header)}: {to}"


def render_lines(lines: Iterable[str], width: int | None) -> StyledText:
    """Return plain lines, escaped, those that are too long broken between words and indented below their text."""
    folded: list[str] = []
    for line in map(escape, lines):
        start = len(line) - len(line.lstrip(" "))
        folded += fold(line.lstrip(" "), width, first=start, indent=start + 2, start=" " * start)
    return StyledText("\n".join(folded))


def fold(text: str, width: int | None, *, first: int, indent: int, start: str = "") -> list[str]:
    """Break the text into lines that fit; `first` columns of the first line are taken (or begin with `start`)."""
    if width is None or first + len(text) <= width:
        return [start + text.replace(NO_BREAK, " ")]
    width = max(width, 20)
    lines = wrap(
        text, width, initial_indent=" " * first, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    lines[0] = start + lines[0][first:]
    return [line.replace(NO_BREAK, " ") for line in lines]


def render_summary(summary: SessionSummary, width: int | None = None, *, pointer: bool = True) -> StyledText:
    """Return what was seen in all: what became of the page requests, the problems, then the causes with their counts, worst first.

    Args:
        pointer: whether it ends with where to read more on a cause.
    """
    text = StyledText()
    text.append("\n".join(fold(_outcomes(summary), width, first=0, indent=2)), "bold")
    text.append("\n" + "\n".join(fold(_problems(summary), width, first=0, indent=2)))
    for engine, agreed, total in summary.agreement():
        style = "green" if agreed == total else "bold yellow"
        text.append(f"\n{engine.label} agreed with {agreed:,} of {total:,}", style)
    suppressed = summary.suppressed()
    column = 11 if suppressed else 8
    causes = summary.causes()
    for word, name, count in causes:
        text.append(f"\n{count:>7,}  ").append(f"{word.lower():<{column}}", STYLES.get(word, "bold")).append(name)
    for name, note, count in suppressed:
        lines = fold(f"{name} ({escape(note)})" if note else name, width, first=9 + column, indent=9 + column)
        text.append(f"\n{count:>7,}  ").append(f"{'suppressed':<{column}}", "dim").append("\n".join(lines))
    if causes and pointer:
        text.append("\nMore on each: corslens explain NAME", "dim")
    return text


def _outcomes(summary: SessionSummary) -> str:
    """Say what became of the page requests."""
    numbers = {word: summary.number(word) for word in ("BLOCKED", "DEPENDS", "PATCHED", "ABORTED")}
    requests = summary.counts["page requests"]
    facts = [f"{number:,} {_OUTCOMES[word][number > 1]}" for word, number in numbers.items() if number]
    unjudged = summary.counts["not judged"]
    if allowed := max(0, requests - sum(numbers.values()) - unjudged):
        facts.append(f"{allowed:,} allowed")
    if unjudged:
        facts.append(f"{unjudged:,} not judged")
    return _count(requests, "page request") + (f": {', '.join(facts)}" if facts else "")


_OUTCOMES = {
    "BLOCKED": ("blocked", "blocked"),
    "DEPENDS": ("depends on credentials", "depend on credentials"),
    "PATCHED": ("patched", "patched"),
    "ABORTED": ("aborted", "aborted"),
}
"""Of one page request, and of several."""


def _problems(summary: SessionSummary) -> str:
    """Say how many problems there are, how they stand, and in how much traffic."""
    standings = summary.standings()
    states = Counter[ProblemState]()
    for one, number in standings.items():
        states[one.state] += number
    facts = [_count(standings.total(), "problem"), _count(len({one.rule for one in standings}), "cause")]
    facts += [f"{states[state]:,} {state.value}" for state in (ProblemState.PATCHED, ProblemState.RESOLVED) if states[state]]
    traffic = [_count(summary.exchanges, "exchange"), f"{summary.cors:,} CORS"]
    if pairs := summary.counts["pairs"]:
        traffic.append(_count(pairs, "preflighted pair"))
    return f"{', '.join(facts)}; {', '.join(traffic)}"


def render_dropped(dropped: Mapping[str, int]) -> Iterator[str]:
    """Yield one line on what a long session dropped, or none when nothing was.

    Args:
        dropped: how many, by what they are.
    """
    if dropped:
        most_first = sorted(dropped.items(), key=lambda item: (-item[1], item[0]))
        yield f"Dropped to stay within limits (see cors_history): {', '.join(f'{count:,} {name}' for name, count in most_first)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _shown(text: str) -> str:
    """Return wire text as it is printed: a stranger's Origin may fill a thousand lines."""
    return escape(text if len(text) <= _MAX_LINE_CHARACTERS else f"{text[: _MAX_LINE_CHARACTERS - 1]}…")
