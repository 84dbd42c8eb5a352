"""Redaction: the one place that knows what is a secret, so that none reaches a log, report, comment or terminal line.

Evidence keeps its shape (which header, which parameter) and loses its value.
"""

import re

from corslens.fetch.bounded_cache import bounded_cache

REDACTED = "[redacted]"

SECRET_HEADERS = frozenset({
    "authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie", "set-cookie2",
    "x-api-key", "x-auth-token", "x-access-token", "x-csrf-token", "x-xsrf-token", "x-amz-security-token",
})  # fmt: skip
"""Header names (lower-case) whose values are never shown."""

_SECRET_NAME = re.compile(
    r"(?i)(?:^|[-_.\[])(?:access|refresh|id|auth|bearer|csrf|xsrf|session)?[-_.]?"
    r"(?:token|secret|passw(?:or)?d|passwd|pwd|api[-_.]?key|apikey|key|auth|sig|signature|session(?:id)?|sid|jwt|code|"
    r"credential|credentials|assertion|otp|pin|saml(?:request|response)|state|nonce)(?:$|[-_.\]])"
)
# Linear: a token is looked for once in each run of its characters, from the first `eyJ` on.
_SECRET_VALUE = re.compile(
    r"(?<![\w-])(?>[\w-]*?eyJ)[\w-]{8,}+\.[\w-]+\.[\w-]*|(?:sk|pk|ghp|gho|xox[abp])[-_][\w-]{10,}|AKIA[A-Z0-9]{12,}"
)
_PARAMETER = re.compile(r"([?&;#])([^?=&;#]*)=([^&;#]*)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def is_secret_name(name: str) -> bool:
    """Say whether a parameter or header of this name looks as if it held a secret."""
    return _SECRET_NAME.search(_CAMEL.sub("-", name)) is not None


def _parameter(match: re.Match[str]) -> str:
    mark, name, value = match.groups()
    if value and (is_secret_name(name) or _SECRET_VALUE.search(value)):
        value = REDACTED
    return f"{mark}{name}={value}"


@bounded_cache(4096)
def redact_url(url: str) -> str:
    """Return the URL without user name, password and the values of parameters that look like secrets."""
    scheme, separator, rest = url.partition("://")
    if separator:
        end = next((i for i, character in enumerate(rest) if character in "/?#\\"), len(rest))
        userinfo, at, host = rest[:end].rpartition("@")
        if at and userinfo:
            rest = f"{REDACTED}@{host}{rest[end:]}"
    else:
        scheme, rest = "", url
    if "=" in rest:
        rest = _PARAMETER.sub(_parameter, rest)
    return _SECRET_VALUE.sub(REDACTED, f"{scheme}{separator}{rest}")


def redact_header(name: str, value: str) -> str:
    """Return the value as it may be shown."""
    lowered = name.lower()
    if lowered in SECRET_HEADERS or (is_secret_name(lowered) and not lowered.startswith("access-control-")):
        return REDACTED
    if lowered in ("location", "referer", "origin", "content-location", "link", "refresh"):
        return redact_url(value)
    return _SECRET_VALUE.sub(REDACTED, value) if len(value) > 12 else value
