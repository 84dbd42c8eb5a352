"""Connections of one kind tell the credentials mode in the engines that keep them apart, and nowhere else."""

from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.messages import Request
from corslens.observation.evidence import Known, Unknown
from corslens.observation.observation import Observation

from tests.make import API, exchange, preflight, request, response
from tests.observation.observe import CHROMIUM, FIREFOX, WEBKIT, observe

INCLUDE, WITHOUT = CredentialsMode.INCLUDE, CredentialsMode.SAME_ORIGIN_OR_OMIT


def _asked(agent: str, url: str) -> Request:
    return request(url=url, given={"User-Agent": agent})


def _on(connection: str, asked: Request) -> Observation:
    navigation = request(url=f"{API}/", origin=None, given={"User-Agent": CHROMIUM, "Sec-Fetch-Mode": "navigate"})
    asking = preflight("PUT", url="http://api.example/x", given={"User-Agent": CHROMIUM})
    return observe(
        exchange(navigation, response(), connection="with"),
        exchange(asking, response(), connection="without"),
        exchange(asked, response(), connection=connection),
    )


def test_chromium_keeps_credentialed_requests_on_connections_of_their_own() -> None:
    asked = _asked(CHROMIUM, "http://api.example/me")
    assert _on("with", asked).credentials == Known(INCLUDE, ("credentialed-connection",))
    assert _on("without", asked).credentials == Known(WITHOUT, ("uncredentialed-connection",))
    assert isinstance(_on("other", asked).credentials, Unknown)


def test_other_engines_do_not() -> None:
    for agent in (FIREFOX, WEBKIT):
        assert isinstance(_on("without", _asked(agent, "http://api.example/me")).credentials, Unknown)
