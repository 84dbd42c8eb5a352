"""Credentials mode of a request, https://fetch.spec.whatwg.org/#concept-request-credentials-mode"""

from enum import StrEnum


class CredentialsMode(StrEnum):
    """What a CORS check has to know of the mode: `omit` and `same-origin` are one to every cross-origin request."""

    INCLUDE = "include"
    SAME_ORIGIN_OR_OMIT = "same-origin-or-omit"
