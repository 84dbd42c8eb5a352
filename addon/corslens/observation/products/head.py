"""HeadPattern: the marks by which a product's response is recognized, and Subject: the exchange that they are held against.

Bodies are never seen, so everything here is a status, a header line, a host, a path or a length.
"""

from collections.abc import Sequence, Set
from functools import cached_property

import ada_url
from msgspec import Struct

from corslens.fetch.messages import Request, Response
from corslens.fetch.origins import host_of, origin_of
from corslens.observation.products.value import ValueTest

_MAX_VALUE_CHARACTERS = 4096
"""Characters of a value that are compared; marks are short and stand at the beginning, or in short values."""

_LINES = 32
"""Different lines of a name that are compared: each is held against dozens of products, and none sends as many to be known by."""

_CONTENT_LENGTH = "content-length"


class Subject:
    """One response and the request it is for, read once however many patterns are held against it."""

    def __init__(self, request: Request, response: Response) -> None:
        self.request = request
        self.response = response
        self.headers = response.headers
        self.status = response.status
        self.method = request.method
        self._header_values: dict[str, tuple[str, ...]] = {}

    def header_values(self, name: str) -> tuple[str, ...]:
        """Return the values of a response header's lines, in lowercase."""
        found = self._header_values.get(name)
        if found is None:  # dozens of products are told apart by one header, Server for instance
            found = self._header_values[name] = _compared(self.headers.values(name))
        return found

    def request_values(self, name: str) -> tuple[str, ...]:
        """Return the values of a request header's lines, in lowercase."""
        return _compared(self.request.headers.values(name))

    @cached_property
    def host(self) -> str:
        """The host of the request's URL, without a port."""
        return host_of(origin_of(self.request.url)).lower()

    @cached_property
    def port(self) -> str:
        """The port of the request's URL where it names one, else an empty string."""
        authority = self.request.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        return authority.rpartition(":")[2] if ":" in authority.rpartition("]")[2] else ""

    @cached_property
    def path(self) -> str:
        """The path and query of the request's URL, in lowercase."""
        return _path_of(self.request.url)

    @cached_property
    def location(self) -> str:
        """The absolute target of a redirect, or an empty string."""
        location = self.headers.get("location")
        if location is None or not 300 <= self.status < 400 or len(location) > _MAX_VALUE_CHARACTERS:
            return ""
        try:
            return ada_url.join_url(self.request.url, location)
        except ValueError:
            return ""

    @cached_property
    def location_host(self) -> str:
        """The host that a redirect leads to."""
        return host_of(origin_of(self.location)).lower() if self.location else ""

    @cached_property
    def location_path(self) -> str:
        """The path and query that a redirect leads to, in lowercase."""
        return _path_of(self.location) if self.location else ""

    @cached_property
    def cookie_names(self) -> tuple[str, ...]:
        """The names of the cookies that the response sets, in lowercase."""
        return _compared([line.partition("=")[0].strip() for line in self.headers.values("set-cookie")])

    @cached_property
    def length(self) -> int | None:
        """Content-Length, where it is a number."""
        value = self.headers.get(_CONTENT_LENGTH)
        return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 10 else None

    def tokens(self, name: str) -> frozenset[str]:
        """Return the elements of a list-valued response header, in lowercase."""
        joined = ",".join(self.header_values(name))
        return frozenset(part.strip() for part in joined.split(","))


def _compared(values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > 1:
        values = list(dict.fromkeys(values))[:_LINES]
    return tuple([value[:_MAX_VALUE_CHARACTERS].lower() for value in values])


def _path_of(url: str) -> str:
    _, slash, rest = url.partition("://")[2].partition("/")
    return f"{slash}{rest.partition('#')[0]}"[:_MAX_VALUE_CHARACTERS].lower()


class Mark(Struct, frozen=True, kw_only=True):
    """One thing that a head has to show."""

    field: str
    """`header`, `request-header`, `host`, `port`, `path`, `location-host`, `location-path`, `cookie`."""
    name: str = ""
    """Of the header."""
    present: bool = True
    """False: there may be no such header (or cookie)."""
    test: ValueTest | None = None
    """What one of its values has to be; None where its presence is enough."""
    elements: frozenset[str] = frozenset()
    """Elements that the list in the header must hold, all of them."""

    def holds(self, subject: Subject) -> bool:
        """Say whether the exchange shows it."""
        if self.elements:
            return self.elements <= subject.tokens(self.name)
        values = self._values(subject)
        if not self.present:
            return not values
        if self.test is None:
            return bool(values)
        return any(self.test(value) for value in values)

    def _values(self, subject: Subject) -> tuple[str, ...]:
        match self.field:
            case "header":
                return subject.header_values(self.name)
            case "request-header":
                return subject.request_values(self.name)
            case "cookie":
                return subject.cookie_names
            case _:
                value: str = getattr(subject, self.field.replace("-", "_"))
                return (value,) if value else ()


class HeadPattern(Struct, frozen=True, kw_only=True):
    """What a head has to look like: everything in it holds."""

    statuses: tuple[tuple[int, int], ...] = ()
    """Ranges of the status, both ends included; empty for any."""
    methods: frozenset[str] = frozenset()
    """The request's method; empty for any."""
    lengths: frozenset[int] = frozenset()
    """Content-Length; empty for any."""
    marks: tuple[Mark, ...] = ()

    @property
    def anchor(self) -> str | None:
        """A response header without which it cannot match, or None."""
        for mark in self.marks:
            if mark.field == "header" and mark.present:
                return mark.name
            if mark.field == "cookie" and mark.present:
                return "set-cookie"
            if mark.field in ("location-host", "location-path"):
                return "location"
        return None

    def may_match(self, status: int, names: Set[str]) -> bool:
        """Say whether a response with this status and these header names (lower-case) may look so, whatever their values are."""
        if self.statuses and not any(low <= status <= high for low, high in self.statuses):
            return False
        for mark in self.marks:
            header = "set-cookie" if mark.field == "cookie" else mark.name if mark.field == "header" else None
            if header is not None and mark.present is not (header in names):
                return False
        anchor = self.anchor
        return anchor is None or anchor in names

    def matches(self, subject: Subject) -> bool:
        """Say whether the exchange looks so."""
        if self.statuses and not any(low <= subject.status <= high for low, high in self.statuses):
            return False
        if self.methods and subject.method not in self.methods:
            return False
        if self.lengths and subject.length not in self.lengths:
            return False
        return all(mark.holds(subject) for mark in self.marks)
