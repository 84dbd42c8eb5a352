"""What browsers, WebViews and proxies add is not taken for a page's doing."""

import pytest
from corslens.fetch.request_headers import STANDARD_SAFELIST
from corslens.observation.header_additions import BY_BROWSERS, BY_PROXIES, PREFIXES, is_added, is_web_views, perhaps_page_set
from corslens.observation.inference import page_set_unsafe_names

from tests.make import request


@pytest.mark.parametrize(
    "name",
    ["x-browser-validation", "available-dictionary", "dictionary-id", "attribution-reporting-eligible", "x-real-ip", "cf-ray", "x-client-data"],
)  # fmt: skip
def test_what_is_added_after_the_preflights_list_was_made_needs_none(name: str) -> None:
    assert is_added(name)
    assert page_set_unsafe_names(request(given={name: "1", "X-Mine": "1"}), STANDARD_SAFELIST) == ("x-mine",)


def test_every_row_has_a_source_and_a_lower_case_name() -> None:
    for table in (BY_BROWSERS, BY_PROXIES, PREFIXES):
        for name, source in table.items():
            assert name == name.lower() and source
    assert all(prefix.endswith("-") for prefix in PREFIXES)


@pytest.mark.parametrize(
    ("value", "added"), [("com.example.app", True), ("XMLHttpRequest", False), ("", False), ("a b.c", False)]
)
def test_a_web_view_names_its_package_where_pages_say_that_they_use_xhr(value: str, added: bool) -> None:
    assert is_web_views("x-requested-with", value) is added
    names = page_set_unsafe_names(request(given={"X-Requested-With": value}), STANDARD_SAFELIST)
    assert names == (() if added else ("x-requested-with",))


def test_what_is_no_token_is_no_name() -> None:
    """Pseudo-headers, and the request line that some writers put among the headers."""
    assert perhaps_page_set((":authority", "post /t/urn", "x-a", "")) == ("x-a",)
