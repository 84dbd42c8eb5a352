"""Continuations: which page a request belongs to that comes with `Origin: null` because of a redirect.

Any page of any site can send a request with that origin to the same URL at the same moment (from a sandboxed frame), so that it
looks like the next hop of the redirect is no proof. A secret is: the proxy writes one into the Location of a redirect that it
patches, and only the browser that follows that redirect can bring it back. It is taken out before the request goes on, so no server
sees it, and it counts once (once more for a preflight), for one client, one URL and a short time.

The page itself may find it in `response.url` when its request is over; then it is worth nothing any more.
"""

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from mitmproxy import http
from msgspec import Struct, structs

from corslens.fetch.constants import ACCESS_CONTROL_REQUEST_METHOD, LOCATION, NULL, ORIGIN
from corslens.fetch.messages import Response
from corslens.fetch.redirects import location_url
from corslens.mitm.address import browser_url

PARAMETER = "corslens-continues"
LIFETIME_SECONDS = 30.0
_MAX_ISSUED = 1_000
_MARK = re.compile(rf"[?&]{PARAMETER}=([A-Za-z0-9_-]{{43}})(?=$|#)")
_MARK_BYTES = re.compile(_MARK.pattern.encode())
_NAME_BYTES = PARAMETER.encode()


class _Issued(Struct):
    """What a secret proves, and to whom."""

    page: str
    target: str
    client: tuple[str, str]
    until: float
    preflighted: bool = False
    """It was used for a preflight; the request itself may still come."""


class Continuations:
    """The secrets that were given out.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: OrderedDict[str, _Issued] = OrderedDict()

    def mark(self, flow: http.HTTPFlow, target: str, *, page: str) -> None:
        """Let the redirect in a flow's response prove that the request which follows it is the page's.

        Args:
            target: the absolute URL that it leads to.
            page: the serialized origin of the page that requested it.
        """
        assert flow.response is not None
        secret = secrets.token_urlsafe(32)
        target, hash_sign, fragment = target.partition("#")
        self._issued[secret] = _Issued(page=page, target=target, client=_client(flow), until=self._clock() + LIFETIME_SECONDS)
        if len(self._issued) > _MAX_ISSUED:
            self._issued.popitem(last=False)
        joined = f"{target}{'&' if '?' in target else '?'}{PARAMETER}={secret}{hash_sign}{fragment}"
        headers = flow.response.headers
        headers.set_all(LOCATION, [joined] * len(headers.get_all(LOCATION)))
        # A stored redirect would bring the secret back when it proves nothing any more.
        headers["cache-control"] = "no-store"

    def take(self, flow: http.HTTPFlow, referers: bytes) -> str | None:
        """Take the secret out of a request; return the origin of the page that it proves, None when it proves nothing.

        Args:
            referers: what its Referer lines say.
        """
        data = flow.request.data
        # Not by `in`, which takes longer to find that bytes are no number than to look through them.
        if referers.find(_NAME_BYTES) >= 0:  # what a style sheet loads names the sheet's URL
            headers = flow.request.headers
            headers.set_all("referer", [_MARK.sub("", value) for value in headers.get_all("referer")])
        if data.path.find(_NAME_BYTES) < 0:
            return None
        found = _MARK_BYTES.search(data.path)
        if found is None:
            return None
        data.path = data.path[: found.start()]
        secret = found[1].decode("ascii")
        issued = self._issued.get(secret)
        if issued is None:
            return None
        preflight = data.method == b"OPTIONS" and ACCESS_CONTROL_REQUEST_METHOD in flow.request.headers
        if not preflight:
            del self._issued[secret]
        elif issued.preflighted:
            return None
        issued.preflighted = True
        proven = (
            self._clock() < issued.until
            and issued.client == _client(flow)
            and issued.target == browser_url(flow)
            and flow.request.headers.get(ORIGIN) == NULL
        )
        return issued.page if proven else None


def unmarked(response: Response) -> Response:
    """Return a response as it was before `mark`, but for its Cache-Control: for traffic that was recorded behind the proxy."""
    location = response.headers.get(LOCATION)
    if location is None or PARAMETER not in location:
        return response
    lines = tuple(_MARK.sub("", line) for line in response.headers.values(LOCATION))
    return structs.replace(response, headers=response.headers.with_header(LOCATION, lines))


def next_url(response: Response, url: str) -> str | None:
    """Return the absolute http or https URL that a redirect leads to, None where there is none."""
    target = location_url(response, url)
    return target if target is not None and target.startswith(("http://", "https://")) and "@" not in target[:300] else None


def _client(flow: http.HTTPFlow) -> tuple[str, str]:
    peer = flow.client_conn.peername
    return (str(peer[0]) if peer else "", flow.request.headers.get("user-agent", ""))
