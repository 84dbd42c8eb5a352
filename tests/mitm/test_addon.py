"""The addon's life: loaded, configured, run, done, and loaded again."""

import io
import json

import pytest
from corslens.mitm.addon import CorsLens
from corslens.script import addons
from mitmproxy import contentviews, exceptions
from mitmproxy.test import taddons

from tests.mitm.make import answered, flow


def through(addon, made):
    addon.requestheaders(made)
    addon.responseheaders(made)
    addon.response(made)


def test_script():
    """What mitmproxy's -s finds is one addon of this name."""
    assert [addon.name for addon in addons] == ["corslens"]


async def test_a_reload_begins_anew(tmp_path):
    """mitmproxy loads the same object again when the script is touched: the log goes on, the view is there, all is seen again."""
    log = tmp_path / "x.jsonl"
    addon = CorsLens(out=io.StringIO())
    with taddons.context(addon) as context:
        context.configure(addon, cors_log=str(log))
        addon.running()
        through(addon, answered(flow()))
        context.master.addons.remove(addon)
        assert addon.session is None
        context.master.addons.add(addon)
        addon.configure(context.options.keys())
        addon.running()
        assert "cors" in contentviews.registry.available_views()
        through(addon, answered(flow()))
        addon.done()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len({line["id"] for line in lines}) == 2


async def test_without_a_first_configure():
    """An embedded addon may never be told of its own options; it takes the defaults."""
    addon = CorsLens(out=io.StringIO())
    with taddons.context() as context:
        context.master.addons.register(addon)
        through(addon, answered(flow()))
        assert addon.session is None
        addon.running()
        through(addon, answered(flow()))
        assert addon.session is not None
        assert len(addon.session.recent()) == 1
        addon.done()


async def test_all_engines_makes_the_first_that_blocks_the_headline():
    """cors_engine=all: what any browser refuses is told."""
    addon = CorsLens(out=io.StringIO())
    with taddons.context(addon) as context:
        context.configure(addon, cors_engine="all")
        through(addon, answered(flow()))
        (inspection,) = addon.session.recent()
        assert inspection.verdict.blocked
        addon.done()


async def test_a_report_that_cannot_be_written(tmp_path, caplog):
    """It is told in one sentence at the end."""
    addon = CorsLens(out=io.StringIO())
    folder = tmp_path / "reports"
    folder.mkdir()
    with taddons.context(addon) as context:
        context.configure(addon, cors_report=str(folder / "r.json"))
        folder.rmdir()
        addon.done()
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert told == f"cors_report: {folder / 'r.json'}: No such file or directory"


async def test_the_same_name_twice_is_refused():
    with taddons.context(CorsLens()) as context, pytest.raises(exceptions.AddonManagerError, match="corslens"):
        context.master.addons.add(CorsLens())
