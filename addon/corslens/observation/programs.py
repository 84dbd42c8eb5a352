"""Programs: senders that are no browser by their own word. They may send an Origin, and check nothing of what comes back."""

import re

from corslens.bounded_cache import bounded_cache
from corslens.fetch.messages import HeaderList

_PROGRAM = re.compile(
    r"(?:curl|wget|postmanruntime|insomnia|httpie|okhttp|python-requests|python-httpx|python-urllib|python|aiohttp|go-http-client|node|node-fetch"
    r"|undici|axios|got|java|java-http-client|apache-httpclient|guzzlehttp|reqwest|k6|libwww-perl|dart|ruby|faraday|hackney|bruno|bruno-runtime)(?:$|[/ ])"
    r"|(?!mozilla/).*\bcfnetwork/",
    re.IGNORECASE,
)
"""How the User-Agents of HTTP clients begin: at a desk, in a test, in an app. Web views call themselves Mozilla."""
_MAX_USER_AGENT_CHARACTERS = 256


def is_of_program(headers: HeaderList) -> bool:
    """Say whether a program sent the request: its User-Agent says so, and no Fetch metadata or client hint speaks for a browser."""
    user_agent = headers.get("user-agent")
    return (
        user_agent is not None
        and _names_program(user_agent[:_MAX_USER_AGENT_CHARACTERS])
        and "sec-fetch-mode" not in headers
        and "sec-fetch-site" not in headers
        and "sec-ch-ua" not in headers
    )


@bounded_cache(256)
def _names_program(user_agent: str) -> bool:
    return _PROGRAM.match(user_agent) is not None
