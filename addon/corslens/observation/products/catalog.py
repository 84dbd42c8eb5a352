"""ProductCatalog: every known product, and which of them made or passed on a response.

A mark is evidence for wording and for the fix there, never for a verdict: anyone can send any header.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain

from msgspec import Struct

from corslens.fetch.header_names import NameSet
from corslens.fetch.messages import Request, Response
from corslens.observation.products.head import HeadPattern, Subject


class ProductKind(StrEnum):
    """What a product is to the request, in the order in which its CORS settings decide: the application knows its users best."""

    FRAMEWORK = "framework"
    """What the application is written with."""
    API = "api"
    """A service of others with settings of its own: an identity provider, a search server, a public API."""
    DEV_SERVER = "dev-server"
    STORAGE = "storage"
    PLATFORM = "platform"
    """Runs the application: functions, containers, hosting."""
    GATEWAY = "gateway"
    """An API gateway, a service mesh, a load balancer."""
    LOGIN = "login"
    """A login in front of the application."""
    TUNNEL = "tunnel"
    BOT_PROTECTION = "bot-protection"
    CDN = "cdn"
    WEB_SERVER = "web-server"
    NETWORK = "network"
    """The network's own proxy: a company's filter, a captive portal."""
    BROWSER = "browser"
    """The browser itself, without asking the network."""
    LIBRARY = "library"
    """Adds headers to the page's requests."""


_ORDER = {kind: place for place, kind in enumerate(ProductKind)}


class OwnResponse(Struct, frozen=True, kw_only=True):
    """A response that a product makes by itself, in the application's place; the rule of the same id puts it into words."""

    id: str
    heads: tuple[HeadPattern, ...]
    """One of them has to match."""


class Product(Struct, frozen=True, kw_only=True):
    """A product, as its file says."""

    id: str
    """Stem of its file; the name under which `corslens advise` knows it, where it does."""
    name: str
    """For people."""
    kind: ProductKind
    verified: str = ""
    """How its marks were checked."""
    marks: tuple[HeadPattern, ...] = ()
    """A response that looks like one of these was made by it or passed through it."""
    responses: tuple[OwnResponse, ...] = ()
    request_headers: frozenset[str] = frozenset()
    """Of a library: lowercase names of headers that it adds to requests; a `*` at the end stands for anything."""
    request_fix: str = ""
    """Of a library: how to keep it from adding them."""
    file: str = ""


_SHORTLISTS = 512
"""Statuses with header names for which it is remembered which patterns come into question: servers send few combinations."""


class _Index[T]:
    """Heads, each with what it stands for, found by status and header names."""

    def __init__(self) -> None:
        self._by_anchor: dict[str | None, list[tuple[HeadPattern, T]]] = {}
        self._shortlists: dict[tuple[int, frozenset[str]], tuple[tuple[HeadPattern, T], ...]] = {}

    def add(self, pattern: HeadPattern, meaning: T) -> None:
        self._by_anchor.setdefault(pattern.anchor, []).append((pattern, meaning))

    def matching(self, subject: Subject) -> Iterator[T]:
        """Yield what the patterns stand for that match."""
        for pattern, meaning in self._shortlist(subject):
            if pattern.matches(subject):
                yield meaning

    def _shortlist(self, subject: Subject) -> tuple[tuple[HeadPattern, T], ...]:
        names = subject.headers.names
        key = subject.status, names.members
        found = self._shortlists.get(key)
        if found is None:
            candidates = chain.from_iterable(self._by_anchor.get(name, ()) for name in (None, *names.ordered))
            found = tuple(one for one in candidates if one[0].may_match(*key))
            if isinstance(names.members, NameSet):
                if len(self._shortlists) >= _SHORTLISTS:
                    self._shortlists.clear()
                self._shortlists[key] = found
        return found


class ProductCatalog:
    """The products of a rule set."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self.products: Mapping[str, Product] = {product.id: product for product in products}
        self._marks: _Index[Product] = _Index()
        self._responses: _Index[tuple[Product, OwnResponse]] = _Index()
        self._makers = {response.id: product for product in self.products.values() for response in product.responses}
        self._added: dict[str, Product] = {}
        self._added_prefixes: list[tuple[str, Product]] = []
        for product in self.products.values():
            for pattern in product.marks:
                self._marks.add(pattern, product)
            for response in product.responses:
                for pattern in response.heads:
                    self._responses.add(pattern, (product, response))
            for name in product.request_headers:
                if name.endswith("*"):
                    self._added_prefixes.append((name[:-1], product))
                else:
                    self._added.setdefault(name, product)

    def __len__(self) -> int:
        return len(self.products)

    def of(self, request: Request, response: Response) -> tuple[Product, ...]:
        """Return every product that left a mark on a response, first the one whose CORS settings most likely decide."""
        subject = Subject(request, response)
        found = {product.id: product for product in self._marks.matching(subject)}
        for product, _ in self._own(subject):
            found.setdefault(product.id, product)
        return tuple(sorted(found.values(), key=lambda product: (_ORDER[product.kind], product.id)))

    def own_responses(self, request: Request, response: Response) -> tuple[tuple[Product, OwnResponse], ...]:
        """Return which products made the response by themselves, each with the kind of response; usually none or one."""
        return tuple(self._own(Subject(request, response)))

    def making(self, id: str) -> Product | None:
        """Return the product that makes the own response of this id."""
        return self._makers.get(id)

    def adds_header(self, name: str) -> Product | None:
        """Return the library that adds a request header of this lowercase name, or None when none is known."""
        known = self._added.get(name)
        if known is None:
            known = next((product for prefix, product in self._added_prefixes if name.startswith(prefix)), None)
        return known

    def _own(self, subject: Subject) -> Iterable[tuple[Product, OwnResponse]]:
        found: dict[str, tuple[Product, OwnResponse]] = {}
        for product, response in self._responses.matching(subject):
            found.setdefault(response.id, (product, response))
        return found.values()


NO_PRODUCTS = ProductCatalog()
"""Knows none."""
