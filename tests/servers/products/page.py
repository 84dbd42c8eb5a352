"""Write docs/products.md: which products are known, how their marks were checked, and what of them was recorded. `python -m tests.servers.products.page`."""

from collections import defaultdict
from pathlib import Path

from corslens.lint.rules.loader import bundled_products
from corslens.observation.products import ProductKind

from tests.servers.products.recorded import read
from tests.servers.products.table import PROGRAMS

PAGE = Path(__file__).parents[3] / "docs" / "products.md"
HEAD = """# How products are known

<!-- Written by `python -m tests.servers.products.page` (scripts/render_docs) from rules/products and the recorded responses; do not edit. -->

corslens names a product only by marks in the head of a response: a header, a status, a host, a path, a length. Bodies are never read, and anyone can send any header, so a
mark affects wording and fixes, never a verdict. [The rules](rules/products.md) say what each product's own responses mean.

`scripts/test-products` runs each product that Debian, PyPI or npm provide: a real Chromium sends requests to the real program through a real mitmdump, and the responses are kept in
`tests/servers/products/recorded.jsonl`. A test checks the marks against all of them: each recorded response is recognized as what it is, and as nothing else.
Where nothing could be run, the column names the source of the marks. Marks from general knowledge alone have low confidence.

"""


def render() -> str:
    """Return the page."""
    versions: dict[str, set[str]] = defaultdict(set)
    responses: dict[str, int] = defaultdict(int)
    own: dict[str, set[str]] = defaultdict(set)
    catalog = bundled_products()
    for one in read():
        for id in one.products:
            responses[id] += 1
            versions[id].add(one.program)
        for id in one.own:
            maker = catalog.making(id)
            if maker is not None:
                own[maker.id].add(id)
    rows = [
        "| product | kind | marks checked against | recorded responses | of these its own |",
        "| --- | --- | --- | ---: | --- |",
    ]
    for product in sorted(catalog.products.values(), key=lambda product: product.name.lower()):
        if product.kind is ProductKind.LIBRARY:
            continue
        programs = len(versions[product.id])
        count = f"{responses[product.id]}, of {programs} program{'' if programs == 1 else 's'}" if responses[product.id] else ""
        ids = ", ".join(f"`{id}`" for id in sorted(own[product.id]))
        rows.append(f"| {product.name} | {product.kind} | {product.verified} | {count} | {ids} |")
    tried = ", ".join(sorted({f"`{program.fixed[1]}`" for program in PROGRAMS if program.fixed}))
    programs = len({one.program for one in read()})
    return (
        f"{HEAD}{len(rows) - 2} products, {len(read())} recorded responses of {programs} programs.\n\n"
        + "\n".join(rows)
        + "\n"
        + f"\nThe fix was tried here as it is worded, and the refusal was gone, for {tried}.\n"
    )


if __name__ == "__main__":
    PAGE.write_text(render())
