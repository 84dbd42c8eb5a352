"""What docs/inspecting.md says is true."""

import re
from pathlib import Path

import pytest
from corslens.mitm import annotate
from corslens.mitm.addon import CorsLens
from mitmproxy import flowfilter
from mitmproxy.test import taddons
from mitmproxy.tools.console import defaultkeys
from mitmproxy.tools.console.keymap import Keymap, KeymapConfig

from tests.mitm.make import answered, flow, preflight

INSPECTING = (Path(__file__).parents[2] / "docs" / "inspecting.md").read_text("utf-8")
FILTERS = dict(re.findall(r"^\| `(~[^`]+)` \| (.+) \|$", INSPECTING, re.MULTILINE))


def test_every_marker_has_its_filter():
    names = {marker.strip(":") for marker in (annotate.BLOCKED, annotate.WARNING, annotate.PATCHED)}
    assert names == {text.removeprefix("~marker ") for text in FILTERS if text.startswith("~marker")}


async def test_filters_find_what_they_say():
    """On flows as the addon leaves them."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon, cors_patch="~u patched", cors_patch_origins=["any"])
        addon.running()
        made = {
            "blocked": answered(flow()),
            "preflight": answered(
                preflight(), 204, [("Access-Control-Allow-Methods", "PUT")], allow_origin="https://app.example"
            ),
            "actual": answered(flow("PUT", time=1_700_000_000.1), allow_origin="https://app.example"),
            "patched": answered(flow(path="/patched")),
        }
        for each in made.values():
            addon.requestheaders(each)
            addon.responseheaders(each)
            addon.response(each)
        addon.done()

    def found(text):
        return {name for name, each in made.items() if flowfilter.match(text, each)}

    assert found("~marker heavy_multiplication_x") == {"blocked"}
    assert found("~marker hammer_and_pick") == {"patched"}
    assert found("~comment preflight") == {"preflight", "actual"}
    assert found("~comment acao-missing") == {"blocked", "patched"}
    assert found(f"~meta {made['actual'].id}") == {"preflight", "actual"}


@pytest.mark.parametrize("text", FILTERS)
def test_filters_are_filters(text):
    assert flowfilter.parse(text)


def test_keys(tmp_path):
    """The console reads them, they are free, and their commands are there."""
    path = tmp_path / "keys.yaml"
    path.write_text(re.search(r"```yaml\n(.*?)```", INSPECTING, re.DOTALL)[1])
    addon = CorsLens()
    with taddons.context(addon) as context:
        keymap = Keymap(context.master)
        defaultkeys.map(keymap)
        taken = {(binding.key, where) for binding in keymap.bindings for where in (*binding.contexts, "global")}
        KeymapConfig(context.master).load_path(keymap, path)
        ours = [binding for binding in keymap.bindings if "cors." in binding.command]
        assert len(ours) == 4
        for binding in ours:
            assert not {(binding.key, where) for where in binding.contexts} & taken
            name = next(word for word in binding.command.split() if word.startswith("cors."))
            assert name in context.master.commands.commands
        addon.done()
