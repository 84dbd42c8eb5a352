"""What browsers request by themselves."""

import pytest
from corslens.observation.background import is_browser_background


@pytest.mark.parametrize(
    ("origin", "pages", "background"),
    [
        ("https://update.googleapis.com", [""], True),
        ("https://firefox.settings.services.mozilla.com", [], True),
        ("https://safebrowsing.googleapis.com:443", ["chrome-extension://abc"], True),
        ("https://update.googleapis.com", ["https://app.example"], False),
        ("https://api.example", [""], False),
        ("https://evil-services.mozilla.com", [""], False),
    ],
)
def test_is_browser_background(origin: str, pages: list[str], background: bool) -> None:
    """A host of the browser's maker, and no page of a website that asked."""
    assert is_browser_background(origin, pages) is background
