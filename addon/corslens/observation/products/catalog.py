"""ProductCatalog: every known product, and which of them made or passed on a response.

A mark is evidence for wording and for the fix there, never for a verdict: anyone can send any header.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

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


class ProductCatalog:
    """The products of a rule set, indexed by the header that a mark cannot do without."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self.products: Mapping[str, Product] = {product.id: product for product in products}
        self._marks: dict[str | None, list[tuple[HeadPattern, Product]]] = {}
        self._responses: dict[str | None, list[tuple[HeadPattern, Product, OwnResponse]]] = {}
        self._makers = {response.id: product for product in self.products.values() for response in product.responses}
        self._added: dict[str, Product] = {}
        self._added_prefixes: list[tuple[str, Product]] = []
        for product in self.products.values():
            for pattern in product.marks:
                self._marks.setdefault(pattern.anchor, []).append((pattern, product))
            for response in product.responses:
                for pattern in response.heads:
                    self._responses.setdefault(pattern.anchor, []).append((pattern, product, response))
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
        found = {product.id: product for pattern, product in _candidates(self._marks, subject) if pattern.matches(subject)}
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
        for pattern, product, response in _candidates(self._responses, subject):
            if response.id not in found and pattern.matches(subject):
                found[response.id] = (product, response)
        return found.values()


def _candidates[T](index: Mapping[str | None, list[T]], subject: Subject) -> Iterable[T]:
    yield from index.get(None, ())
    for name in subject.headers.names.members:
        yield from index.get(name, ())


NO_PRODUCTS = ProductCatalog()
"""Knows none."""
