"""JUnit's XML, as Jenkins and GitLab read it: one test case a problem, one suite an API.

An endpoint of which nothing is to be said is one passed case, so that a clean run is not an empty one.
"""

from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules.rule import RuleSet
from corslens.report.baseline import Gate, is_known
from corslens.report.escape import escape
from corslens.report.initiators import requested_by
from corslens.report.limits import SENTENCES, first, notes_of, worst
from corslens.report.plain import also, examples, fix_lines

_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}

TOP = 5_000
"""Problems that are listed."""


def render_report(summary: SessionSummary, _rules: RuleSet, gate: Gate, top: int = TOP) -> bytes:
    """Return the document. A case fails as `--fail-on` says; a problem of the baseline is skipped."""
    shown, left_out = worst(summary.problems(), top)
    cases = [(problem.key.api_origin, _case(problem, gate)) for problem in shown]
    passed, every = summary.endpoints_without_problems(TOP)
    more_passed = first(range(every), TOP, "endpoints where nothing was found")[1]
    cases += [(api, _element(f"{api}{path}", "nothing found")) for api, path in passed]
    cases.sort(key=_api)  # stable: within an API the order of every report, then what passed
    suites = [_suite(api, (case for _, case in members)) for api, members in groupby(cases, _api)]
    if suppressed := summary.suppressed():
        suites.append(_suite("suppressed", (_suppressed(*one) for one in suppressed)))
    unreadable, more_unreadable = first(
        [(one.name, sentence) for one in summary.inputs for sentence in one.damages], SENTENCES, "errors of inputs"
    )
    damages = [_unreadable(name, sentence) for name, sentence in unreadable]
    if damages:
        suites.append(_suite("inputs", damages))
    root = Element("testsuites", {"name": "corslens"})
    root.extend(suites)
    root.attrib |= {name: str(sum(1 for _ in root.iter(_COUNTED[name]))) for name in ("tests", "failures", "errors")}
    notes, more = first(notes_of(summary.inputs), SENTENCES, "notes on inputs")
    notes = [*filter(None, [left_out]), *notes, *filter(None, [more, more_unreadable, more_passed])]
    if notes:
        suite = _suite("notes", ())
        SubElement(suite, "system-out").text = "\n".join(map(escape, notes))
        root.append(suite)
    indent(root)
    text = tostring(root, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode("utf-8", "backslashreplace")


def _api(case: tuple[str, Element]) -> str:
    return case[0]


def _suite(name: str, cases: Iterable[Element]) -> Element:
    suite = Element("testsuite", {"name": escape(name)})
    suite.extend(cases)
    suite.attrib |= {name: str(sum(1 for _ in suite.iter(element))) for name, element in _COUNTED.items()}
    return suite


def _case(problem: Problem, gate: Gate) -> Element:
    asked_by = requested_by(problem.diagnosis)
    shown = [
        f"{problem.word.lower()}: {problem.message}",
        *fix_lines(problem),
        *(() if asked_by is None else (f"requested by {asked_by}",)),
        *also(problem),
    ]
    shown.append(
        f"{', '.join(problem.methods)}, {problem.count:,} {'time' if problem.count == 1 else 'times'}; for instance {', '.join(examples(problem))}"
    )
    pages = [page for page in problem.pages if page]
    if pages:
        shown.append(f"from {', '.join(pages)}{' and others' if problem.pages.more else ''}")
    case = _element(problem.key.endpoint, problem.key.rule)
    if is_known(problem, gate.known):
        state = SubElement(case, "skipped", {"message": "known: in the baseline"})
    elif gate.fails(problem):
        state = SubElement(case, "failure", {"type": problem.severity.word, "message": escape(problem.message)})
    else:
        state = SubElement(case, "system-out")
        if problem.state is not ProblemState.OPEN:
            shown.insert(0, problem.state.value)
    state.text = "\n".join(map(escape, shown))
    return case


def _suppressed(rule: str, note: str, count: int) -> Element:
    case = _element("suppressed", rule)
    SubElement(case, "skipped", {"message": f"suppressed {count} times: {escape(note)}"})
    return case


def _unreadable(name: str, sentence: str) -> Element:
    case = _element(name, "readable")
    SubElement(case, "error", {"type": "unreadable", "message": escape(sentence)})
    return case


def _element(classname: str, name: str) -> Element:
    return Element("testcase", {"classname": escape(classname), "name": escape(name)})
