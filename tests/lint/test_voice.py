"""How rules speak: titles that fit a list, and one word a thing."""

import re
from collections.abc import Iterator

from corslens.lint.finding import Side
from corslens.lint.linter import run
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Rule

from tests.each import each
from tests.lint.make import facts_of

RULES = load_rules().rules
LONGEST_TITLE = 60

AVOIDED = re.compile(
    r"""\b(
      answer\w* | ask(s|ed|ing)?\ for | let(s|ting)?\ (\w+\ ){0,2}in | by\ name | mend\w* | tell(s|ing)? | told
    | (small|capital)\ letters | in\ capitals | only\ the\ reading | silence\w* | forgotten | let\ go | foreign
    | (some|no)body(?!\.invalid)\w* | another\ site\ than | departure\w* | depart | loan | who\ asks\ whom | misspelt
    | (colour|behaviour|analyse|recognise|cancelled)\w*
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""What the glossary replaces: `response`, `request`, `allow`, `fix`, `report`, `lowercase`, `suppress`, `dropped`, `cross-site`, `deviation`."""

VERB = re.compile(r"[A-Z][a-z]+(?<!ing)\b")
_NAMES = re.compile(r"\{[^{}]*\}|https?://\S+|[A-Z][\w-]*-[\w-]+")


def texts(rule: Rule) -> Iterator[str]:
    """Yield everything in a rule that a person reads."""
    yield from (rule.title, rule.why, rule.message.text, rule.never or "")
    yield from (fix.text.text for fix in rule.fixes if fix.text is not None)
    yield from (sample.name for sample in (*rule.bad, *rule.good))


def test_a_title_fits_and_every_sentence_has_the_words_of_the_field() -> None:
    def check(rule: Rule) -> None:
        assert 0 < len(rule.title) <= LONGEST_TITLE
        assert not rule.title.endswith(".")
        for text in texts(rule):
            found = AVOIDED.search(_NAMES.sub("", text))
            assert found is None, f"{found.group()!r} in {text!r}"

    each(list(RULES.values()), check, lambda rule: rule.id)


def test_a_fix_begins_with_a_verb_and_a_header_is_the_line_to_send() -> None:
    def check(rule: Rule) -> None:
        for fix in rule.fixes:
            if fix.text is not None:
                assert fix.text.text.startswith(
                    ("If {", "No change needed", "{request.library-fix}", "{redirect.library-fix}")
                ) or VERB.match(fix.text.text), fix.text.text
                assert not fix.text.text.endswith((".", ":"))
            for line in fix.headers:
                _, _, value = line.text.partition(": ")
                assert "(" not in value and "none" not in value.lower(), line.text

    each(list(RULES.values()), check, lambda rule: rule.id)


SAMPLES = {f"{rule.id}: {sample.name}": sample for rule in RULES.values() for sample in rule.bad}


def test_every_finding_has_a_fix_that_names_only_what_is_known() -> None:
    """On every sample of every rule, for every finding on it."""

    def check(name: str) -> None:
        for finding in run(load_rules(), facts_of(SAMPLES[name])).findings:
            assert finding.fixes, finding.rule
            for fix in finding.fixes:
                assert fix.side in set(Side)
                for line in fix.headers:
                    _, _, value = line.partition(": ")
                    assert value not in ("", "null", "none", "unknown") and "…" not in value, line

    each(SAMPLES, check)
