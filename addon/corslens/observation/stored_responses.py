"""Stored responses: what a browser's HTTP cache holds, as far as this session saw it, for judging the 304 that renews it.

A 304 seldom repeats CORS headers; the browser then judges the stored ones, updated by those that the 304 does bring, whoever asked when
they were stored: another origin of the same site, or an image without CORS. `Vary: Origin` changes nothing about that.
Standard: https://www.rfc-editor.org/rfc/rfc9111#section-3.2; measured in Chromium 156 and Firefox 153.
"""

from msgspec import Struct, structs

from corslens.bounded import Bounded
from corslens.fetch.messages import Request, Response
from corslens.fetch.origins import is_same_site
from corslens.observation.known import Known
from corslens.observation.observation import Observation, Role
from corslens.observation.weight import HISTORY_BYTES, RESPONSE_BYTES, weigh_headers

NOT_MODIFIED = 304
_ETAG, _LAST_MODIFIED = "etag", "last-modified"
_IF_NONE_MATCH, _IF_MODIFIED_SINCE = "if-none-match", "if-modified-since"
_NOT_UPDATED = frozenset(
    {"connection", "content-encoding", "content-length", "content-range", "content-type", "transfer-encoding"}
)
_MOST_LINES = 500
"""Each renewal may bring new headers; a response with more lines than that is dropped."""
_MOST_OF_A_URL = 8
"""Responses of one URL that are kept apart: by site, and by validator."""
_PRELOADED = frozenset({"script", "style"})
_SAME_LOAD = 5.0
"""Seconds within which two requests for a URL are of one page load."""
_STORING = frozenset({Role.ACTUAL, Role.SIMPLE, Role.NO_CORS, Role.SAME_ORIGIN})

type _Key = tuple[str, str]


class _Stored(Struct, frozen=True, gc=False):
    """A response, and the page for whose site it is kept."""

    page: str
    response: Response
    without_cors: bool
    """It came for an image, a link, a preload: requested without CORS."""
    at: float


def is_renewal(observation: Observation, response: Response | None) -> bool:
    """Say whether the response renews one in the browser's cache.

    A 304 to a page that set a condition itself is the page's own: such a request does without the cache.
    Standard: HTTP-network-or-cache fetch, step 8.19, https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
    """
    if response is None or response.status != NOT_MODIFIED or observation.role is Role.PREFLIGHT:
        return False
    set_by_page = () if observation.need is None else observation.need.header_names
    return _IF_NONE_MATCH not in set_by_page and _IF_MODIFIED_SINCE not in set_by_page


class StoredResponses:
    """The newest storable responses of each URL, for each browser; bounded, the oldest URL goes first.

    Browsers keep the pages of different sites apart, https://fetch.spec.whatwg.org/#network-partition-keys
    """

    def __init__(self, limit: int = 1000, *, budget: int = HISTORY_BYTES // 16) -> None:
        """Start empty.

        Args:
            limit: of how many URLs responses are kept.
            budget: how many bytes of them.
        """
        self._responses: Bounded[_Key, tuple[_Stored, ...]] = Bounded(limit, weigh=_weigh, budget=budget)
        self._grown = 0
        """Responses dropped because renewals had brought too many headers."""

    @property
    def dropped(self) -> int:
        """How many were dropped because of a limit."""
        return self._responses.dropped + self._grown

    def remember(self, observation: Observation, delivered: Response) -> None:
        """Take note of a response as the browser got it; only one that it can ask to be renewed matters."""
        request, page = observation.exchange.request, observation.page_origin
        if page is None or observation.role not in _STORING or request.method != "GET":
            return
        key = _key(observation)
        kept = self._responses.get(key, ())
        if is_renewal(observation, delivered):
            old = _renewed(kept, page, request, delivered)
            if old is None:
                return
            new = _updated(old.response, delivered)
            if len(new.headers.lines) > _MOST_LINES:
                self._keep(key, tuple(each for each in kept if each is not old))
                self._grown += 1
                return
        elif _is_stored(delivered):
            old, new = None, delivered
        else:
            return
        others = tuple(each for each in kept if each is not old and not _is_replaced(each, page, new))
        self._keep(key, (*others[-(_MOST_OF_A_URL - 1) :], _Stored(page, new, observation.role is Role.NO_CORS, request.time)))

    def without_cors(self, observation: Observation) -> Response | None:
        """Return what the browser has in store of a URL that a page now reads with CORS, where it was stored for a request without CORS.

        Only of a read that the browser says failed, or of a script or style sheet a moment after: of others it says nothing.
        """
        exchange, page, destination = observation.exchange, observation.page_origin, observation.destination
        failed = exchange.witness is not None and exchange.witness.refusal is not None
        if not failed and not (isinstance(destination, Known) and destination.value in _PRELOADED):
            return None
        if page is None or observation.role is not Role.SIMPLE or exchange.request.method != "GET":
            return None
        kept = [each for each in self._responses.get(_key(observation), ()) if _share(each.page, page)]
        if not kept or not kept[-1].without_cors or (not failed and exchange.request.time - kept[-1].at > _SAME_LOAD):
            return None
        return kept[-1].response

    def renewed_by(self, observation: Observation, response: Response | None = None) -> Response | None:
        """Return the response that the browser judges when it gets this 304; None for other responses, or when it was never seen.

        Args:
            response: what the browser gets, where it is not what the server sent.
        """
        response = response or observation.exchange.response
        page = observation.page_origin
        if response is None or page is None or not is_renewal(observation, response):
            return None
        stored = _renewed(self._responses.get(_key(observation), ()), page, observation.exchange.request, response)
        return None if stored is None else _updated(stored.response, response)

    def _keep(self, key: _Key, stored: tuple[_Stored, ...]) -> None:
        self._responses.pop(key, None)
        if not stored:
            return
        self._responses[key] = stored


def _weigh(stored: tuple[_Stored, ...]) -> int:
    return sum(RESPONSE_BYTES + weigh_headers(each.response.headers) for each in stored)


def _key(observation: Observation) -> _Key:
    return observation.client, observation.exchange.request.url


def _is_stored(response: Response) -> bool:
    if response.status == NOT_MODIFIED or "no-store" in (response.headers.get("cache-control") or "").lower():
        return False
    return _ETAG in response.headers or _LAST_MODIFIED in response.headers


def _is_replaced(stored: _Stored, page: str, new: Response) -> bool:
    """Say whether a response in the cache makes way for a new one: of the same page, or with the same validator for the same site."""
    if stored.page == page:
        return True
    return _share(stored.page, page) and _validators(stored.response) == _validators(new)


def _share(one: str, other: str) -> bool:
    return one == other or is_same_site(one, other)


def _validators(response: Response) -> tuple[str | None, str | None]:
    return response.headers.get(_ETAG), response.headers.get(_LAST_MODIFIED)


def _renewed(kept: tuple[_Stored, ...], page: str, request: Request, renewal: Response) -> _Stored | None:
    """Return the newest response that the request asked to be renewed, and that the page's site has in store."""
    return next(
        (each for each in reversed(kept) if _share(each.page, page) and _matches(each.response, request, renewal)), None
    )


def _matches(stored: Response, request: Request, renewal: Response) -> bool:
    """Say whether the stored response has the validator that was asked about (in some captures only the 304 tells it)."""
    asked = request.headers.get(_IF_NONE_MATCH) or renewal.headers.get(_ETAG)
    etag = stored.headers.get(_ETAG)
    if asked is not None and etag is not None:
        return _opaque(etag) in {_opaque(part) for part in asked.split(",")}
    since = request.headers.get(_IF_MODIFIED_SINCE) or renewal.headers.get(_LAST_MODIFIED)
    modified = stored.headers.get(_LAST_MODIFIED)
    return asked is None and (since is None or modified == since)


def _opaque(etag: str) -> str:
    """Return an entity tag for weak comparison, https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2"""
    return etag.strip(" \t").removeprefix("W/")


def _updated(stored: Response, renewal: Response) -> Response:
    new = {name: renewal.headers.values(name) for name in renewal.headers.names.ordered if name not in _NOT_UPDATED}
    return structs.replace(stored, headers=stored.headers.with_headers(new), time=renewal.time, cut=renewal.cut or stored.cut)
