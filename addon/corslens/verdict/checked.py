"""Checked: a check that a browser makes, by its name and with its outcome."""

from msgspec import Struct

from corslens.verdict.verdict import Failure


class CheckName:
    """Names of the checks besides those of PreflightStep."""

    RESPONSE = "response"
    HEADER_BYTES = "header-bytes"
    ALLOW_ORIGIN = "allow-origin"
    ALLOW_CREDENTIALS = "allow-credentials"
    REDIRECT_TARGET = "redirect-target"
    MIXED_CONTENT = "mixed-content"
    CONTENT_SECURITY_POLICY = "content-security-policy"
    CONNECTION_ALLOWLIST = "connection-allowlist"
    RESOURCE_POLICY = "resource-policy"


class Checked(Struct, frozen=True, gc=False):
    """A check that was made: on which header, with which value, and how it failed (None when it passed)."""

    name: str
    header: str | None
    value: str | None
    failure: Failure | None
