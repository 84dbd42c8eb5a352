"""Recorded: a response of a real product as tests/servers/products recorded it, and whether it is recognized as it should be."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.observation.products import ProductCatalog
from msgspec import Struct

from tests.servers.products.program import RealProgram

RECORDED = Path(__file__).with_name("recorded.jsonl")


class Recorded(Struct, frozen=True, kw_only=True):
    """One response of a real product."""

    program: str
    version: str
    probe: str
    """`missing`, or `missing preflight`."""
    method: str
    url: str
    status: int
    response: list[list[str]]
    """Name and value of each header line."""
    products: list[str]
    """What it was recognized as."""
    own: list[str]
    request: list[list[str]] = []
    """Those of the request's header lines that marks look at."""
    first: str
    """What corslens said first of the page request."""

    def recognized(self, catalog: ProductCatalog) -> tuple[set[str], set[str]]:
        """Return the products, and the own responses, that a catalog recognizes in it."""
        request = Request(method=self.method, url=self.url, headers=HeaderList((name, value) for name, value in self.request))
        response = Response(status=self.status, headers=HeaderList((name, value) for name, value in self.response))
        return (
            {product.id for product in catalog.of(request, response)},
            {own.id for _, own in catalog.own_responses(request, response)},
        )


def read() -> list[Recorded]:
    """Return everything that was recorded."""
    return [msgspec.json.decode(line, type=Recorded) for line in RECORDED.read_bytes().splitlines()]


def write(recorded: Iterable[Recorded]) -> None:
    """Keep these and no others."""
    RECORDED.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in recorded))


def differences(program: RealProgram, recorded: Iterable[Recorded], before: Iterable[Recorded]) -> list[str]:
    """Return a sentence for each response that is recognized as what the program is not, or as something else than before."""
    known = {one.probe: one for one in before if one.program == program.id}
    found = []
    for one in recorded:
        if wrong := set(one.products) - set(program.marks):
            found.append(f"{one.program} {one.probe} ({one.status}) is recognized as {', '.join(sorted(wrong))}")
        old = known.get(one.probe)
        if old is not None and (old.products, old.own) != (one.products, one.own):
            found.append(
                f"{one.program} {one.probe} ({one.status}) was {old.products} {old.own}, and is {one.products} {one.own}"
            )
    return found
