"""The commands, called as their users call them: by name, with text for arguments."""

import re
from types import SimpleNamespace

import pytest
from corslens.mitm.addon import CorsLens
from corslens.mitm.command_types import HeaderName, HeaderValue, InjectedName
from corslens.mitm.filters import parse_filter
from corslens.patching.injection_rules import parse_injections
from mitmproxy import exceptions
from mitmproxy.addons.modifyheaders import ModifyHeaders
from mitmproxy.addons.view import View
from mitmproxy.test import taddons
from mitmproxy.types import CommandTypes

from tests.mitm.make import answered, flow, preflight


@pytest.fixture
async def web():
    """The addon beside a flow list, as in mitmweb and the console."""
    addon, view = CorsLens(), View()
    with taddons.context(addon, view) as context:
        context.configure(addon)
        addon.running()
        context.view, context.addon = view, addon
        yield context
        addon.done()


def add(context, made):
    context.addon.requestheaders(made)
    context.view.add([made])
    context.addon.responseheaders(made)
    context.addon.response(made)
    return made


def pair(context):
    lines = [("Access-Control-Allow-Origin", "https://app.example"), ("Access-Control-Allow-Methods", "PUT")]
    first = add(context, answered(preflight(), 204, lines))
    second = add(context, answered(flow("PUT", time=1_700_000_000.1), allow_origin="https://app.example"))
    return first, second


def call(context, text):
    return context.master.commands.execute(text)


async def test_explain(web):
    """Several flows are explained one after another."""
    pair(web)
    text = call(web, "cors.explain @all")
    assert text.count("VERDICT\n") == 2
    assert "is a preflight" in text


@pytest.mark.parametrize(("screen", "popup"), [(60, 46), (80, 62), (300, 78)])
async def test_explain_fits_the_consoles_popup(web, screen, popup):
    """Which breaks what does not fit in the middle of a word."""
    pair(web)
    web.master.ui = SimpleNamespace(get_cols_rows=lambda: (screen, 24))
    lines = call(web, "cors.explain @all").splitlines()
    assert 40 < max(map(len, lines)) <= popup


async def test_pair_goes_to_the_counterpart_and_back(web, caplog):
    """The console goes there; what is logged helps where the selection is not ours, as in mitmweb."""
    caplog.set_level("INFO")
    first, second = pair(web)
    for start, end in ((first, second), (second, first)):
        web.view.focus.flow = start
        call(web, "cors.pair @focus")
        assert web.view.focus.flow is end
        assert caplog.records[-1].getMessage().startswith(f"{end.request.method} {end.request.url}: ~meta {end.id}")


async def test_pair_without_one(web):
    made = add(web, answered(preflight(), 404))
    with pytest.raises(exceptions.CommandError, match="not one of a preflight and its request"):
        call(web, "cors.pair @focus")
    assert web.view.focus.flow is made


async def test_pair_that_is_hidden(web):
    """The view's filter is the user's; it is not changed behind the back."""
    pair(web)
    web.view.set_filter_cmd("~m OPTIONS")
    with pytest.raises(exceptions.CommandError, match=r"hidden by the view's filter; ~meta \S+ shows both"):
        call(web, "cors.pair @focus")


async def test_patch_on_wants_a_filter(web):
    with pytest.raises(exceptions.CommandError, match=re.escape("cors.patch.on needs a flow filter")):
        call(web, "cors.patch.on")
    with pytest.raises(exceptions.CommandError, match="cors_patch: '~nope' is not a flow filter"):
        call(web, "cors.patch.on ~nope")


async def test_patch_on_and_off(web):
    assert "patching is on for ~d api.example | ~d b.example" in call(web, "cors.patch.on ~d api.example | ~d b.example")
    assert web.addon.patching.on
    assert call(web, "cors.patch.off") == "patching is off"
    assert not web.addon.patching.on


async def test_inject_list_and_remove(web):
    """One line injects a header; it is listed with what stops it, replaces an earlier value, and is gone when it is removed."""
    assert call(web, "cors.inject.list") == "nothing is injected"
    call(web, "cors.inject '~d api.example' Access-Control-Allow-Origin https://app.example")
    call(web, "cors.inject '~d api.example' access-control-allow-origin *")
    listed = call(web, "cors.inject.list")
    assert listed.startswith(
        "access-control-allow-origin: * on ~d api.example, for pages of loopback, 60 minutes left: 0 changed"
    )
    assert listed.count("\n") == 0
    call(web, "cors.inject ~all X-Frame-Options ''")
    assert "no X-Frame-Options on ~all" in call(web, "cors.inject.list")
    with pytest.raises(exceptions.CommandError, match="no Vary is injected for ~all"):
        call(web, "cors.inject.remove ~all Vary")
    call(web, listed.partition("(stop: ")[2].rstrip(")"))
    assert web.master.options.cors_inject == ["/~all/X-Frame-Options/"]
    call(web, "cors.patch.off")
    assert call(web, "cors.inject.list") == "nothing is injected"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('cors.inject ~all X "a\\nb"', "the value of 'X' has a line break or another character"),
        ("cors.inject ~all X 'caf\u00e9'", "the value of 'X' has a line break or another character"),
        ("cors.inject ~all Transfer-Encoding chunked", "'Transfer-Encoding' belongs to the message's transport"),
        ("cors.inject ~all 'no name' x", "'no name' is not a header name"),
        ("cors.inject '~nope' X y", "'~nope' is not a flow filter"),
        ("cors.inject ~all X @/no/such/file", "'/no/such/file' cannot be read"),
    ],
)
async def test_inject_refuses(web, line, sentence):
    """What is wrong is one sentence, and nothing is injected."""
    with pytest.raises(exceptions.CommandError) as refused:
        call(web, line)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert web.master.options.cors_inject == []


async def test_inject_completes(web):
    """Header names and values that make sense; of those that are injected, the names."""
    complete = web.master.commands.parse_partial
    manager, types = web.master.commands, CommandTypes
    call(web, "cors.inject ~all Vary Origin")
    assert "Access-Control-Allow-Origin" in types.get(HeaderName).completion(manager, HeaderName, "")
    assert {"*", "{origin}", '""'} <= set(types.get(HeaderValue).completion(manager, HeaderValue, ""))
    assert types.get(InjectedName).completion(manager, InjectedName, "") == ["Vary"]
    parsed, rest = complete("cors.inject ~all ")
    assert [each.type for each in parsed if each.value == "~all"] == [str] and rest[0].name == "header"


async def test_inject_save(web, tmp_path):
    """The file is one of cors_patch_rules, and does the same."""
    path = tmp_path / "rules.yaml"
    call(web, "cors.inject '~d api.example' Access-Control-Allow-Origin {origin}")
    call(web, "cors.inject ~all Vary ''")
    call(web, f"cors.inject.save {path}")
    first, second = parse_injections(path.read_text(encoding="utf-8"), "rules.yaml", parse_filter=parse_filter)
    assert (first.filter_text, first.set) == ("~d api.example", {"Access-Control-Allow-Origin": ("{origin}",)})
    assert second.remove == ("Vary",)


async def test_modify_headers_is_named(web):
    """What mitmproxy's own option does to CORS headers stands in the list as its own."""
    web.configure(ModifyHeaders(), modify_headers=["/~all/Access-Control-Allow-Origin/*", "/~all/X-Other/1"])
    assert call(web, "cors.inject.list") == (
        "mitmproxy's modify_headers changes responses after corslens, too: Access-Control-Allow-Origin: *  "
        "(/~all/Access-Control-Allow-Origin/*)"
    )


async def test_report(web, tmp_path):
    pair(web)
    for ending in (".html", ".json", ".sarif", ".xml", ".md"):
        path = tmp_path / f"report{ending}"
        assert call(web, f"cors.report {path}") == f"2 exchanges are reported in {path}"
        assert path.stat().st_size > 50
    with pytest.raises(exceptions.CommandError, match="does not end in"):
        call(web, f"cors.report {tmp_path}/report.pdf")
    with pytest.raises(exceptions.CommandError, match="No such file"):
        call(web, f"cors.report {tmp_path}/no/report.html")


async def test_advise(web, tmp_path):
    """The servers complete; settings are written for the flows given, and only the user's own origins get in."""
    pair(web)
    path = tmp_path / "cors.conf"
    assert "nginx" in call(web, "cors.servers")
    said = call(web, f"cors.advise nginx @all {path} https://app.example")
    assert str(path) in said
    assert "https://app.example" in path.read_text()
    with pytest.raises(exceptions.CommandError):
        call(web, f"cors.advise nginxx @all {path}")


async def test_advise_without_cors(web, tmp_path):
    add(web, answered(flow(origin=None)))
    with pytest.raises(exceptions.CommandError, match=re.escape("cors.advise: no cross-origin exchange")):
        call(web, f"cors.advise nginx @all {tmp_path}/x")


async def test_clear(web):
    """Exchanges are forgotten; a dry run stays one."""
    web.configure(web.addon, cors_patch_dry_run=True)
    pair(web)
    call(web, "cors.clear")
    assert web.addon.session.recent() == []
    assert web.addon.summary.exchanges == 0
    assert web.addon.session.inspector.dry_run


async def test_names_fit_mitmwebs_route(web):
    """POST /commands/NAME takes letters and dots only."""
    names = [name for name in web.master.commands.commands if name.startswith("cors.")]
    assert {"cors.explain", "cors.pair", "cors.patch.on", "cors.patch.off", "cors.report", "cors.advise", "cors.clear"} <= set(
        names
    )
    assert all(re.fullmatch("[a-z.]+", name) for name in names)


async def test_every_command_has_help(web):
    assert all(c.help for name, c in web.master.commands.commands.items() if name.startswith("cors."))
