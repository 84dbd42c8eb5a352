"""Observations made by hand: https://app.example asks https://api.example."""

from collections.abc import Iterable

from corslens.fetch.constants import NULL
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.origins import origin_of
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Observation, PreflightNeed, Role
from msgspec import Struct

from tests import make

INCLUDE = Known(CredentialsMode.INCLUDE, ("cookie",))
OMIT = Known(CredentialsMode.SAME_ORIGIN_OR_OMIT, ("sec-fetch-storage-access",))


class Seen(Struct, frozen=True):
    """What Inspections are to advice: something with an observation."""

    observation: Observation


def simple(
    method: str = "GET",
    url: str = f"{make.API}/me",
    *,
    origin: str = make.PAGE,
    allow_origin: str | None = None,
    answer: make.Headers = (),
    status: int = 200,
    credentials: Known[CredentialsMode] | Unknown = OMIT,
    unsafe: Iterable[str] = (),
    role: Role = Role.SIMPLE,
    tainted: bool = False,
) -> Seen:
    """An actual (or simple) request and its answer."""
    exchange = make.exchange(make.request(method, url, origin=origin), make.response(status, answer, allow_origin=allow_origin))
    names = tuple(unsafe)
    return Seen(
        Observation(
            exchange=exchange,
            role=Role.ACTUAL if names else role,
            origin=origin,
            page_origin=origin if origin != NULL else None,
            target_origin=origin_of(url),
            engine=None,
            mode=Known("cors"),
            destination=Unknown("hand-made"),
            credentials=credentials,
            need=PreflightNeed(header_names=names) if names else None,
            tainted=tainted,
        )
    )


def preflight(
    method: str = "PUT",
    unsafe: str | None = None,
    url: str = f"{make.API}/me",
    *,
    origin: str = make.PAGE,
    allow_origin: str | None = None,
    answer: make.Headers = (),
    status: int = 204,
    credentials: Known[CredentialsMode] | Unknown = OMIT,
) -> Seen:
    """A preflight and its answer."""
    exchange = make.exchange(
        make.preflight(method, url, unsafe, origin=origin), make.response(status, answer, allow_origin=allow_origin)
    )
    return Seen(
        Observation(
            exchange=exchange,
            role=Role.PREFLIGHT,
            origin=origin,
            page_origin=origin,
            target_origin=origin_of(url),
            engine=None,
            mode=Known("cors"),
            destination=Unknown("hand-made"),
            credentials=credentials,
            need=PreflightNeed(method=method),
        )
    )
