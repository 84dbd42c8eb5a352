"""Verdicts for tests: what one engine makes of one exchange, credentials mode given."""

from corslens.engines.chromium import CHROMIUM
from corslens.engines.gecko import GECKO
from corslens.engines.profile import STANDARD, EngineProfile
from corslens.engines.webkit import WEBKIT
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.exchange import Exchange
from corslens.observation.known import Known, Unknown
from corslens.observation.observation import Observation
from corslens.verdict.decide import decide_under
from msgspec import structs

from tests.make import PAGE, exchange, preflight, request, response
from tests.observation.observe import observe

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT
PROFILES = [STANDARD, CHROMIUM, GECKO, WEBKIT]


def under(observation: Observation, mode: CredentialsMode | None) -> Observation:
    """The same exchange with that credentials mode known, or unknown when None."""
    return structs.replace(observation, credentials=Unknown("a test") if mode is None else Known(mode, ("a-test",)))


def reasons(
    exchange: Exchange, mode: CredentialsMode = WITHOUT, profile: EngineProfile = STANDARD, *before: Exchange
) -> list[str]:
    """Every failing check's reason, in the order of the profile (by default the standard)."""
    return [failure.reason.value for failure in decide_under(observe(*before, exchange), profile, mode).failures]


def simple(*values: str, credentials: str | None = None, status: int = 200, http: str = "HTTP/1.1", **given: str) -> Exchange:
    """A request without a preflight; each value is a line of Access-Control-Allow-Origin."""
    lines = [("Access-Control-Allow-Origin", value) for value in values]
    if credentials is not None:
        lines.append(("Access-Control-Allow-Credentials", credentials))
    asked = request()
    return exchange(
        type(asked)(method="GET", url=asked.url, headers=asked.headers, http_version=http),
        response(status, [*lines, *((name.replace("_", "-"), value) for name, value in given.items())]),
    )


def asked(method: str = "PUT", names: str = "x-a", status: int = 204, location: str | None = None, **given: str) -> Exchange:
    """A preflight that is granted but for what is given, by the end of the header's name; `absent` for none."""
    lines = {"Access-Control-Allow-Origin": PAGE, "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "x-a"}
    lines |= {f"Access-Control-Allow-{name.capitalize()}": value for name, value in given.items()}
    if location is not None:
        lines["Location"] = location
    return exchange(
        preflight(method, unsafe=names), response(status, {name: value for name, value in lines.items() if value != "absent"})
    )
