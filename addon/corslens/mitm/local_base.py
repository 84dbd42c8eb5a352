"""A reverse proxy's half of `corslens dev`: what the server behind it is sent, and what of its responses names that server.

Two addons, one before corslens and one after it: corslens judges the request that the browser made and the response that the browser gets.
"""

import logging
from collections.abc import Iterator

from mitmproxy import http
from mitmproxy.log import ALERT
from mitmproxy.master import Master

from corslens.bounded import Bounded
from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN, LOCATION, ORIGIN
from corslens.fetch.origins import is_ip_address, is_loopback, is_this_machine, origin_of, scheme_host_port
from corslens.mitm.addon import CorsLens
from corslens.mitm.patch_mode import PatchMode
from corslens.observation.redaction import redact_symbol
from corslens.patching.local_cookies import cookie_name, usable_on_localhost
from corslens.report.escape import escape

logger = logging.getLogger(__name__)

_MAX_SAID = 1_000
"""Cookies of which it is known that their changes were said."""


class LocalBase:
    """Where the server behind the proxy is called by a name of this machine.

    Args:
        upstream: the server's serialized origin.
        origin: the page's origin that the server is sent in place of a local one; None leaves it as it is.
    """

    def __init__(self, upstream: str, origin: str | None = None) -> None:
        self.upstream = upstream
        self.origin = origin
        self._patching: PatchMode | None = None
        self.before, self.after = _Before(self), _After(self)
        self._same_host = {upstream, f"{'http' if upstream.startswith('https:') else 'https'}{upstream[upstream.index(':') :]}"}
        """Servers redirect from http to https, and back."""

    def surround(self, master: Master, addon: CorsLens) -> None:
        """Put one addon before corslens and the other after it."""
        chain = master.addons.chain
        chain.insert(chain.index(addon), master.addons.register(self.before))
        chain.insert(chain.index(addon) + 1, master.addons.register(self.after))
        addon.name_of_api = self.name_of
        self._patching = addon.patching

    def name_of(self, origin: str) -> str:
        """Return the server's origin for one under which the browser reaches it."""
        return self.upstream if _is_local(origin) else origin

    def to_upstream(self, url: str, base: str) -> str:
        """Return what the server is to see of a page's URL or origin: its own where it is the base, the given one where it is local."""
        origin = origin_of(url)
        if origin == base:
            return self.upstream + _rest(url)
        if self.origin is not None and is_this_machine(scheme_host_port(origin)[1]):
            return self.origin + (_rest(url) and "/")
        return url

    def allowed_for(self, page: str, allowed: str) -> str:
        """Return Access-Control-Allow-Origin for the page, which the server knows by the given origin; unchanged when patching is off."""
        off = self._patching is None or not self._patching.on or self._patching.expired
        return page if not off and allowed == self.origin and self.to_upstream(page, "") == allowed else allowed

    def to_local(self, url: str, base: str) -> str:
        """Return an absolute URL of the server as the browser reaches it; others unchanged."""
        absolute = f"http:{url}" if url.startswith("//") else url
        return base + _rest(absolute) if origin_of(absolute) in self._same_host else url


class _After:
    """Rewrites the request when corslens has seen it."""

    name = "corslens-local-request"

    def __init__(self, base: LocalBase) -> None:
        self._base = base

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Write the server's name in place of this machine's."""
        base, page = _base_of(flow), flow.request.headers.get(ORIGIN)
        if base is None:
            # A site's name may lead here (DNS rebinding): its pages would be same-origin with the server.
            flow.response = http.Response.make(421, b"This proxy is reached as localhost or by an IP address.\n")
            return
        flow.metadata[_Before.KEY] = base, page
        headers = flow.request.headers
        flow.request.host_header = self._base.upstream.partition("://")[2]
        for name in (ORIGIN, "referer"):
            if name in headers:
                headers[name] = self._base.to_upstream(headers[name], base)


class _Before:
    """Rewrites the response before corslens sees it."""

    name = "corslens-local-response"
    KEY = "corslens_local_base"

    def __init__(self, base: LocalBase) -> None:
        self._base = base
        self._said: Bounded[tuple[str, ...], None] = Bounded(_MAX_SAID)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Keep redirects on the local base, and make cookies usable there."""
        asked: tuple[str, str | None] | None = flow.metadata.get(self.KEY)
        if flow.response is None or asked is None:
            return
        base, page = asked
        headers = flow.response.headers
        if page is not None and (allowed := headers.get(ACCESS_CONTROL_ALLOW_ORIGIN)):
            headers[ACCESS_CONTROL_ALLOW_ORIGIN] = self._base.allowed_for(page, allowed)
        if location := headers.get(LOCATION):
            headers[LOCATION] = self._base.to_local(location, base)
        if cookies := headers.get_all("set-cookie"):
            headers.set_all("set-cookie", list(self._usable(cookies)))

    def _usable(self, cookies: list[str]) -> Iterator[str]:
        for cookie in cookies:
            value, changes = usable_on_localhost(cookie)
            said = (cookie_name(cookie), *changes)
            if changes and said not in self._said:
                self._said[said] = None
                logger.log(
                    ALERT,
                    "corslens: cookie %s: %s, for http://localhost",
                    escape(redact_symbol(said[0])),
                    escape("; ".join(changes)[:200]),
                )
            yield value


def _base_of(flow: http.HTTPFlow) -> str | None:
    """Return the origin under which the browser reaches the proxy, None where its Host header has a name that others can choose."""
    origin = origin_of(f"http://{flow.request.host_header or ''}")
    return origin if _is_local(origin) else None


def _is_local(origin: str) -> bool:
    """Say whether an origin's host is this machine, or an address: no name that leads elsewhere for others."""
    host = scheme_host_port(origin)[1]
    return is_loopback(host) or is_ip_address(host)


def _rest(url: str) -> str:
    """Return path, query and fragment."""
    parts = url.split("/", 3)
    return f"/{parts[3]}" if len(parts) > 3 else ""
