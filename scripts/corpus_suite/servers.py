"""The servers of the corpus: what each allows is decided by its name and the seed, so that it is known what is true of it."""

import random
from enum import StrEnum
from itertools import accumulate
from zlib import crc32

from msgspec import Struct

DOMAIN = ".service.example"
ENDPOINTS = tuple(
    f"/v1/{noun}"
    for noun in (
        "accounts", "alerts", "baskets", "brands", "carts", "coupons", "events", "feeds", "files", "images",
        "invoices", "items", "likes", "notes", "orders", "prices", "reviews", "stores", "tags", "users",
    )
)  # fmt: skip


class Manner(StrEnum):
    """How a server treats origins."""

    LIST = "list"
    """A list of origins, with credentials and Vary: what is right."""
    LIST_WITHOUT_VARY = "list-without-vary"
    LIST_LOST_ON_ERROR = "list-lost-on-error"
    """A list; its error responses have no CORS headers."""
    REFLECTS = "reflects"
    """Any origin by name, without credentials."""
    REFLECTS_CREDENTIALS = "reflects-with-credentials"
    """Any origin by name, with credentials: what is worst."""
    ANY = "any"
    """`*`."""
    NONE = "none"
    """No CORS headers at all."""


_SHARES = {
    Manner.LIST: 42,
    Manner.LIST_WITHOUT_VARY: 8,
    Manner.LIST_LOST_ON_ERROR: 14,
    Manner.REFLECTS: 8,
    Manner.REFLECTS_CREDENTIALS: 4,
    Manner.ANY: 14,
    Manner.NONE: 10,
}
LISTS = frozenset({Manner.LIST, Manner.LIST_WITHOUT_VARY, Manner.LIST_LOST_ON_ERROR})
_LISTED = 70
"""Percent of all sites that a list allows."""


class Server(Struct, frozen=True):
    """An API."""

    origin: str
    manner: Manner

    def allows(self, page: str) -> bool:
        """Say whether a page may read its responses."""
        if self.manner in LISTS:
            return crc32(f"{self.origin} {page}".encode()) % 100 < _LISTED
        return self.manner is not Manner.NONE

    @property
    def credentialed(self) -> bool:
        """Whether it is used with cookies."""
        return self.manner in LISTS or self.manner is Manner.REFLECTS_CREDENTIALS

    def headers(self, page: str, status: int, method: str | None = None) -> list[tuple[str, str]]:
        """Return the CORS headers of a response.

        Args:
            page: the request's Origin.
            method: that a preflight is for.
        """
        if self.manner is Manner.ANY:
            found = [("Access-Control-Allow-Origin", "*")]
        elif not self.allows(page) or (self.manner is Manner.LIST_LOST_ON_ERROR and status >= 400):
            return [] if self.manner in (Manner.NONE, Manner.LIST_LOST_ON_ERROR) else [("Vary", "Origin")]
        else:
            found = [("Access-Control-Allow-Origin", page)]
            if self.credentialed:
                found.append(("Access-Control-Allow-Credentials", "true"))
            if self.manner is not Manner.LIST_WITHOUT_VARY:
                found.append(("Vary", "Origin"))
        if method is not None:
            found += [("Access-Control-Allow-Methods", f"GET, {method}"), ("Access-Control-Allow-Headers", "content-type")]
            found.append(("Access-Control-Max-Age", "600"))
        return found


class World:
    """The servers and the pages of a corpus.

    Args:
        apis: how many servers.
        sites: how many pages' origins.
    """

    def __init__(self, seed: int, *, apis: int = 2_000, sites: int = 200) -> None:
        drawn = random.Random(seed)
        manners = drawn.choices(list(_SHARES), list(_SHARES.values()), k=apis)
        self.servers = tuple(Server(f"https://api{number}{DOMAIN}", manner) for number, manner in enumerate(manners))
        self.pages = tuple(f"https://www.shop{number}.example" for number in range(sites))
        self._weights = tuple(accumulate(1 / (place + 1) for place in range(apis)))

    def pick(self, drawn: random.Random, count: int) -> list[Server]:
        """Return servers, as often as they are used: the second half as often as the first, and so on (Zipf)."""
        return drawn.choices(self.servers, cum_weights=self._weights, k=count)
