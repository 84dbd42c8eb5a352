"""What the page's own document forbids, as far as it was seen."""

import pytest
from corslens.engines.engine import Engine
from corslens.fetch.credentials import CredentialsMode
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange
from corslens.report.formats.registry import Format, render_inspections
from corslens.verdict.checked import CheckName
from corslens.verdict.decide import _TITLES, decide, explain
from msgspec import structs

from tests import make
from tests.make import API, PAGE
from tests.observation.observe import CHROMIUM, observe


def document(given: make.Headers, path: str = "/") -> Exchange:
    navigation = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "User-Agent": CHROMIUM}
    return make.exchange(make.request(url=f"{PAGE}{path}", given=navigation, origin=None), make.response(200, given))


def image(given: make.Headers = (), *, status: int = 200) -> Exchange:
    sent = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Referer": f"{PAGE}/", "User-Agent": CHROMIUM}
    return make.exchange(make.request(url="https://cdn.example/a.png", given=sent, origin=None), make.response(status, given))


def redirect(target: str, dest: str = "empty") -> Exchange:
    sent = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": dest, "Referer": f"{PAGE}/", "User-Agent": CHROMIUM}
    return make.exchange(make.request(given=sent), make.response(302, {"Location": target}, allow_origin=PAGE))


def reason(engine: Engine, *exchanges: Exchange) -> str | None:
    return decide(observe(*exchanges), engine).reason


COEP, DIP = {"Cross-Origin-Embedder-Policy": "require-corp"}, {"Document-Isolation-Policy": "isolate-and-require-corp"}


@pytest.mark.parametrize(
    ("policy", "blocking"),
    [
        (COEP, [Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT]),
        (DIP, [Engine.CHROMIUM]),
        ({"Cross-Origin-Embedder-Policy": "credentialless"}, []),
        ({"Cross-Origin-Embedder-Policy-Report-Only": "require-corp"}, []),
    ],
)
def test_embedder_policies(policy: make.Headers, blocking: list[Engine]) -> None:
    found = [engine for engine in Engine if reason(engine, document(policy), image()) == "corp-required-by-embedder"]
    assert sorted(found) == sorted(blocking)


def test_a_resource_that_opts_in() -> None:
    assert reason(Engine.CHROMIUM, document(COEP), image({"Cross-Origin-Resource-Policy": "cross-origin"})) is None
    assert reason(Engine.CHROMIUM, document(COEP), image({"Cross-Origin-Resource-Policy": "same-site"})) == "corp-not-same-site"


def test_another_document_of_the_origin_may_have_sent_it() -> None:
    assert reason(Engine.CHROMIUM, document(COEP, "/a"), document({}, "/b"), image()) is None


def test_redirects_that_the_policy_forbids() -> None:
    policy = document({"Content-Security-Policy": f"connect-src {API}; img-src 'none'"})
    assert reason(Engine.CHROMIUM, policy, redirect("https://files.example/x")) == "csp-blocked"
    assert reason(Engine.CHROMIUM, policy, redirect(f"{API}/x")) is None
    assert reason(Engine.CHROMIUM, redirect("https://files.example/x")) is None


def test_a_document_that_could_not_have_sent_the_request_did_not() -> None:
    policy = document({"Content-Security-Policy": "default-src 'self'"})
    assert reason(Engine.CHROMIUM, policy, redirect("https://files.example/x")) is None


def test_redirects_of_images() -> None:
    policy = document({"Content-Security-Policy": "img-src cdn.example"})
    elsewhere = image({"Location": "https://files.example/x"}, status=302)
    assert reason(Engine.CHROMIUM, policy, elsewhere) == "csp-blocked"


@pytest.mark.parametrize(
    ("value", "blocking"),
    [
        ('(response-origin "https://api.example" "https://files.example")', [Engine.CHROMIUM]),
        ('("https://api.example");redirects=allow', []),
        ("*", []),  # it allows nothing, so another document sent the request
    ],
)
def test_connection_allowlists(value: str, blocking: list[Engine]) -> None:
    elsewhere = redirect("https://files.example/x")
    policy = document({"Connection-Allowlist": value})
    found = [engine for engine in Engine if reason(engine, policy, elsewhere) == "connection-allowlist-blocked"]
    assert found == blocking
    assert reason(Engine.CHROMIUM, policy, document({}, "/b"), elsewhere) is None


@pytest.mark.parametrize("kind", ["worker", "sharedworker", "serviceworker"])
def test_a_worker_may_have_sent_it(kind: str) -> None:
    """A worker's own policy counts for its requests, so what its document says need not hold."""
    given = {"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": kind, "User-Agent": CHROMIUM, "Referer": f"{PAGE}/"}
    script = make.exchange(make.request(url=f"{PAGE}/w.js", given=given, origin=None), make.response(200, {}))
    policy = document({"Content-Security-Policy": f"connect-src {API}"})
    elsewhere = redirect("https://files.example/x")
    assert reason(Engine.CHROMIUM, policy, elsewhere) == "csp-blocked"
    assert reason(Engine.CHROMIUM, policy, script, elsewhere) is None


def test_every_check_can_be_explained() -> None:
    """A page could send Connection-Allowlist, and there was no HTML report, no detail on the live page, and no content view any more."""
    assert {name for at, name in vars(CheckName).items() if at.isupper()} <= _TITLES.keys()
    observation = observe(document({"Connection-Allowlist": f'("{API}")'}), redirect("https://files.example/x"))
    explained = explain(observation, Engine.CHROMIUM, CredentialsMode.SAME_ORIGIN_OR_OMIT)
    assert "Connection-Allowlist" in explained[-1].title


@pytest.mark.parametrize(
    "policy",
    [
        {"Content-Security-Policy": f"connect-src {API} https://r.example/qZ7xW1kP9sT4/ qZ7xW1kP9sT4"},
        {"Connection-Allowlist": f'("{API}" "https://r.example/qZ7xW1kP9sT4" "qZ7xW1kP9sT4")'},
    ],
)
def test_a_policy_shows_no_secret(policy: make.Headers) -> None:
    """It has no header of the exchange to be redacted as."""
    inspector = Inspector(rules=load_rules())
    for number, exchange in enumerate((document(policy), redirect("https://files.example/x"))):
        inspector.inspect(structs.replace(exchange, id=f"{number}", client="c"))
    inspector.finish()
    blocked = inspector.get("1")
    assert blocked is not None and blocked.verdicts[Engine.CHROMIUM].blocked
    for form in Format:
        assert b"qZ7xW1kP9sT4" not in render_inspections(form, inspector.recent(), inspector.rules)
