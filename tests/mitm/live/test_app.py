"""The live page's server refuses whoever is not the page, and answers the page."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from corslens.diagnosis.problem import Key
from corslens.diagnosis.summary import summarize
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.doctor import DoctorCheck, DoctorState
from corslens.mitm.live.app import (
    HEADERS,
    Export,
    InjectionState,
    LiveApp,
    LiveRequest,
    LiveResponse,
    PatchState,
)

from tests.diagnosis.make import finding, inspection
from tests.make import API, PAGE
from tests.report import samples

OWN = "http://corslens.test"


class Session:
    """A session that holds what it is given, and remembers what it was told."""

    rules = RuleSet({})

    def __init__(self, inspections: Iterable[Inspection] = ()) -> None:
        self.known = {each.id: each for each in inspections}
        self.summary = summarize(self.known.values())
        self.scope = ""
        self.allowed: list[str] = []
        self.injected: dict[str, None] = {}
        self.store_drops: dict[str, int] = {}

    def clear(self) -> None:
        self.summary.clear()

    def find(self, id: str) -> Inspection | None:
        return self.known.get(id)

    def recent(self) -> Iterable[Inspection]:
        return self.known.values()

    def examine(self, *, through_proxy: bool) -> Callable[[], list[DoctorCheck]]:
        return lambda: [
            DoctorCheck(name="proxy", state=DoctorState.OK if through_proxy else DoctorState.UNKNOWN, finding="uses it")
        ]

    def dropped(self) -> Mapping[str, int]:
        return self.store_drops

    def patch_state(self) -> PatchState:
        injections = tuple(InjectionState(name="", changes=("X: y",), spec=spec) for spec in self.injected)
        left = 60.0 if self.scope else None
        return PatchState(on=bool(self.scope), scope=self.scope, injections=injections, seconds_left=left)

    def not_allowed(self, origins: Iterable[str]) -> list[str]:
        return [origin for origin in origins if origin not in self.allowed]

    def switch_patching(self, scope: str, allow: Sequence[str] = ()) -> None:
        if scope == "~bad(":
            raise ValueError("cors_patch: not a flow filter")
        self.scope = scope
        self.allowed += allow

    def inject(self, filter: str, header: str, value: str, allow: Sequence[str] = ()) -> None:
        if "\n" in value:
            raise ValueError("the value has a line break")
        self.injected[f"/{filter}/{header}/{value}"] = None
        self.allowed += allow

    def stop_injecting(self, spec: str) -> None:
        if spec not in self.injected:
            raise ValueError("This is no longer injected.")
        del self.injected[spec]

    def injection_rules(self) -> str:
        return "# rules\n"


EXPORTS = {"txt": Export("TXT", "text/plain; charset=utf-8", lambda: lambda: b"a\nb")}


@pytest.fixture
def session() -> Session:
    """A session with two exchanges."""
    return Session([inspection("a", finding(), url=f"{API}/orders/1"), inspection("b", finding(), url=f"{API}/orders/2")])


@pytest.fixture
def app(session: Session) -> LiveApp:
    """A page on the session."""
    return LiveApp(session, EXPORTS)


def ask(
    app: LiveApp, path: str, method: str = "GET", body: object = None, token: str | None = None, **lines: str
) -> LiveResponse:
    """Ask as the page itself does, but for what is said otherwise; `query` goes behind a question mark."""
    path, _, query = path.partition("?")
    headers = {name.replace("_", "-"): value for name, value in lines.items()}
    headers.setdefault("x-corslens-token", app.token if token is None else token)
    if body is not None:
        headers.setdefault("content-type", "application/json")
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return app.respond(LiveRequest(method=method, path=path, query=query, headers=headers, body=content, own_origin=OWN))


def read(answer: LiveResponse) -> Any:
    """The JSON of an answer."""
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


PROBLEM = Key("acao-missing", API, "/orders/*").id
PATHS = (
    "",
    "page.js",
    "api/changes",
    f"api/problem?id={PROBLEM}",
    f"api/settings?id={PROBLEM}&server=nginx",
    "api/export?format=txt",
)
STRANGERS = [
    pytest.param({"origin": "http://evil.test"}, id="another origin"),
    pytest.param({"origin": "null"}, id="an opaque origin"),
    pytest.param({"origin": f"{OWN}.evil.test"}, id="an origin that begins alike"),
    pytest.param({"origin": "https://corslens.test"}, id="another scheme"),
    pytest.param({"origin": f"{OWN}:8080"}, id="another port"),
    pytest.param({"origin": f"{OWN}, http://evil.test"}, id="two origins"),
    pytest.param(
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"}, id="a script element"
    ),
    pytest.param({"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, id="a frame"),
    pytest.param({"sec_fetch_site": "same-site"}, id="a sibling domain"),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("lines", STRANGERS)
def test_strangers_are_refused(app: LiveApp, path: str, lines: dict[str, str]) -> None:
    """Whatever they ask for, even with the page's own token."""
    answer = ask(app, path, **lines)
    assert answer.status == 403
    assert app.token.encode() not in answer.body


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("api/")])
@pytest.mark.parametrize("token", ["", "x", "é", "\udcff"])
def test_nothing_of_the_session_without_the_token(app: LiveApp, path: str, token: str) -> None:
    """A wrong token is as good as none."""
    assert ask(app, path, token=token).status == 403


def test_following_a_link_to_the_page_is_no_harm() -> None:
    """A window of its own may be opened from anywhere: nobody else can look into it."""
    app = LiveApp(Session(), {})
    lines = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert ask(app, "", **lines).status == 200
    assert ask(app, "api/changes", **lines).status == 403


@pytest.mark.parametrize("path", [*PATHS, "nothing", "../page.js", "api/patching"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT", "POST"])
def test_every_answer_keeps_others_out(app: LiveApp, path: str, method: str) -> None:
    """Policies on every answer, refusals included, and never a header of CORS."""
    headers = ask(app, path, method).headers()
    assert HEADERS.items() <= headers.items()
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_the_policy_allows_its_own_files_alone() -> None:
    """No inline script or style, no frame, no form, no markup made of text."""
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"


def test_the_page_names_files_that_are_there(app: LiveApp) -> None:
    """Each script, style and icon of the page is served, with its type."""
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            found.extend(
                value or "" for name, value in attributes if name in ("src", "href") and not (value or "").startswith("#")
            )

    Links().feed(ask(app, "").body.decode())
    assert len(found) > 5
    types = {ask(app, name).content_type for name in found if ask(app, name).status == 200}
    assert types == {"text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml; charset=utf-8"}
    assert all(ask(app, name).status == 200 for name in found)


def test_no_other_script_or_style_runs_in_their_place(app: LiveApp) -> None:
    """Each is named with the hash of what is served under its name, so what a hostile network planted in a cache does nothing."""
    pinned: dict[str, str | None] = {}

    class Pins(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            given = dict(attributes)
            if tag == "script" or given.get("rel") == "stylesheet":
                pinned[given.get("src") or given.get("href") or ""] = given.get("integrity")

    Pins().feed(ask(app, "").body.decode())
    assert "page.js" in pinned and "page.css" in pinned
    for name, integrity in pinned.items():
        assert integrity == f"sha256-{b64encode(sha256(ask(app, name).body).digest()).decode()}"


def test_changes_are_those_since_a_version(app: LiveApp, session: Session) -> None:
    """The first answer is everything, the next one what came since."""
    first = read(ask(app, "api/changes?since=0"))
    assert first["problems"][0]["count"] == 2 and first["patching"] == {
        "on": False,
        "scope": "",
        "injections": [],
        "pages": "",
        "secondsLeft": None,
        "minutes": 0,
        "dryRun": False,
    }
    assert read(ask(app, f"api/changes?since={first['version']}"))["problems"] == []
    session.summary.add(inspection("c", finding("acao-mismatch")))
    assert [problem["rule"] for problem in read(ask(app, f"api/changes?since={first['version']}"))["problems"]] == [
        "acao-mismatch"
    ]


@pytest.mark.parametrize("since", ["-1", "x", "1e3", "٣", "9" * 30])
def test_a_version_is_a_number(app: LiveApp, since: str) -> None:
    """Anything else is refused in a sentence."""
    answer = ask(app, f"api/changes?since={since}")
    assert (answer.status, answer.body) == (400, b"since: expected a version number.\n")


def test_no_answer_holds_everything(app: LiveApp, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that opens after thousands of exchanges gets them bit by bit, so that no traffic waits long; in the end it has all."""
    at_once = 50
    monkeypatch.setattr("corslens.mitm.live.app.CHANGES_AT_ONCE", at_once)
    for number in range(3 * at_once):
        session.summary.add(inspection(f"x{number}", finding(f"rule-{number}")))
    answer = read(ask(app, "api/changes"))
    answers = [answer]
    while answer["more"]:
        answer = read(ask(app, f"api/changes?since={answer['version']}"))
        answers.append(answer)
    assert all(len(answer["problems"]) <= at_once for answer in answers)
    assert 3 <= len(answers) <= 10
    shown = {problem["rule"] for each in answers for problem in each["problems"]}
    assert {f"rule-{number}" for number in range(3 * at_once)} <= shown


def test_clear_begins_anew(app: LiveApp, session: Session) -> None:
    """And whoever asks for what changed gets all there is, which is nothing."""
    before = read(ask(app, "api/changes"))
    assert read(ask(app, "api/clear", "POST", {})) == {}
    after = read(ask(app, f"api/changes?since={before['version']}"))
    assert after["anew"] and after["counts"] == {} and after["problems"] == []
    assert ask(app, "api/clear").status == 405


def test_a_problem_in_full(app: LiveApp) -> None:
    """Its exchanges, and settings for its API; an unknown one is not found."""
    assert [problem["id"] for problem in read(ask(app, "api/changes"))["problems"]] == [PROBLEM]
    full = read(ask(app, f"api/problem?id={PROBLEM}"))
    assert set(full["exchanges"]) == {"a", "b"}
    assert ask(app, "api/problem?id=p99").status == ask(app, "api/problem").status == 404


def test_settings_are_written_for_one_server_at_a_time() -> None:
    """A problem names the servers; in another thread, those of the one that is asked for are written."""
    session = Session(samples.inspected(samples.shop(), RuleSet({})))
    app = LiveApp(session, EXPORTS)
    problem = read(ask(app, "api/changes"))["problems"][0]
    offered = read(ask(app, f"api/problem?id={problem['id']}"))["advice"][problem["api"]]
    assert len(offered) > 10 and all(one.keys() == {"server", "label"} for one in offered)
    path, query = "api/settings", f"id={problem['id']}&server=caddy"
    written = read(ask(app, f"{path}?{query}"))
    assert written["blocks"] and written["blocks"][0].keys() == {"file", "text"}
    asked = LiveRequest(method="GET", path=path, query=query, headers={"x-corslens-token": app.token}, own_origin=OWN)
    assert not isinstance(app.begin(asked), LiveResponse)
    assert {ask(app, f"{path}?{wrong}").status for wrong in ("", f"id={problem['id']}&server=x", "server=nginx")} == {404}


def test_exports_are_files(app: LiveApp) -> None:
    """Sent as an attachment; an unknown format is told what there is."""
    answer = ask(app, "api/export?format=txt")
    assert answer.body == b"a\nb"
    assert answer.headers()["Content-Disposition"] == 'attachment; filename="corslens.txt"'
    assert b"the formats are txt" in ask(app, "api/export?format=exe").body


def test_patching_is_switched(app: LiveApp, session: Session) -> None:
    """On with a scope, off without."""
    assert read(ask(app, "api/patching", "POST", {"on": True, "scope": " ~d api.test "}))["on"]
    assert session.scope == "~d api.test"
    assert not read(ask(app, "api/patching", "POST", {"on": False, "scope": "~all"}))["on"]
    assert session.scope == ""


@pytest.mark.parametrize(
    ("body", "lines", "status"),
    [
        pytest.param({"on": True, "scope": "~bad("}, {}, 400, id="a bad filter"),
        pytest.param({"on": True, "scope": "  "}, {}, 400, id="no filter"),
        pytest.param({"on": "yes"}, {}, 400, id="a wrong type"),
        pytest.param({"on": True, "scope": "~all", "x": 1}, {}, 400, id="an unknown field"),
        pytest.param(b"{", {}, 400, id="no JSON"),
        pytest.param({"on": True, "scope": "~all"}, {"content_type": "text/plain"}, 415, id="what a form can send"),
        pytest.param({"on": True, "scope": "~all"}, {"x_corslens_token": "x"}, 403, id="a wrong token"),
        pytest.param({"on": True, "scope": "~all"}, {"origin": "http://evil.test"}, 403, id="a stranger"),
    ],
)
def test_patching_is_not_switched(app: LiveApp, session: Session, body: object, lines: dict[str, str], status: int) -> None:
    """Not by what is no wish of the page's."""
    assert ask(app, "api/patching", "POST", body, **lines).status == status
    assert ask(app, "api/patching", "GET").status == 405
    assert session.scope == ""


def test_a_page_is_allowed_by_name(app: LiveApp, session: Session) -> None:
    """A problem says which of its pages a patch would not allow; the command that patches may name them."""
    pages = read(ask(app, f"api/problem?id={PROBLEM}"))["notAllowed"]
    assert pages == [PAGE]
    read(ask(app, "api/patching", "POST", {"on": True, "scope": "~all", "allow": pages}))
    assert session.allowed == [PAGE]
    assert read(ask(app, f"api/problem?id={PROBLEM}"))["notAllowed"] == []


def test_headers_are_injected_and_no_more(app: LiveApp, session: Session) -> None:
    """What is injected stands in the state with the line that stops it; the file of rules is a download."""
    wish = {"filter": " ~all ", "header": "X", "value": "y"}
    (state,) = read(ask(app, "api/inject", "POST", wish))["injections"]
    assert (state["spec"], state["changes"]) == ("/~all/X/y", ["X: y"])
    saved = ask(app, "api/injections")
    assert saved.body == b"# rules\n" and "corslens-injections.yaml" in saved.headers()["Content-Disposition"]
    assert read(ask(app, "api/uninject", "POST", {"spec": state["spec"]}))["injections"] == []
    assert ask(app, "api/uninject", "POST", {"spec": state["spec"]}).status == 400


@pytest.mark.parametrize(
    ("body", "lines", "status"),
    [
        pytest.param({"filter": "~all", "header": "X", "value": "a\nb"}, {}, 400, id="a broken value"),
        pytest.param({"filter": " ", "header": "X", "value": "a"}, {}, 400, id="no filter"),
        pytest.param({"filter": "~all", "header": "X"}, {}, 400, id="no value"),
        pytest.param(
            {"filter": "~all", "header": "X", "value": "y"}, {"content_type": "text/plain"}, 415, id="what a form can send"
        ),
        pytest.param({"filter": "~all", "header": "X", "value": "y"}, {"origin": "http://evil.test"}, 403, id="another site"),
    ],
)
def test_headers_are_not_injected(app: LiveApp, session: Session, body: object, lines: dict[str, str], status: int) -> None:
    """Not by what is no wish of the page's."""
    assert ask(app, "api/inject", "POST", body, **lines).status == status
    assert ask(app, "api/inject", "GET").status == ask(app, "api/uninject", "GET").status == 405
    assert not session.injected


def test_hostile_text_is_in_no_markup() -> None:
    """The page itself holds nothing of the traffic; the data are JSON under a type that is never rendered."""
    session = Session(samples.inspected(samples.hostile(), RuleSet({})))
    app = LiveApp(session, EXPORTS)
    assert b"onerror" not in ask(app, "").body
    answer = ask(app, "api/changes")
    assert answer.content_type == "application/json" and answer.headers()["X-Content-Type-Options"] == "nosniff"


def test_what_was_forgotten_is_told(app: LiveApp, session: Session) -> None:
    assert read(ask(app, "api/changes?since=0"))["dropped"] == {}
    session.store_drops = {"exchanges": 3}
    assert read(ask(app, "api/changes?since=0"))["dropped"] == {"exchanges": 3}


def test_what_takes_its_time_is_made_of_a_snapshot(session: Session, app: LiveApp) -> None:
    """It is worked out in another thread, while the session goes on."""
    (problem,) = session.summary.problems()
    token = {"x-corslens-token": app.token}
    asked = LiveRequest(method="GET", path="api/problem", query=f"id={problem.key.id}", headers=token, own_origin=OWN)
    expected = app.respond(asked).body
    work = app.begin(asked)
    assert not isinstance(work, LiveResponse)
    session.summary.clear()
    session.known.clear()
    assert work().body == expected


def test_saving_is_work_for_another_thread(app: LiveApp) -> None:
    asked = LiveRequest(
        method="GET", path="api/export", query="format=txt", headers={"x-corslens-token": app.token}, own_origin=OWN
    )
    work = app.begin(asked)
    assert not isinstance(work, LiveResponse)
    assert work().body == b"a\nb"


def test_what_stands_in_the_way_of_seeing_anything(session: Session, app: LiveApp) -> None:
    assert json.loads(ask(app, "api/doctor").body) == {
        "checks": [{"name": "proxy", "state": "unknown", "finding": "uses it", "fix": ""}]
    }
    assert ask(app, "api/doctor", token="").status == 403
