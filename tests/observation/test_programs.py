"""A program says so itself, and nothing in the request speaks for a browser."""

import pytest
from corslens.engines.engine import Engine
from corslens.engines.sending import USER_AGENTS
from corslens.fetch.messages import HeaderList
from corslens.observation.programs import is_of_program


@pytest.mark.parametrize(
    "agent",
    ["curl/8.5.0", "PostmanRuntime/7.43.0", "okhttp/4.12.0", "python-requests/2.32.3", "Go-http-client/2.0", "node", "Shop/5 CFNetwork/1494 Darwin/23.4.0"],
)  # fmt: skip
def test_programs_are_known_by_their_user_agent(agent: str) -> None:
    headers = (("user-agent", agent), ("origin", "https://app.example"))
    assert is_of_program(HeaderList(headers))
    assert not is_of_program(HeaderList((*headers, ("sec-fetch-mode", "cors"))))


@pytest.mark.parametrize(
    "agent", [*(USER_AGENTS[engine] for engine in Engine), "", "Mozilla/5.0 (Mobile) CFNetwork/1", "nodeview/1"]
)
def test_browsers_web_views_and_the_unknown_are_none(agent: str) -> None:
    assert not is_of_program(HeaderList((("user-agent", agent),)))
