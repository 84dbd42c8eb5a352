"""What a document's policy says of the local network: that its page means to request it.

https://wicg.github.io/local-network-access/#permissions-policy (`local-network-access`, since Chromium 145 `local-network` and
`loopback-network`) and the sources of `connect-src`. A policy only allows; that a request is made it does not say.
"""

import re

from corslens.fetch.address_space import AddressSpace, space_of_origin
from corslens.fetch.content_security_policy import parse_policies
from corslens.fetch.messages import HeaderList
from corslens.fetch.origins import origin_of

_FEATURE = re.compile(r"(?:^|,)\s*((?:local-network-access|local-network|loopback-network)=(\([^()]*\)|\*|self))")
_MAX_LINE_CHARACTERS = 8192
_SOURCES = 100


def local_network_policy(headers: HeaderList) -> str | None:
    """Return the header and the part of it that allows requests of the local network by name, None without one."""
    for line in headers.values("permissions-policy"):
        for found in _FEATURE.finditer(line[:_MAX_LINE_CHARACTERS]):
            if found[2].strip("( )"):
                return f"Permissions-Policy: {found[1]}"
    for policy in parse_policies(headers.values("content-security-policy")):
        for source in policy.get("connect-src", ())[:_SOURCES]:
            host = source.partition("://")[2] or source
            space = None if host.startswith("'") else space_of_origin(origin_of(f"http://{host.replace(':*', '')}"))
            if space in (AddressSpace.LOCAL, AddressSpace.LOOPBACK):
                return f"Content-Security-Policy: connect-src {source}"
    return None
