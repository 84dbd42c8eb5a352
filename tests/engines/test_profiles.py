"""The engine behind a request, by its User-Agent and client hints."""

import pytest
from corslens.engines.engine import Engine
from corslens.engines.profiles import PROFILES, engine_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "engine", "version"),
    [
        pytest.param(CHROME, Engine.CHROMIUM, 156, id="Chrome"),
        pytest.param(CHROME.replace("Chrome", "HeadlessChrome"), Engine.CHROMIUM, 156, id="headless Chrome"),
        pytest.param(f"{CHROME} Edg/156.0.0.0", Engine.CHROMIUM, 156, id="Edge"),
        pytest.param(f"{CHROME} OPR/120.0", Engine.CHROMIUM, 156, id="Opera"),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 15; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/156.0.0.0 Mobile Safari/537.36",
            Engine.CHROMIUM,
            156,
            id="an Android WebView",
        ),
        pytest.param(
            "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", Engine.FIREFOX, 153, id="Firefox"
        ),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            Engine.WEBKIT,
            0,
            id="Safari",
        ),
        pytest.param(f"{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1", Engine.WEBKIT, 0, id="Safari on an iPhone"),
        pytest.param(f"{IPHONE} CriOS/156.0 Mobile/15E148 Safari/604.1", Engine.WEBKIT, 0, id="Chrome on an iPhone is WebKit"),
        pytest.param(
            f"{IPHONE} FxiOS/153.0 Mobile/15E148 Safari/605.1.15", Engine.WEBKIT, 0, id="Firefox on an iPhone is WebKit"
        ),
        pytest.param("curl/8.10", None, 0, id="curl"),
        pytest.param("", None, 0, id="nothing"),
        pytest.param("x" * 1_000_000 + CHROME, None, 0, id="a megabyte of nothing"),
        pytest.param("Chrome/" + "9" * 5000, Engine.CHROMIUM, 999999, id="an absurd version, read to its sixth digit"),
    ],
)
def test_engine_of(user_agent: str, engine: Engine | None, version: int) -> None:
    found, found_version = engine_of(user_agent, "")
    assert found is engine
    assert found_version == version


def test_client_hints_tell_more_than_the_user_agent() -> None:
    assert engine_of("Mozilla/5.0 (reduced)", '"Not:A-Brand";v="8", "Chromium";v="156"') == (Engine.CHROMIUM, 156)
    assert engine_of(IPHONE, '"Chromium";v="156"') == (Engine.CHROMIUM, 156), "developer tools emulate the phone"
    assert engine_of(IPHONE, "") == (Engine.WEBKIT, 0), "every browser there is WebKit"


def test_every_engine_has_a_profile_of_its_own() -> None:
    assert {engine: profile.engine for engine, profile in PROFILES.items()} == {engine: engine for engine in Engine}
