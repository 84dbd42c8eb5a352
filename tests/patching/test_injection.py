"""Injections: what they change, on which responses, and for whom."""

from corslens.engines.engine import Engine
from corslens.fetch.messages import HeaderList
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing
from corslens.patching.injection import Injection, inject
from corslens.patching.injection_rules import parse_injections
from corslens.patching.patch import HeaderChange, Patch, apply
from corslens.patching.policy import parse_origins, parse_policy
from corslens.patching.propose import with_response
from corslens.verdict.decide import decide
from corslens.verdict.reasons import Reason

from tests import make

PAGE = "http://localhost:3000"
POLICY = parse_policy()


def seen(given: make.Headers = (), *, origin: str | None = PAGE, allow_origin: str | None = PAGE) -> Observation:
    """A simple request's exchange; the server answers with these headers."""
    pairing = Pairing()
    exchange = make.exchange(make.request(origin=origin), make.response(200, given, allow_origin=allow_origin))
    pairing.begin(exchange)
    return pairing.complete(exchange)


def after(observation: Observation, *rules: Injection) -> HeaderList:
    """The response's headers when the rules have been applied."""
    response = observation.exchange.response
    assert response is not None
    return apply(inject(rules, observation, POLICY), response).headers


def test_remove_set_and_add() -> None:
    """Set takes the place of every line, add comes after what is there, remove takes away; the rest and its order stay."""
    observation = seen([("A", "1"), ("Set-Cookie", "a=1"), ("B", "2"), ("Set-Cookie", "b=2"), ("C", "3")], allow_origin=None)
    rule = Injection(name="r", remove=("A", "Z"), set={"b": ("x", "y")}, add={"Set-Cookie": ("c=3",), "New": ("n",)})
    assert after(observation, rule).lines == (
        ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Set-Cookie", "c=3"), ("B", "x"), ("B", "y"), ("C", "3"), ("New", "n"),
    )  # fmt: skip


def test_set_and_add_of_one_header() -> None:
    """Within a rule set comes before add; a later rule sees what an earlier one left."""
    first = Injection(name="1", set={"X": ("a",)}, add={"x": ("b",)})
    second = Injection(name="2", add={"X": ("c",)})
    assert after(seen(), first, second).values("x") == ("a", "b", "c")


def test_change_names_its_rule() -> None:
    """The record says what was there, what is there, and which rule did it; what a rule does not change is no change."""
    rule = Injection(name="what-if", because="ticket 12", set={"Access-Control-Allow-Origin": ("*", "*")}, remove=("Nope",))
    assert inject([rule], seen(), POLICY) == Patch(
        changes=(
            HeaderChange(
                header="Access-Control-Allow-Origin",
                before=(PAGE,),
                after="*",
                more=("*",),
                because="injection 'what-if': ticket 12",
            ),
        ),
        by=("what-if",),
    )
    assert inject([Injection(name="same", set={"access-control-allow-origin": (PAGE,)})], seen(), POLICY).empty


def test_what_was_given_in_one_line_goes_by_its_filter() -> None:
    """The line itself looks like a path, and would be starred."""
    change = inject([Injection(name="/~all/X/1", spec="/~all/X/1", filter_text="~all", set={"X": ("1",)})], seen(), POLICY)
    assert [one.because for one in change.changes] == ["cors_inject on ~all"]


def test_breaking_on_purpose() -> None:
    """An injection may break a page, and the verdict afterwards says so."""
    rule = Injection(name="two-layers", add={"Access-Control-Allow-Origin": ("*",)})
    observation = seen({"Access-Control-Allow-Credentials": "true"})
    response = observation.exchange.response
    assert response is not None and decide(observation, Engine.CHROMIUM).allowed
    broken = with_response(observation, apply(inject([rule], observation, POLICY), response))
    assert decide(broken, Engine.CHROMIUM).reason is Reason.ACAO_MULTIPLE


def test_filter_decides() -> None:
    """A rule changes only what its filter matches."""
    rule = Injection(name="r", matches=lambda exchange: exchange.request.method == "DELETE", set={"X": ("1",)})
    assert inject([rule], seen(), POLICY) == Patch()


def test_origins_decide() -> None:
    """Without origins of its own a rule serves the pages that the policy allows; with them, just those. Others are told why not."""
    rule = Injection(name="r", set={"X": ("1",)})
    own = Injection(name="own", set={"X": ("1",)}, origins=parse_origins(["https://app.example"]))
    anyone = Injection(name="any", set={"X": ("1",)}, origins=parse_origins(["any"]))
    stranger, nobody = seen(origin="https://evil.example"), seen(origin=None)
    assert not inject([rule], seen(), POLICY).empty
    assert inject([rule], stranger, POLICY).refused == (
        "the page's origin https://evil.example is not one of the origins that injections apply to (loopback)"
    )
    assert inject([own], seen(), POLICY).refused is not None
    assert not inject([own], seen(origin="https://app.example"), POLICY).empty
    assert inject([rule], nobody, POLICY).refused is not None
    assert not inject([anyone], stranger, POLICY).empty
    assert not inject([anyone], nobody, POLICY).empty
    assert inject([rule, anyone], stranger, POLICY).refused is None


def test_origin_placeholder() -> None:
    """`{origin}` is the request's own origin; a line that wants one is left out where there is none."""
    (rule,) = parse_injections('- {name: r, origins: any, set: {Access-Control-Allow-Origin: "{origin}"}}', "r.yaml")
    assert after(seen(allow_origin=None), rule).values("access-control-allow-origin") == (PAGE,)
    assert after(seen(allow_origin=None, origin=None), rule).values("access-control-allow-origin") == ()
    assert inject([rule], seen(allow_origin=None, origin="x\r\nSet-Cookie: a"), POLICY).empty


def test_without_response_nothing_is_injected() -> None:
    """There is nothing to change yet."""
    pairing = Pairing()
    observation = pairing.begin(make.exchange(make.request()))[0]
    assert inject([Injection(name="r", set={"X": ("1",)})], observation, POLICY) == Patch()
