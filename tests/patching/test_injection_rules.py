"""Reading injection rules: what is understood, and that each fault is told with its place."""

from collections.abc import Callable

import pytest
from corslens.observation.exchange import Exchange
from corslens.patching.injection import Injection
from corslens.patching.injection_rules import InjectionRulesError, parse_injections
from hypothesis import given
from hypothesis import strategies as st

WHOLE = """\
# What if the API sent this?
- name: api-without-credentials
  because: ticket 12
  filter: ~d api.test
  origins: [loopback, https://app.example]
  remove: Access-Control-Allow-Credentials
  set:
    Access-Control-Allow-Origin: "*"
    Access-Control-Max-Age: 0
    X-Empty: ""
  add: {Vary: [Accept, Origin]}
- name: second
  set: {Access-Control-Allow-Credentials: true}
"""


def filter_of(text: str) -> Callable[[Exchange], bool]:
    """A filter language of one word."""
    if text != "~d api.test":
        raise ValueError(f"{text!r} is not a flow filter")
    return lambda exchange: "api.test" in exchange.request.url


def test_whole_form_is_read() -> None:
    """Every key is understood; values are the text that was written."""
    first, second = parse_injections(WHOLE, "rules.yaml", parse_filter=filter_of)
    assert (first.name, first.because, first.filter_text) == ("api-without-credentials", "ticket 12", "~d api.test")
    assert first.matches is not None
    assert first.origins is not None and first.origins.entries == ("loopback", "https://app.example")
    assert first.remove == ("Access-Control-Allow-Credentials",)
    assert first.set == {"Access-Control-Allow-Origin": ("*",), "Access-Control-Max-Age": ("0",), "X-Empty": ("",)}
    assert first.add == {"Vary": ("Accept", "Origin")}
    assert second == Injection(name="second", set={"Access-Control-Allow-Credentials": ("true",)})


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]"])
def test_empty_file_has_no_rules(text: str) -> None:
    """A file may be empty."""
    assert parse_injections(text, "rules.yaml") == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- name: a\n  sets: {A: b}\n  remove: C", "rules.yaml:2:3: unknown field \"sets\" in a rule; did you mean \"set\"?"),
        ("- name: a\n  zzz: 1\n  remove: C", "rules.yaml:2:3: unknown field \"zzz\" in a rule; the fields are name, because, filter, origins, remove, set, add"),
        ("- remove: C", "rules.yaml:1:3: a rule lacks the field \"name\""),
        ("- name: a", "rules.yaml:1:3: a rule needs something to remove, set or add"),
        ("- name: [a]\n  remove: C", "rules.yaml:1:9: name must be one line of text"),
        ("- name: a\n  remove: C\n- name: a\n  remove: C", "rules.yaml:3:3: there are two rules named 'a'"),
        ("name: a\nremove: C", "rules.yaml:1:1: the document must be a list"),
        ("- just text", "rules.yaml:1:3: a rule must be a mapping (name: value)"),
        ("- name: a\n  name: b\n  remove: C", "rules.yaml:2:3: duplicate name \"name\""),
        ("- name: a\n  set: {Vary: a, vary: b}", "rules.yaml:2:18: duplicate name \"vary\""),
        ("- name: a\n  remove: b@d", "rules.yaml:2:11: 'b@d' is not a header name"),
        ("- name: a\n  set: {\"X\\r\\nY\": b}", "is not a header name"),
        ("- name: a\n  set: {X: \"a\\r\\nSet-Cookie: b\"}", "rules.yaml:2:12: the value of 'X' has a line break or another character that no header line may have"),
        ("- name: a\n  set: {X: \"caf\u00e9\"}", "the value of 'X' has a line break or another character"),
        ("- name: a\n  set: {X: \" a\"}", "the value of 'X' begins or ends with whitespace"),
        ("- name: a\n  set: {X: }", "rules.yaml:2:12: a value is missing"),
        ("- name: a\n  set: {X: []}", "rules.yaml:2:12: 'X' has no value"),
        ("- name: a\n  set: {X: {Y: Z}}", "rules.yaml:2:12: expected a value or a list of values"),
        ("- name: a\n  set: [X]", "rules.yaml:2:8: set must be a mapping (name: value)"),
        ("- name: a\n  set: {Content-Length: 7}", "'Content-Length' belongs to the message's transport"),
        ("- name: a\n  remove: transfer-encoding", "'transfer-encoding' belongs to the message's transport"),
        ("- name: a\n  remove: Vary\n  add: {vary: Origin}", "rules.yaml:3:8: 'vary' is both removed and add"),
        ("- name: a\n  filter: ~x\n  remove: C", "rules.yaml:2:11: '~x' is not a flow filter"),
        ("- name: a\n  origins: loopbak\n  remove: C", "rules.yaml:2:12: 'loopbak' is not an origin; did you mean \"loopback\"?"),
        ("- name: a\n  origins: []\n  remove: C", "rules.yaml:2:12: the list of origins is empty"),
        ("- name: a\n  remove: [C", "not YAML"),
        ("- name: \"a\\eb\"\n  remove: C", "name must be one line of text"),
        ("- \"a\\eb\": c\n  name: d\n  remove: C", "unknown field \"a\\x1bb\""),
        ("\x00", "not YAML"),
        ("- " * 5000 + "a", "nested deeper than 40 levels"),
        ("- !!python/object:os.system {}", "rules.yaml:1:3: a rule lacks the field \"name\""),
    ],
)  # fmt: skip
def test_fault_is_told_with_its_place(text: str, fault: str) -> None:
    """A wrong file is refused, with file, line and column, in text without control characters."""
    with pytest.raises(InjectionRulesError) as raised:
        parse_injections(text, "rules.yaml", parse_filter=filter_of)
    assert fault in str(raised.value)
    assert all(line.isprintable() for line in raised.value.faults)
    assert all(line.startswith("rules.yaml:") for line in raised.value.faults)


def test_all_faults_are_told_at_once() -> None:
    """One run names everything that is to be mended."""
    with pytest.raises(InjectionRulesError) as raised:
        parse_injections("- name: a\n  sets: {}\n  filter: x\n  remove: b@d\n- remove: C", "r.yaml", parse_filter=filter_of)
    assert [fault.split(": ")[0] for fault in raised.value.faults] == ["r.yaml:2:3", "r.yaml:4:11", "r.yaml:3:11", "r.yaml:5:3"]


@given(st.text(alphabet=st.sampled_from("-:[]{}\"' \n\tabnmeset&*!#,"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No file makes anything but rules or the one error."""
    try:
        assert isinstance(parse_injections(text, "r.yaml"), tuple)
    except InjectionRulesError as error:
        assert error.faults
