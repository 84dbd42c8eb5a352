"""What browsers request by themselves (updates, telemetry, lists of unsafe sites), whichever page is open.

Sources: https://source.chromium.org/chromium (chrome/, components/: the hosts of variations, safe_browsing, optimization_guide,
update_client), https://support.mozilla.org/kb/how-stop-firefox-making-automatic-connections, and recordings of idle browsers.
"""

from collections.abc import Iterable

from corslens.engines.engine import Engine
from corslens.fetch.constants import ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD
from corslens.fetch.messages import HeaderList
from corslens.observation.request_head import head_of

_HOSTS = frozenset({
    "accounts.google.com", "android.clients.google.com", "clients1.google.com", "clients2.google.com", "clients4.google.com",
    "clients6.google.com", "clientservices.googleapis.com", "content-autofill.googleapis.com", "mtalk.google.com",
    "optimizationguide-pa.googleapis.com", "redirector.gvt1.com", "safebrowsing.googleapis.com", "safebrowsingohttpgateway.googleapis.com",
    "sb-ssl.google.com", "t0.gstatic.com", "translate-pa.googleapis.com", "update.googleapis.com", "chrome.cloudflare-dns.com",
    "config.edge.skype.com", "edge.microsoft.com", "edge-http.microsoft.com", "nav-edge.smartscreen.microsoft.com",
    "detectportal.firefox.com", "configuration.apple.com", "safebrowsing.apple.com", "ocsp.digicert.com",
})  # fmt: skip
_BELOW = (
    ".gvt1.com",
    ".services.mozilla.com",
    ".telemetry.mozilla.org",
    ".cdn.mozilla.net",
    ".smartscreen.microsoft.com",
    ".mozgcp.net",
)


def is_browser_background(api_origin: str, pages: Iterable[str]) -> bool:
    """Say whether requests to this origin are the browser's own: it is a host of its maker's, and no page of a website sent one."""
    host = api_origin.partition("://")[2].partition(":")[0]
    own = host in _HOSTS or host.endswith(_BELOW)
    return own and not any(page.startswith(("http://", "https://")) for page in pages)


def is_report_upload(preflight: HeaderList) -> bool:
    """Say whether Chromium asks with this preflight to upload reports (Network Error Logging, Reporting): no CORS request follows.

    The upload itself has no Origin. A page's preflight has Accept and, to https, Sec-Fetch-Mode.
    Source: https://source.chromium.org/chromium/chromium/src/+/main:net/reporting/reporting_uploader.cc
    """
    head = head_of(preflight)
    return (
        head.engine is Engine.CHROMIUM
        and head.mode is head.accept is head.referrer is None
        and preflight.get(ACCESS_CONTROL_REQUEST_METHOD) == "POST"
        and preflight.get(ACCESS_CONTROL_REQUEST_HEADERS) == "content-type"
    )
