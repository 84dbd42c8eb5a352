"""The content view "CORS" and the text that it shares with cors.explain."""

from corslens.mitm.addon import CorsLens
from corslens.mitm.view import CorsContentview, text_for
from mitmproxy import contentviews
from mitmproxy.test import taddons, tflow

from tests.mitm.make import answered, flow, preflight


def through(addon, made):
    addon.requestheaders(made)
    addon.responseheaders(made)
    addon.response(made)
    return made


def view(message, made, name="auto"):
    return contentviews.prettify_message(message, made, name)


async def test_a_preflight_without_a_body_shows_the_view():
    """A 204 has nothing else to show, so the view comes of itself, on the response."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon)
        addon.running()
        made = through(addon, answered(preflight(), 204))
        shown = view(made.response, made)
        assert shown.view_name == "CORS"
        assert "BLOCKED: preflight-acao-missing" in shown.text
        assert view(made.request, made).view_name != "CORS"
        assert view(made.request, made, "cors").text == shown.text
        addon.done()


async def test_a_body_is_shown_first_where_nothing_is_wrong():
    """JSON stays JSON, and the view is one choice away; of a blocked response the view is shown, and JSON is."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon)
        addon.running()
        for allowed, shown in (("*", "JSON"), (None, "CORS")):
            made = answered(flow(), 200, [("Content-Type", "application/json")], allow_origin=allowed)
            made.response.content = b'{"a": 1}'
            through(addon, made)
            assert view(made.response, made).view_name == shown
            assert "CHECKS" in view(made.response, made, "cors").text
            assert view(made.response, made, "json").view_name == "JSON"
        addon.done()


async def test_a_flow_without_cors():
    """It is not offered of itself, and says so when chosen."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon)
        addon.running()
        made = through(addon, answered(flow(origin=None)))
        assert view(made.response, made).view_name != "CORS"
        assert view(made.response, made, "cors").text == "There is no CORS in this exchange.\n"
        addon.done()


async def test_a_flow_of_another_session():
    """What the flow itself holds is shown."""
    made = answered(flow())
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon)
        addon.running()
        through(addon, made)
        addon.clear()
        text = text_for(made, addon.session.get)
        assert "another session" in text
        assert made.comment in text
        addon.done()


def test_other_flows():
    """Only HTTP has CORS."""
    assert text_for(tflow.ttcpflow(), lambda id: None) == "Only HTTP flows are inspected.\n"
    assert text_for(None, lambda id: None) == "Only HTTP flows are inspected.\n"


async def test_it_goes_when_the_addon_goes():
    """A script that is unloaded leaves no view behind."""
    addon = CorsLens()
    with taddons.context(addon):
        assert "cors" in contentviews.registry.available_views()
        addon.done()
    assert "cors" not in contentviews.registry.available_views()


def test_it_fits_mitmproxys_interface():
    assert isinstance(CorsContentview(lambda id: None), contentviews.Contentview)
