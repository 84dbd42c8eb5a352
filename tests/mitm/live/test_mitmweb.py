"""Under mitmweb the page is on mitmweb's own address, behind its token."""

import json
from typing import Any

import pytest
import tornado.testing
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.heads import FlowRequestHead, FlowResponseHead
from corslens.mitm.live import mitmweb
from corslens.mitm.live.app import HEADERS, LiveApp
from corslens.mitm.own_connections import OwnConnections
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.session import Session as LiveTraffic
from mitmproxy import options
from mitmproxy.master import Master
from mitmproxy.tools.web.master import WebMaster
from tornado.httpclient import HTTPResponse

from tests.mitm.live.test_app import EXPORTS, Session
from tests.mitm.make import answered, flow


class TestUnderMitmweb(tornado.testing.AsyncHTTPTestCase):
    """Requests to mitmweb's server, without and with mitmweb's token."""

    def get_app(self) -> Any:
        """mitmweb's application with the page in it."""

        async def make() -> WebMaster:
            return WebMaster(options.Options(http2=False), with_termlog=False)

        master = self.io_loop.asyncio_loop.run_until_complete(make())  # type: ignore[attr-defined]  # tornado on asyncio has it
        self.session = Session()
        self.live = LiveApp(self.session, EXPORTS)
        address = mitmweb.attach(master, self.live)
        assert address is not None
        self.address, _, self.token = address.partition("?token=")
        return master.app

    def ask(self, path: str, method: str = "GET", token: bool = True, **options: Any) -> HTTPResponse:
        """Ask with mitmweb's token, unless told not to."""
        headers = {"Authorization": f"Bearer {self.token}"} if token else {}
        return self.fetch(path, method=method, headers=headers | options.pop("headers", {}), follow_redirects=False, **options)

    def test_nothing_without_mitmwebs_token(self) -> None:
        """Neither the page nor what belongs to it."""
        own = {"X-Corslens-Token": self.live.token}
        for path in ("/cors", "/cors/", "/cors/page.js", "/cors/api/changes"):
            assert self.ask(path, token=False, headers=own).code == 403

    def test_the_page_with_it(self) -> None:
        """Under a folder, so that its own addresses are relative; with its own policies, not mitmweb's laxer ones."""
        assert self.address.endswith("/cors/")
        assert self.ask("/cors").headers["Location"] == "/cors/"
        page = self.ask("/cors/")
        assert page.code == 200 and b"corslens-token" in page.body
        assert page.headers.get_list("Content-Security-Policy") == [HEADERS["Content-Security-Policy"]]
        assert self.ask("/cors/page.css").headers["Content-Type"].startswith("text/css")

    def test_mitmwebs_own_page_links_to_it(self) -> None:
        """Behind the same token; without it there is mitmweb's login."""
        assert b'<a href="cors/"' in self.ask("/").body
        assert b'<a href="cors/"' not in self.ask("/", token=False).body

    def test_the_session_wants_the_pages_token_too(self) -> None:
        """Reading as well as commanding; mitmweb's own check of a cookie is not what it is about."""
        assert self.ask("/cors/api/changes").code == 403
        own = {"X-Corslens-Token": self.live.token}
        assert json.loads(self.ask("/cors/api/changes", headers=own).body)["version"] == self.session.summary.version
        wish: dict[str, Any] = {"method": "POST", "body": '{"on": true, "scope": "~all"}'}
        typed = {"Content-Type": "application/json"}
        assert self.ask("/cors/api/patching", **wish, headers=typed).code == 403
        assert self.session.scope == ""
        assert self.ask("/cors/api/patching", **wish, headers=typed | own).code == 200
        assert self.session.scope == "~all"

    def test_strangers_are_refused(self) -> None:
        """Another origin, even with both tokens."""
        headers = {"X-Corslens-Token": self.live.token, "Origin": "http://evil.test"}
        assert self.ask("/cors/api/changes", headers=headers).code == 403
        assert self.ask("/cors/", headers=headers).code == 403
        assert "Access-Control-Allow-Origin" not in self.ask("/cors/", headers=headers).headers

    def test_too_much_is_refused(self) -> None:
        """The page has little to say."""
        headers = {"X-Corslens-Token": self.live.token, "Content-Type": "application/json"}
        assert self.ask("/cors/api/patching", method="POST", body="x" * 20_000, headers=headers).code == 413


async def test_any_other_tool_has_no_address() -> None:
    """mitmdump and the console serve no pages."""
    assert mitmweb.attach(Master(options.Options()), LiveApp(Session(), {})) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "app.localhost"])
def test_mitmwebs_own_answers_are_neither_inspected_nor_patched(host: str) -> None:
    """A browser whose loopback traffic goes through the proxy reaches mitmweb through it, too; patched, mitmweb would be open."""
    patching = PatchMode(lambda: 0.0)
    heard: list[Inspection] = []
    connections = OwnConnections()
    connections.web_port = 8081
    session = LiveTraffic(
        Inspector(rules=RuleSet({})), patching, lambda inspection, final: heard.append(inspection), connections=connections
    )
    for port, ours in ((8081, 0), (8082, 1)):
        asked = flow(scheme="http", host=host, port=port)
        session.request_head(asked, FlowRequestHead.of(asked))
        response = answered(asked).response
        assert response is not None
        session.response_head(asked, FlowResponseHead.of(response))
        session.response_done(asked)
        assert len(heard) == ours
