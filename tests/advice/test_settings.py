"""Settings for a server: whole, quoted, and honest about what was not tried."""

import re

import pytest
import yaml
from corslens.advice.policy import Item, Policy
from corslens.advice.settings import advise, guess_server, write
from corslens.advice.table import SERVERS, Server, server_named
from corslens.fetch.header_values import is_token
from hypothesis import given
from hypothesis import strategies as st

from tests.advice.documented_options import OPTIONS
from tests.advice.observed import INCLUDE, preflight, simple
from tests.make import API, PAGE

every_server = pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)


def items(*values: str) -> tuple[Item, ...]:
    """Items without evidence."""
    return tuple(Item(value=value, because="of a test") for value in values)


def policy(**fields: object) -> Policy:
    """A policy with something of everything."""
    return Policy(
        **{
            "api": API,
            "origins": items(PAGE, "http://localhost:3000"),
            "methods": items("GET", "PUT"),
            "request_headers": items("authorization", "x-a"),
            "exposed_headers": items("etag"),
            "credentials": items("true")[0],
            **fields,
        }  # type: ignore[arg-type]  # fields are the caller's
    )


@every_server
def test_the_settings_name_what_the_policy_allows(server: Server) -> None:
    """Every origin, method and header, and the lifetime, with the documented option names and no others' values."""
    text = write(server, [policy()]).text.replace("\\", "")  # some languages take patterns
    for value in (PAGE, "http://localhost:3000", "Authorization", "X-A", "Etag", "600", *OPTIONS[server.name]):
        assert value in text, value
    assert re.search(r"(?i)\bput\b", text)
    assert not re.search(r"\{\{|\}\}|\{%|%\}|undefined|None\b", text)


@every_server
def test_the_rows_not_run_say_so(server: Server) -> None:
    """A person reads in the file itself whether our tests have run it."""
    advice = write(server, [policy()])
    assert ("Not run by our tests" in advice.text) is not server.tested
    assert advice.tested is server.tested
    assert ("is a guess" in write(server, [policy()], guessed=True).text) is True


@every_server
def test_without_credentials_none_are_allowed(server: Server) -> None:
    """Nothing says `true` about credentials that nobody needs."""
    text = write(server, [policy(credentials=None)]).text
    assert not re.search(r"(?i)credential\w*\W+(?:\w+\s)?\"?true", text)


@every_server
def test_an_empty_need_is_not_taken_for_everything(server: Server) -> None:
    """Without request headers and exposed ones the settings are still whole."""
    text = write(server, [policy(request_headers=(), exposed_headers=(), methods=items("GET"))]).text
    assert PAGE in text.replace("\\", "")
    text = text.replace("resource '*'", "")  # rack-cors' pattern for every path
    assert not re.search(r"""(?m)^[^#/]*["']\*["']""", text)


@every_server
def test_two_policies_do_not_collide(server: Server) -> None:
    """Variables, matchers and names of the second differ from the first's."""
    text = write(server, [policy(paths=("/a",)), policy(paths=("/b",))]).text
    for pattern in (r"(?m)^map .* (\$\w+) \{", r"(?m)^(@\w+) ", r"(?m)^def (\w+)", r"(?m)^const (\w+) = new", r"(?m)^(\w+) :="):
        names = re.findall(pattern, text)
        assert len(names) == len(set(names)), names


@pytest.mark.parametrize("name", ["s3", "api-gateway", "cloudfront", "envoy", "traefik", "kong"])
def test_yaml_is_yaml(name: str) -> None:
    """Each block parses, and hostile tokens stay strings."""
    server = server_named(name)
    hostile = "".join(character for character in "x-!#$%&'*+.^_`|~" if character not in server.unwritable)

    class Loader(yaml.SafeLoader):
        """Knows CloudFormation's reference tag."""

    Loader.add_constructor("!Ref", lambda loader, node: node.value)
    for block in write(server, [policy(request_headers=items(hostile))]).blocks:
        parsed = yaml.load(block.text, Loader)  # a safe loader
        assert isinstance(parsed, dict | list)
    assert hostile in write(server, [policy(request_headers=items(hostile))]).text.lower()


def test_what_a_language_cannot_write_is_left_out_and_told() -> None:
    """nginx has no escape for `$`."""
    advice = write(server_named("nginx"), [policy(request_headers=items("x-$a", "x-b"))])
    assert ("$a" in advice.text, "X-B" in advice.text) == (False, True)
    assert any("'x-$a' is left out" in warning for warning in advice.warnings)


def test_percent_signs_are_no_format() -> None:
    """`%` begins a format in Apache's Header and HAProxy's set-header."""
    for name in ("apache", "haproxy"):
        assert "X-%%a" in write(server_named(name), [policy(request_headers=items("x-%a"))]).text


def test_dots_are_escaped_and_patterns_end() -> None:
    """Flask-CORS matches from the start only, and a dot is any character."""
    assert r're.compile(r"https://app\.example\Z")' in write(server_named("flask"), [policy()]).text


def test_supposed_origins_are_said_to_be_supposed() -> None:
    """In the text itself, which outlives the page that showed it."""
    assert (
        f"Use this only if the origin is your own: {PAGE}"
        in write(server_named("nginx"), [policy(origins=items(PAGE))], supposed=True).text
    )
    assert "Only if" not in write(server_named("nginx"), [policy()]).text


def test_what_a_library_calls_dangerous_is_said_only_where_it_is_needed() -> None:
    """jub0bs/cors refuses origins without TLS beside credentials, loopback apart."""
    go = server_named("go-jub0bs-cors")
    assert "Dangerously" in write(go, [policy(api="http://api.test", origins=items("http://app.test"))]).text
    assert "Dangerously" not in write(go, [policy()]).text


def test_methods_that_a_server_does_not_know_are_told() -> None:
    """S3 has five."""
    advice = write(server_named("s3"), [policy(methods=items("GET", "PATCH"))])
    assert "PATCH" not in advice.text
    assert any("cannot allow the methods PATCH" in warning for warning in advice.warnings)


def test_nobody_allowed_means_no_settings() -> None:
    """Empty settings would look like an answer."""
    advice = advise([simple(origin="https://other.example")], "nginx")
    assert (advice.text, advice.blocks) == ("", ())
    assert any("name your own origins" in warning for warning in advice.warnings)


def test_the_server_is_guessed_from_its_answers() -> None:
    """By most of them, and the advice says that it is a guess."""
    seen = [
        simple(answer={"Server": "nginx"}),
        simple(answer={"X-Powered-By": "Express"}),
        simple(answer={"X-Powered-By": "Express"}),
    ]
    advice = advise(seen, None, [PAGE])
    assert (advice.server.name, advice.guessed) == ("express", True)
    assert "is a guess" in advice.text
    assert guess_server([simple()]) is None
    with pytest.raises(ValueError, match="name it"):
        advise([simple()], None, [PAGE])


def test_a_guess_is_for_the_apis_that_look_so() -> None:
    """Another API with another server is told, and not given the wrong settings."""
    other = "https://other.example"
    seen = [
        simple(answer={"Server": "nginx"}),
        simple(answer={"Server": "nginx"}),
        simple(url=f"{other}/x", answer={"Server": "Caddy"}),
    ]
    advice = advise(seen, None, [PAGE])
    assert (advice.server.name, [policy.api for policy in advice.policies]) == ("nginx", [API])
    assert any(f"looks like Caddy; write its settings separately with --api {other}" in warning for warning in advice.warnings)
    assert advise(seen, None, [PAGE], api=other).server.name == "caddy"


def test_without_cross_origin_traffic_there_is_nothing_to_advise() -> None:
    """One sentence."""
    with pytest.raises(ValueError, match="no cross-origin exchange"):
        advise([], "nginx")
    with pytest.raises(ValueError, match=r"for https://elsewhere\.example"):
        advise([simple()], "nginx", [PAGE], api="https://elsewhere.example")


def test_a_server_with_one_policy_gets_one() -> None:
    """Django cannot have credentials on some paths only."""
    seen = [simple(url=f"{API}/a/x", credentials=INCLUDE), simple(url=f"{API}/b/x"), preflight(url=f"{API}/b/x")]
    assert len(advise(seen, "django", [PAGE]).policies) == 1
    assert len(advise(seen, "nginx", [PAGE]).policies) == 2


WIRE = st.text(st.characters(max_codepoint=255), max_size=24)
"""Whatever a forged header may hold, isomorphic-decoded."""


@given(method=WIRE, names=WIRE, origin=WIRE, path=WIRE, exposed=WIRE, server=st.sampled_from(SERVERS))
def test_no_traffic_breaks_the_settings(method: str, names: str, origin: str, path: str, exposed: str, server: Server) -> None:
    """Whatever is on the wire: settings are written, every value in them is a token or an origin, and they are plain text."""
    seen = [
        preflight(method, names, url=f"{API}/{path}", origin=origin, allow_origin=origin),
        preflight(method, names, url=f"{API}/{path}"),
        simple(url=f"{API}/{path}", answer={"Access-Control-Expose-Headers": exposed, exposed: "1"}, credentials=INCLUDE),
    ]
    advice = advise(seen, server.name, [PAGE])
    assert all(line.isprintable() for line in advice.text.replace("\t", " ").split("\n"))
    for each in advice.policies:
        assert all(is_token(item.value) for item in (*each.methods, *each.request_headers, *each.exposed_headers))
        assert [item.value for item in each.origins] == [PAGE]


def test_hostile_traffic_reaches_no_settings() -> None:
    """What comes off the wire is a token, an origin, or left out."""
    nasty = 'x"; return 302 http://evil.example; #'
    seen = [
        preflight(nasty, f"{nasty},x-good"),
        simple(url=f"{API}/{nasty}/x", answer={nasty: "1", "Access-Control-Expose-Headers": nasty}),
        simple(origin=f"https://{nasty}", allow_origin=f"https://{nasty}"),
    ]
    for server in SERVERS:
        text = advise(seen, server.name, [PAGE]).text
        assert "evil" not in text
        assert "302" not in text
