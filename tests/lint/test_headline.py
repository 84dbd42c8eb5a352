"""Findings follow the engine whose verdict is the headline."""

from corslens.engines.engine import Engine
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.sample import Sample, Step
from corslens.verdict.headline import HeadlinePolicy

EMPTY_LINE = Step(version="HTTP/2.0", response={"access-control-allow-origin": ("", "*")})
"""Allowed in Firefox, blocked in the others."""


def _rules_found(engine: Engine | None) -> set[str]:
    inspector = Inspector(rules=load_rules(), headline=HeadlinePolicy(engine))
    (exchange,) = Sample(name="x", steps=(EMPTY_LINE,)).exchanges()
    (inspection, *_) = inspector.inspect(exchange)
    return {finding.rule for finding in inspection.findings}


def test_the_chosen_engine_decides_what_is_blocked() -> None:
    assert "acao-multiple" in _rules_found(None)
    assert "acao-multiple" not in _rules_found(Engine.FIREFOX)
    assert "engines-disagree" in _rules_found(Engine.FIREFOX)
