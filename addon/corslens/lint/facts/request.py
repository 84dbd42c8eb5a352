"""Facts about the request: what was asked, by whom, and with what evidence for what the wire does not show."""

from corslens.engines.engine import Engine
from corslens.fetch.app_origins import App, app_of
from corslens.fetch.constants import (
    ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD,
    NULL,
)
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.methods import normalize_method
from corslens.fetch.origins import host_of, is_loopback, is_same_site, is_schemelessly_same_site, scheme_host_port
from corslens.lint.classify.header_lists import is_by_hand, split_list
from corslens.lint.classify.hosts import KnownInside, NetworkScope, known_inside, place_of
from corslens.lint.classify.misspellings import RESPONSE_NAMES
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.endpoint import path_template
from corslens.observation.evidence import jsonp_parameter
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Role

CLIENT_HINTS = frozenset({"dpr", "save-data", "device-memory", "downlink", "ect", "rtt", "viewport-width", "width"})
"""Safelisted request headers in Chromium only."""
RESPONSE_ONLY = frozenset(name for name in RESPONSE_NAMES if name.startswith("access-control-"))
_MEDIA = (
    ".m3u8", ".mpd", ".ts", ".m4s", ".mp4", ".m4a", ".m4v", ".webm", ".mp3", ".aac", ".ogg", ".vtt",
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg",
)  # fmt: skip
_NO_PAGE = Unknown("no header names the page's origin")
_NOT_A_BROWSER = Unknown("the User-Agent is not a known browser's")


class RequestFacts(FactsBase):
    """`role`, `engine`, `request.*`, `target.*`, `page.*`."""

    @fact("role", steady=True)
    def role(self) -> Role:
        """What the exchange is to CORS."""
        return self.observation.role

    @fact("engine")
    def engine(self) -> Engine | Unknown:
        """The browser engine that sent the request."""
        return self.observation.engine or _NOT_A_BROWSER

    @fact("request.method")
    def request_method(self) -> str:
        """The method as on the wire; case is kept."""
        return self.request.method

    @fact("request.wanted-method")
    def request_wanted_method(self) -> str:
        """The method that the page wants: the one that a preflight requests, else the request's own."""
        if self.observation.role is Role.PREFLIGHT:
            return self.request_head.get(ACCESS_CONTROL_REQUEST_METHOD) or ""
        return self.request.method

    @fact("request.uppercase-method")
    def request_uppercase_method(self) -> str | None:
        """The method that the page wants in uppercase, where it has lowercase letters that browsers leave alone (`patch`, `query`)."""
        method = self.request_wanted_method
        return method.upper() if method != method.upper() and normalize_method(method) == method else None

    @fact("request.url")
    def request_url(self) -> str:
        """The absolute URL."""
        return self.request.url

    @fact("request.path")
    def request_path(self) -> str:
        """The path without query, with ids replaced by `*` (the endpoint's path shape)."""
        return path_template(self.request.url)

    @fact("request.origin", message="request", header="origin")
    def request_origin(self) -> str | None:
        """The Origin header: a serialized origin or `null`."""
        return self.observation.origin

    @fact("request.app", message="request", header="origin")
    def request_app(self) -> App | None:
        """The kind of program whose page asks, when its origin is no web page's: `extension`, `capacitor`, `tauri`, `electron`, `editor`, `file`, `other`."""
        origin = self.observation.origin
        return None if origin is None or origin == NULL else app_of(origin)

    @fact("request.headers", steady=True)
    def request_headers(self) -> frozenset[str]:
        """The lower-case names of the request's headers."""
        return self.request_head.names.members

    @fact("request.mode", message="request", header="sec-fetch-mode", alone=False)
    def request_mode(self) -> str | Unknown:
        """The request's mode: `cors`, `no-cors`, `navigate`, `same-origin`, `websocket`."""
        mode = self.observation.mode
        return mode.value if isinstance(mode, Known) else mode

    @fact("request.destination", message="request", header="sec-fetch-dest", alone=False)
    def request_destination(self) -> str | Unknown:
        """What the response is for: `empty` (fetch, XHR), `font`, `image`, `script`, …"""
        destination = self.observation.destination
        return destination.value if isinstance(destination, Known) else destination

    @fact("request.credentials")
    def request_credentials(self) -> CredentialsMode | Unknown:
        """The credentials mode, where the wire shows it."""
        credentials = self.observation.credentials
        return credentials.value if isinstance(credentials, Known) else credentials

    @fact("request.credentials-included")
    def request_credentials_included(self) -> bool:
        """Whether the wire shows that credentials are included; false where it does not show."""
        credentials = self.observation.credentials
        return isinstance(credentials, Known) and credentials.value is CredentialsMode.INCLUDE

    @fact("request.cookie", message="request", header="cookie", steady=True)
    def request_cookie(self) -> bool:
        """Whether cookies were sent."""
        return "cookie" in self.request_head

    @fact("request.authorization", message="request", header="authorization", steady=True)
    def request_authorization(self) -> bool:
        """Whether an Authorization header was sent."""
        return "authorization" in self.request_head

    @fact("request.unsafe-headers")
    def request_unsafe_headers(self) -> frozenset[str]:
        """The page-set header names (lower-case) that are not CORS-safelisted and made a preflight necessary."""
        need = self.observation.need
        return frozenset() if need is None else frozenset(need.header_names)

    @fact(
        "request.response-only-headers",
        message="request",
        steady=lambda sent, _: ACCESS_CONTROL_REQUEST_HEADERS not in sent,
    )
    def request_response_only_headers(self) -> frozenset[str]:
        """`Access-Control-Allow-…` names that the page put on its request, or asks a preflight for, where they mean nothing."""
        found = RESPONSE_ONLY & self.request_headers
        if self.observation.role is Role.PREFLIGHT:
            found |= RESPONSE_ONLY & self.request_requested_headers
        return frozenset(found)

    @fact("request.requested-method", message="request", header=ACCESS_CONTROL_REQUEST_METHOD)
    def request_requested_method(self) -> str | None:
        """The method that a preflight requests."""
        return self.request_head.get(ACCESS_CONTROL_REQUEST_METHOD)

    @fact("request.requested-headers", message="request", header=ACCESS_CONTROL_REQUEST_HEADERS)
    def request_requested_headers(self) -> frozenset[str]:
        """The header names (lower-case) that a preflight requests."""
        return split_list(self.request_head.values(ACCESS_CONTROL_REQUEST_HEADERS))

    @fact("request.preflight-by-hand", message="request", header=ACCESS_CONTROL_REQUEST_HEADERS)
    def request_preflight_by_hand(self) -> bool:
        """Whether a preflight is written as no browser writes it: header names not lower-case, not sorted, spaced, or repeated; or cookies."""
        if self.observation.role is not Role.PREFLIGHT:
            return False
        if "cookie" in self.request_head or "authorization" in self.request_head:
            return True
        return is_by_hand(self.request_head.values(ACCESS_CONTROL_REQUEST_HEADERS))

    @fact("request.client-hints", message="request", steady=True)
    def request_client_hints(self) -> frozenset[str]:
        """Client hint headers that only Chromium counts as CORS-safelisted."""
        return CLIENT_HINTS & self.request_headers

    @fact("request.private-network", message="request", header="access-control-request-private-network")
    def request_private_network(self) -> str | None:
        """The obsolete `Access-Control-Request-Private-Network`."""
        return self.request_head.get("access-control-request-private-network")

    @fact("request.storage-access", message="request", header="sec-fetch-storage-access")
    def request_storage_access(self) -> str | None:
        """`Sec-Fetch-Storage-Access`: `none` when the browser holds third-party cookies back."""
        return self.request_head.get("sec-fetch-storage-access")

    @fact("request.jsonp-parameter")
    def request_jsonp_parameter(self) -> str | None:
        """The query parameter that names a JSONP callback."""
        return jsonp_parameter(self.request.url)

    @fact("target.origin")
    def target_origin(self) -> str:
        """The origin of the request's URL."""
        return self.observation.target_origin

    @fact("target.scheme")
    def target_scheme(self) -> str:
        """`http` or `https`."""
        return scheme_host_port(self.observation.target_origin)[0]

    @fact("target.place")
    def target_place(self) -> NetworkScope:
        """Where the responding host is: this machine or a `.test` name (`loopback`), a `private` network, or `public`."""
        return place_of(self.observation.target_origin)

    @fact("request.media-file")
    def request_media_file(self) -> bool:
        """Whether the URL's path ends as a video's, an audio file's, an image's or a playlist's does."""
        return self.request.url.partition("?")[0].lower().endswith(_MEDIA)

    @fact("target.known-inside")
    def target_known_inside(self) -> KnownInside | None:
        """Where alone the responding host's name is known: among `containers` (one label), in a Kubernetes `cluster`; empty elsewhere."""
        return known_inside(self.observation.target_origin)

    @fact("page.origin")
    def page_origin(self) -> str | Unknown:
        """The origin of the requesting page, where the wire shows it; behind a redirect the Origin header may be `null` instead."""
        return self.observation.page_origin or Unknown("no header names the page's origin")

    @fact("page.place")
    def page_place(self) -> NetworkScope | Unknown:
        """Where the page's host is, as `target.place`."""
        origin = self.observation.page_origin
        return _NO_PAGE if origin is None or origin == NULL else place_of(origin)

    @fact("page.on-same-port")
    def page_on_same_port(self) -> bool | Unknown:
        """Whether page and server have the same scheme and port."""
        origin = self.observation.page_origin
        return (
            _NO_PAGE
            if origin is None
            else scheme_host_port(origin)[::2] == scheme_host_port(self.observation.target_origin)[::2]
        )

    @fact("page.other-loopback-name")
    def page_other_loopback_name(self) -> bool:
        """Whether page and server are both this machine, under two names (`localhost`, `127.0.0.1`), which makes them two sites."""
        page, target = host_of(self.observation.page_origin or ""), host_of(self.observation.target_origin)
        return page != target and is_loopback(page) and is_loopback(target)

    @fact("page.same-origin")
    def page_same_origin(self) -> bool | Unknown:
        """Whether the page and the responding server are one origin."""
        origin = self.observation.page_origin
        return _NO_PAGE if origin is None else origin == self.observation.target_origin

    @fact("page.schemelessly-same-site")
    def page_schemelessly_same_site(self) -> bool | Unknown:
        """Whether they belong to one site, but for http and https."""
        origin = self.observation.page_origin
        return _NO_PAGE if origin is None else is_schemelessly_same_site(origin, self.observation.target_origin)

    @fact("page.same-site")
    def page_same_site(self) -> bool | Unknown:
        """Whether the page and the responding server belong to one site (cookies travel then)."""
        origin = self.observation.origin
        if origin is None or origin == NULL:
            origin = self.observation.page_origin
        if origin is None:
            return Unknown("no header names the page's origin")
        return is_same_site(origin, self.observation.target_origin)
