"""Edits of a user's rule files count while the proxy runs."""

import io
import logging
from pathlib import Path

import pytest
from corslens.mitm.addon import CorsLens
from mitmproxy.test import taddons

RULE = "title: A header of ours\nseverity: warning\nwhen: {response.headers: x-ours}\nmessage: it is there\n"


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "our-rule.yaml"
    path.write_text(RULE)
    return path


async def test_an_edit_counts_at_the_next_tick(rule: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    addon = CorsLens(out=io.StringIO())
    with taddons.context(addon) as context:
        context.configure(addon, cors_rules=[str(rule)])
        addon.running()
        before = addon.session.inspector.rules
        addon.on_tick()
        assert addon.session.inspector.rules is before
        rule.write_text(RULE.replace("warning", "error") + "\n")
        addon.on_tick()
        assert addon.session.inspector.rules.rules["our-rule"].severity.word == "error"
        assert "the edited rules are in force" in caplog.text
        addon.done()


async def test_a_broken_file_keeps_the_last_good_rules_and_says_why(rule: Path, caplog: pytest.LogCaptureFixture) -> None:
    addon = CorsLens(out=io.StringIO())
    with taddons.context(addon) as context:
        context.configure(addon, cors_rules=[str(rule)])
        addon.running()
        before = addon.session.inspector.rules
        rule.write_text(RULE.replace("response.headers", "response.haeders"))
        addon.on_tick()
        addon.on_tick()
        assert addon.session.inspector.rules is before
        assert caplog.text.count('our-rule.yaml:3:8: unknown fact "response.haeders"; did you mean "response.headers"?') == 1
        addon.done()
