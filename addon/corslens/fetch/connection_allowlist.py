"""Connection-Allowlist: the servers that a document may connect to, and whether it may follow redirects.

Draft: https://wicg.github.io/connection-allowlists/. Measured in Chromium 156: unless the list says `redirects=allow`, no redirect is
followed, wherever it leads; where it does, the target need not be listed. What is not a list allows nothing.
"""

import re

CONNECTION_ALLOWLIST = "connection-allowlist"

_MAX_VALUE_CHARACTERS = 8192
_LIST = re.compile(r' *\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)')
_PARAMETER = re.compile(r' *; *([a-z*][a-z0-9_.*-]*)(?:=("(?:[^"\\]|\\.)*"|[^;, ]*))?')


def follows_redirects(value: str) -> bool | None:
    """Say whether a document with this value of the header may follow a redirect; None where it could not connect to anything.

    An inner list with parameters, https://httpwg.org/specs/rfc9651.html#inner-list; only the first one counts.
    """
    found = _LIST.match(value[:_MAX_VALUE_CHARACTERS])
    if found is None:
        return None
    follows, place = False, found.end()
    while parameter := _PARAMETER.match(value, place, _MAX_VALUE_CHARACTERS):
        name, given = parameter.groups()
        if name == "redirects":
            # Any token but `block` allows, and no other type does.
            follows = given is not None and given[:1].isalpha() and given != "block"
        place = parameter.end()
    return follows
