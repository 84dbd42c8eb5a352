"""EmulatedPhones: which clients with a phone's User-Agent are a Chromium whose developer tools emulate that phone.

Every browser on iOS is WebKit, which sends no Sec-CH-UA. Chromium sends it with what its page requests from trustworthy URLs, and neither
with preflights nor to plain http: those have the phone's User-Agent alone, and other requests of the same client tell who sent them.
"""

from corslens.bounded import Bounded
from corslens.fetch.messages import Request
from corslens.fetch.origins import is_potentially_trustworthy, origin_of
from corslens.observation.request_head import RequestHead

_AMBIGUOUS = 0


class EmulatedPhones:
    """What the brands in one session's requests tell of the requests without one, bounded."""

    def __init__(self, limit: int) -> None:
        self.versions: Bounded[str, int] = Bounded(limit)
        """The version of Chromium by client; 0 where a real phone has the same address and User-Agent."""

    def note(self, client: str, request: Request, head: RequestHead) -> None:
        """Learn from a request with a phone's User-Agent who has it."""
        if head.emulated:
            if client not in self.versions:
                self.versions[client] = head.version
        elif head.mode == "navigate" and is_potentially_trustworthy(origin_of(request.url)):
            self.versions[client] = _AMBIGUOUS  # a document is never requested without the brand in Chromium

    def version(self, client: str) -> int:
        """Return the version of the Chromium that sends this client's requests, 0 where that is not proven."""
        return self.versions.get(client) or 0
