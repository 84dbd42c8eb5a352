"""What a reader does on the first two lines of each of the demo's problems: the line, and the change to the shop that it says."""

from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from corslens.analysis import AnalysisSettings, collect
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules.loader import load_rules
from msgspec import Struct

from scripts.demo_shop.recording import Replay, load
from scripts.demo_shop.shop import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    OFFERS,
    ROUTES,
    Build,
    Origins,
    Shop,
)
from tests.browser.kit.mitmdump import Mitm
from tests.browser.kit.servers import Handler, by_method, fixed

RULES = load_rules()
JSON = ("Content-Type", "application/json")


class Mend(Struct, frozen=True, kw_only=True):
    """One fix."""

    line: str
    """What the surfaces say, or begin with; placeholders are the shop's places."""
    server: Build | None = None
    """The server then."""
    url: Callable[[Origins], str] | None = None
    """What the page requests then."""


def _returning(*lines: tuple[str, str], status: int = 200, body: str = "{}", type: str = "application/json") -> Build:
    """A server that sends these lines; {page} is the page's origin."""
    return lambda at: fixed(status, [*_filled(lines, at), ("Content-Type", type)], body)


def _preflighted(*lines: tuple[str, str]) -> Build:
    """A server whose OPTIONS returns 204 with these lines; the request that follows was answered well before."""

    def build(at: Origins) -> Handler:
        actual = fixed(200, _filled([(ALLOW_ORIGIN, "{page}"), JSON], at), "{}")
        preflight = fixed(204, _filled(lines, at))
        return by_method(OPTIONS=preflight, GET=actual, POST=actual, PUT=actual, DELETE=actual)

    return build


def _filled(lines: Iterable[tuple[str, str]], at: Origins) -> list[tuple[str, str]]:
    return [(name, value.replace("{page}", at.page)) for name, value in lines]


ORIGIN = (ALLOW_ORIGIN, "{page}")
LOGIN = "Respond to OPTIONS {path} with 204 and the CORS headers before authentication"
WITHOUT_LOGIN = _preflighted(ORIGIN, (ALLOW_METHODS, "POST"), (ALLOW_HEADERS, "content-type"))

MENDS: dict[str, Mend] = {
    "/cart": Mend(
        line="Fix (server): Return the exact origin after looking it up in your allowlist, and allow credentials",
        server=_returning(ORIGIN, (ALLOW_CREDENTIALS, "true")),
    ),
    "/partner": Mend(
        line="Fix (server): Look up the Origin header in your allowlist and return it if it is listed",
        server=_returning(ORIGIN),
    ),
    "/twice": Mend(
        line="Fix (server): Keep the header in the layer that has the allowlist, and remove it from the other one",
        server=_returning(ORIGIN),
    ),
    "/stock": Mend(
        line="Fix (server): Send Access-Control-Allow-Methods instead of access-control-allow-method",
        server=_preflighted(ORIGIN, (ALLOW_METHODS, "PUT")),
    ),
    "/review": Mend(
        line="Fix (server): Access-Control-Allow-Methods: GET, POST, DELETE",
        server=_preflighted(ORIGIN, (ALLOW_METHODS, "GET, POST, DELETE")),
    ),
    "/search": Mend(
        line="Fix (server): Access-Control-Allow-Headers: content-type, x-random-header",
        server=_preflighted(ORIGIN, (ALLOW_HEADERS, "content-type, x-random-header")),
    ),
    "/coupon": Mend(line=f"Fix (server): {LOGIN.format(path='/coupon')}", server=WITHOUT_LOGIN),
    "/basket": Mend(
        line="Fix (server): Enable the framework's CORS support for this route, so that OPTIONS /basket returns 204 with the CORS headers",
        server=WITHOUT_LOGIN,
    ),
    "/pay": Mend(line=f"Fix (server): {LOGIN.format(path='/pay')}", server=WITHOUT_LOGIN),
    "/crash": Mend(
        line="Fix (server): Find the exception in the server's log and fix it; then make error responses carry the CORS headers, "
        "so that the page can see them",
        server=_returning(ORIGIN),
    ),
    "/wishlist": Mend(
        line="Fix (server): Access-Control-Allow-Credentials: true", server=_returning(ORIGIN, (ALLOW_CREDENTIALS, "true"))
    ),
    "/moved": Mend(line="Fix (page): Request http://{archive}/moved directly", url=lambda at: f"{at.archive}/moved"),
    "/logo.svg": Mend(
        line="Fix (server): Access-Control-Allow-Origin: http://{page}",
        server=_returning(ORIGIN, body='<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>', type="image/svg+xml"),
    ),
    "/till.js": Mend(
        line="Fix (server): Access-Control-Allow-Origin: http://{page}",
        server=_returning(ORIGIN, body="export {}", type="text/javascript"),
    ),
    "/dead": Mend(
        line="Fix (setup): Start the server at http://{dead}, or correct the port",
        server=_returning(ORIGIN),
        url=lambda at: f"{at.api}/dead",
    ),
}
"""By path: each of the requests that the demo shows as blocked."""


def mend(shop: Shop) -> None:
    """Do in a running shop what the lines say."""
    for path, one in MENDS.items():
        if one.server is not None:
            shop.api.handlers[path] = one.server(shop.origins)
        if one.url is not None:
            for offer, step in zip(OFFERS, shop.steps, strict=True):
                if offer.path == path:
                    step["url"] = one.url(shop.origins)
    shop.show_page()


async def recorded(folder: Path) -> tuple[SessionSummary, dict[str, Problem], dict[str, str]]:
    """Send the demo's recorded requests, and return what was found, what was blocked by path, and the lines that have to be there."""
    flows = folder / "shop.mitm"
    async with Shop() as shop, Mitm(options={"save_stream_file": str(flows)}, routes=ROUTES) as mitm:
        await Replay(mitm.address, load().plain, shop.places).send()
        await mitm.stop()
        wanted = {path: one.line.format(**shop.places) for path, one in MENDS.items()}
    summary = SessionSummary(everything=True)
    collect(str(flows), "shop", AnalysisSettings(rules=RULES), summary)
    problems = {urlsplit(one.diagnosis.page_request.url).path: one for one in summary.problems() if one.word == "BLOCKED"}
    return summary, problems, wanted
