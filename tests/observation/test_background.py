"""What browsers request by themselves."""

import pytest
from corslens.fetch.messages import HeaderList
from corslens.observation.background import is_browser_background, is_report_upload


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


@pytest.mark.parametrize(
    ("more", "is_upload"),
    [({}, True), ({"accept": "*/*", "sec-fetch-mode": "cors"}, False), ({"access-control-request-headers": "x-a"}, False)],
)
def test_is_report_upload(more: dict[str, str], is_upload: bool) -> None:
    """The preflight that Chromium's reporting_uploader.cc sends; a page's has more headers."""
    asked = {
        "origin": "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    }
    assert is_report_upload(HeaderList(tuple((asked | more).items()))) is is_upload
