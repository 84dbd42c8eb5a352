"""Response headers: which of them the page's script can read.

Standard: CORS-safelisted response-header name, https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
"""

from corslens.fetch.constants import ACCESS_CONTROL_EXPOSE_HEADERS, WILDCARD
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import extract_token_list
from corslens.fetch.messages import Response

CORS_SAFELISTED_RESPONSE_HEADERS = frozenset({
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma",
})  # fmt: skip
FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})
"""https://fetch.spec.whatwg.org/#forbidden-response-header-name"""


def cors_exposed_header_names(response: Response, credentials_mode: CredentialsMode) -> frozenset[str]:
    """Return the lower-case names that Access-Control-Expose-Headers exposes; a list with a non-token exposes nothing.

    Standard: main fetch, the step that sets the CORS-exposed header-name list, https://fetch.spec.whatwg.org/#main-fetch
    """
    names = extract_token_list(response.headers.values(ACCESS_CONTROL_EXPOSE_HEADERS)) or ()
    if WILDCARD in names and credentials_mode is not CredentialsMode.INCLUDE:
        return response.headers.names.members
    return frozenset(name.lower() for name in names)


def readable_header_names(response: Response, credentials_mode: CredentialsMode) -> tuple[str, ...]:
    """Return the lower-case names that the script sees on a CORS filtered response, sorted.

    Standard: https://fetch.spec.whatwg.org/#concept-filtered-response-cors
    """
    exposed = cors_exposed_header_names(response, credentials_mode)
    present = {name for name in response.headers.names.ordered if name not in FORBIDDEN_RESPONSE_HEADERS}
    return tuple(sorted(name for name in present if name in CORS_SAFELISTED_RESPONSE_HEADERS or name in exposed))
