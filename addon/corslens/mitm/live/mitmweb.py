"""The live page under mitmweb: on mitmweb's own address, behind its token."""

import asyncio
from typing import Any

from mitmproxy import master
from mitmproxy.tools.web.app import IndexHandler, RequestHandler
from mitmproxy.tools.web.master import WebMaster

from corslens.mitm.live.app import HEADERS, LARGEST_BODY, LiveApp, LiveRequest, LiveResponse

PATH = "/cors/"


def attach(master: master.Master, app: LiveApp) -> str | None:
    """Serve the page inside mitmweb and return its address; None in any other tool."""
    if not isinstance(master, WebMaster):
        return None
    for rule in master.app.wildcard_router.rules:
        if getattr(rule, "target", None) is IndexHandler:
            rule.target = _IndexWithLink
    master.app.add_handlers(r".*", [(r"/cors", _ToPage), (rf"{PATH}(?P<path>.*)", _LiveHandler, {"live": app})])
    address, question, token = master.web_url.partition("?")
    return f"{address.rstrip('/')}{PATH}{question}{token}"


_LINK = (
    b'<a href="cors/" target="_blank" style="position:fixed;top:8px;right:110px;z-index:10;padding:2px 8px;border-radius:4px;'
    b'background:#0b57d0;color:#fff;font:12px/1.4 sans-serif;text-decoration:none">CORS problems</a>'
)


class _IndexWithLink(IndexHandler):
    """mitmweb's own page with a link to ours; it has no place for one that an addon could fill."""

    def render(self, template_name: str, **values: Any) -> Any:
        """Return mitmweb's page, or its login."""
        if not template_name.endswith("index.html"):
            return super().render(template_name, **values)
        page = self.render_string(template_name, **values)
        return self.finish(page.replace(b"</body>", _LINK + b"</body>", 1))


class _Guarded(RequestHandler):
    """Being a subclass of mitmweb's handler, the methods of its subclasses want mitmweb's token."""

    def auth_fail(self, invalid_password: bool) -> None:
        """Say what is missing."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("mitmweb's token is missing or wrong: open the address that mitmweb printed at its start.\n")

    def set_default_headers(self) -> None:
        # Not mitmweb's own, which are laxer.
        for name, value in HEADERS.items():
            self.set_header(name, value)


class _ToPage(_Guarded):
    def get(self) -> None:
        self.redirect(PATH)


class _LiveHandler(_Guarded):
    def initialize(self, live: LiveApp) -> None:
        self._live = live

    def check_xsrf_cookie(self) -> None:
        """Leave it to the page's own token, which no other page can know: the app refuses whatever comes without."""

    async def get(self, path: str) -> None:
        await self._serve(path)

    async def head(self, path: str) -> None:
        await self._serve(path)

    async def post(self, path: str) -> None:
        await self._serve(path)

    async def _serve(self, path: str) -> None:
        request = self.request
        if len(request.body) > LARGEST_BODY:
            response = LiveResponse(status=413, body=b"Request body too large.\n")
        else:
            begun = self._live.begin(
                LiveRequest(
                    method=request.method or "",
                    path=path,
                    query=request.query,
                    headers={name.lower(): value for name, value in request.headers.items()},
                    body=request.body,
                    own_origin=f"{request.protocol}://{request.host}",
                )
            )
            if not isinstance(begun, LiveResponse):
                begun = await asyncio.get_running_loop().run_in_executor(None, begun)
            response = begun
        self.set_status(response.status)
        for name, value in response.headers().items():
            self.set_header(name, value)
        self.finish(response.body)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say nothing but the status."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}\n")
