"""Whose verdict counts."""

import pytest
from corslens.engines.engine import Engine
from corslens.verdict.headline import SENDER, WORDS, HeadlinePolicy
from corslens.verdict.reasons import Reason
from corslens.verdict.verdict import ALLOWED, Failure, Verdict, blocked

BLOCKED = blocked(Failure(reason=Reason.ACAO_MISSING))


def judged(*blocking: Engine) -> dict[Engine, Verdict]:
    """Verdicts of which these engines' are to block."""
    return {engine: BLOCKED if engine in blocking else ALLOWED for engine in Engine}


def test_the_sender_counts_unless_one_engine_is_chosen() -> None:
    verdicts = judged(Engine.WEBKIT)
    assert SENDER.choose(Engine.FIREFOX, verdicts) is Engine.FIREFOX
    assert SENDER.choose(None, verdicts) is Engine.CHROMIUM
    assert HeadlinePolicy(Engine.WEBKIT).choose(Engine.FIREFOX, verdicts) is Engine.WEBKIT


def test_of_all_engines_the_first_that_blocks_counts_and_the_sender_before_others() -> None:
    policy = HeadlinePolicy.parse("all")
    assert policy.choose(Engine.FIREFOX, judged()) is Engine.FIREFOX
    assert policy.choose(Engine.FIREFOX, judged(Engine.CHROMIUM, Engine.WEBKIT)) is Engine.CHROMIUM
    assert policy.choose(Engine.WEBKIT, judged(Engine.CHROMIUM, Engine.WEBKIT)) is Engine.WEBKIT


def test_every_word_names_a_policy() -> None:
    assert len({HeadlinePolicy.parse(word) for word in WORDS}) == len(WORDS)
    with pytest.raises(ValueError, match="opera"):
        HeadlinePolicy.parse("opera")
