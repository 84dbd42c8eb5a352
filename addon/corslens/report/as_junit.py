"""JUnit's XML, as Jenkins and GitLab read it: one test case an endpoint and rule, one suite an API.

An endpoint of which nothing is to be said is one passed case, so that a clean run is not an empty one.
"""

from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from corslens.report.collection import Collection
from corslens.report.escape import escape
from corslens.report.groups import Group, examples_text

_COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def render_junit(collection: Collection) -> str:
    """Return the document. A case fails as `--fail-on` says; a finding of the baseline, or a silenced one, is skipped."""
    groups = collection.groups()
    cases = [(group.key.api_origin, _case(group, collection)) for group in groups]
    silenced = collection.silenced()
    cases += [(group.key.api_origin, _case(group, collection)) for group in silenced]
    told = {(group.key.api_origin, group.key.path) for group in (*groups, *silenced)}
    cases += [
        (api, _element(f"{api}{path}", "nothing found")) for api, path in collection.endpoints() if (api, path) not in told
    ]
    cases.sort(key=_api)  # stable: within an API the order of every report, then what passed
    suites = [_suite(api, (case for _, case in members)) for api, members in groupby(cases, _api)]
    damages = [_unreadable(one.name, sentence) for one in collection.inputs for sentence in one.damages]
    if damages:
        suites.append(_suite("inputs", damages))
    root = Element("testsuites", {"name": "corslens"})
    root.extend(suites)
    root.attrib |= {name: str(sum(1 for _ in root.iter(_COUNTED[name]))) for name in ("tests", "failures", "errors")}
    notes = [note for one in collection.inputs for note in one.notes]
    if notes:
        suite = _suite("notes", ())
        SubElement(suite, "system-out").text = "\n".join(map(escape, notes))
        root.append(suite)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=False).join(('<?xml version="1.0" encoding="UTF-8"?>\n', "\n"))


def _api(case: tuple[str, Element]) -> str:
    return case[0]


def _suite(name: str, cases: Iterable[Element]) -> Element:
    suite = Element("testsuite", {"name": escape(name)})
    suite.extend(cases)
    suite.attrib |= {name: str(sum(1 for _ in suite.iter(element))) for name, element in _COUNTED.items()}
    return suite


def _case(group: Group, collection: Collection) -> Element:
    told = [f"{group.severity.word}: {group.message}"]
    if group.fix:
        told.append(f"fix: {group.fix}")
    told.append(f"{', '.join(sorted(group.methods))}, {group.count} times; for instance {', '.join(examples_text(group))}")
    if group.pages:
        told.append(f"from {', '.join(sorted(group.pages))}{' and others' if group.unnamed else ''}")
    case = _element(group.key.endpoint, group.key.rule)
    if group.accepted:
        state = SubElement(case, "skipped", {"message": f"silenced: {escape(group.accepted)}"})
    elif collection.is_known(group):
        state = SubElement(case, "skipped", {"message": "known: in the baseline"})
    elif collection.fails(group):
        state = SubElement(case, "failure", {"type": group.severity.word, "message": escape(group.message)})
    else:
        state = SubElement(case, "system-out")
    state.text = "\n".join(map(escape, told))
    return case


def _unreadable(name: str, sentence: str) -> Element:
    case = _element(name, "readable")
    SubElement(case, "error", {"type": "unreadable", "message": escape(sentence)})
    return case


def _element(classname: str, name: str) -> Element:
    return Element("testcase", {"classname": escape(classname), "name": escape(name)})
