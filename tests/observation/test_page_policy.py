"""What documents say is remembered by client and origin."""

import pytest
from corslens.fetch.embedder_policy import EmbedderPolicy
from corslens.observation.page_policy import Pages, is_document

from tests import make
from tests.make import PAGE

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
COEP = {"Cross-Origin-Embedder-Policy": "require-corp"}


def load(
    pages: Pages, path: str = "/", given: make.Headers = (), *, client: str = "c", status: int = 200, origin: str = PAGE
) -> None:
    request = make.request(url=f"{origin}{path}", given=NAVIGATION, origin=None)
    pages.note(client, request, make.response(status, given))


def embedders(pages: Pages, referrer: str | None = f"{PAGE}/", *, client: str = "c") -> list[str] | None:
    page = pages.of(client, PAGE, referrer)
    return None if page is None else [document.embedder.value for document in page.documents]


def test_every_document_of_the_origin_may_have_sent_it() -> None:
    pages = Pages(10)
    load(pages, "/", COEP)
    load(pages, "/other")
    assert embedders(pages) == embedders(pages, None) == ["require-corp", "unsafe-none"]
    assert embedders(pages, f"{PAGE}/other") == ["unsafe-none"]
    assert embedders(pages, f"{PAGE}/worker.js") is None
    assert embedders(pages, client="d") is None


def test_a_document_loaded_again_has_its_newest_policy() -> None:
    pages = Pages(10)
    load(pages, "/", COEP)
    load(pages, "/")
    assert embedders(pages) == ["unsafe-none"]


def test_a_304_renews_what_is_stored() -> None:
    pages = Pages(10)
    load(pages, "/", COEP)
    load(pages, "/", {"Cross-Origin-Opener-Policy": "same-origin"}, status=304)
    page = pages.of("c", PAGE, None)
    assert page is not None and page.known
    (document,) = page.documents
    assert document.embedder is EmbedderPolicy.REQUIRE_CORP


def test_a_304_whose_stored_response_was_not_seen_leaves_the_policy_unknown() -> None:
    pages = Pages(10)
    load(pages, "/", COEP, status=304)
    page = pages.of("c", PAGE, None)
    assert page is not None and not page.known


def test_in_an_insecure_context_there_is_no_embedder_policy() -> None:
    pages = Pages(10)
    load(pages, "/", COEP, origin="http://app.example")
    page = pages.of("c", "http://app.example", None)
    assert page is not None
    assert page.documents[0].embedder is EmbedderPolicy.UNSAFE_NONE


def test_both_bounds() -> None:
    pages = Pages(2)
    for number in range(100):
        load(pages, f"/{number}")
    assert len(embedders(pages) or []) == 16
    for number in range(3):
        load(pages, origin=f"https://{number}.example")
    assert len(pages.seen) == 2
    assert pages.seen.dropped == 2


@pytest.mark.parametrize(
    ("given", "media", "status", "document"),
    [
        (NAVIGATION, "text/html", 200, True),
        (NAVIGATION, "application/pdf", 404, True),
        (NAVIGATION, "text/html", 302, False),
        ({"Sec-Fetch-Mode": "cors"}, "text/html", 200, False),
        ({"Accept": "text/html,*/*"}, "text/html; charset=utf-8", 200, True),
        ({"Accept": "text/html,*/*"}, "image/png", 200, False),
        ({"Accept": "*/*"}, "text/html", 200, False),
    ],
)
def test_document(given: dict[str, str], media: str, status: int, document: bool) -> None:
    assert is_document(make.request(given=given), make.response(status, {"Content-Type": media})) is document
