"""Stored responses: what a browser's HTTP cache holds, as far as this session saw it, for judging the 304 that renews it.

A 304 seldom repeats CORS headers; the browser then judges the stored ones, updated by those that the 304 does bring.
Standard: https://www.rfc-editor.org/rfc/rfc9111#section-3.2
"""

from collections import OrderedDict

from msgspec import structs

from corslens.fetch.messages import Response
from corslens.observation.observation import Observation
from corslens.observation.pairing import client_of

NOT_MODIFIED = 304
_VALIDATORS = ("etag", "last-modified")
_NOT_UPDATED = frozenset(
    {"connection", "content-encoding", "content-length", "content-range", "content-type", "transfer-encoding"}
)
_MOST_LINES = 500
"""Each renewal may bring new headers; a response with more lines than that is forgotten."""

type _Key = tuple[str, str, str | None]


class StoredResponses:
    """The newest storable response of each URL, for each browser and origin; bounded, the oldest goes first."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._responses: OrderedDict[_Key, Response] = OrderedDict()
        self.dropped = 0
        """Responses forgotten because of a limit."""

    def remember(self, observation: Observation, delivered: Response) -> None:
        """Take note of a response as the browser got it; only one that it can ask to be renewed matters."""
        if delivered.status == NOT_MODIFIED:
            key = _key(observation)
            stored = self._responses.get(key)
            if stored is not None:
                self._responses[key] = updated = _updated(stored, delivered)
                if len(updated.headers.lines) > _MOST_LINES:
                    del self._responses[key]
                    self.dropped += 1
            return
        if not observation.is_cors or not any(name in delivered.headers for name in _VALIDATORS):
            return
        key = _key(observation)
        self._responses.pop(key, None)
        self._responses[key] = delivered
        if len(self._responses) > self._limit:
            self._responses.popitem(last=False)
            self.dropped += 1

    def renewed_by(self, observation: Observation, response: Response | None = None) -> Response | None:
        """Return the response that the browser judges when it gets this 304; None for other responses, or when it was never seen.

        Args:
            response: what the browser gets, where it is not what the server sent.
        """
        response = response or observation.exchange.response
        if response is None or response.status != NOT_MODIFIED:
            return None
        stored = self._responses.get(_key(observation))
        return None if stored is None else _updated(stored, response)


def _key(observation: Observation) -> _Key:
    return client_of(observation.exchange), observation.exchange.request.url, observation.origin


def _updated(stored: Response, renewal: Response) -> Response:
    new = {name: renewal.headers.values(name) for name in renewal.headers.names.ordered if name not in _NOT_UPDATED}
    return structs.replace(stored, headers=stored.headers.with_headers(new), time=renewal.time, cut=renewal.cut or stored.cut)
