"""propose: sound in every engine, minimal in the one that asked, and nothing else touched."""

from collections.abc import Iterable

from corslens.engines.engine import Engine
from corslens.observation.observation import Observation
from corslens.patching.patch import Patch, apply
from corslens.patching.policy import parse_policy
from corslens.patching.propose import askers, propose, with_response
from corslens.verdict.decide import decide
from corslens.verdict.reasons import Reason
from hypothesis import given, settings
from msgspec import structs

from tests.patching.generated import observations

ANY = parse_policy(origins=["any"])

BEYOND = {
    Reason.REDIRECT_HAS_CREDENTIALS,
    Reason.REDIRECT_LIMIT_EXCEEDED,
    Reason.REDIRECT_LOCATION_UNPARSABLE,
    Reason.REDIRECT_SCHEME_NOT_HTTP,
}
"""What no edit of a response's head can mend, of all that the generator makes."""

COMPANIONS = {"Vary", "Access-Control-Max-Age", "Access-Control-Expose-Headers"}


def allowed(observation: Observation, engines: Iterable[Engine] = Engine) -> bool:
    """Whether each of the engines certainly allows the exchange."""
    return all(decide(observation, engine).allowed for engine in engines)


def patched(observation: Observation, patch: Patch) -> Observation:
    """The observation after the patch."""
    assert observation.exchange.response is not None
    return with_response(observation, apply(patch, observation.exchange.response))


def without_each_edit(patch: Patch) -> Iterable[tuple[str, Patch]]:
    """The patch with one edit taken out, and that edit's name; what merely accompanies an edit stays."""
    if patch.status is not None:
        yield "status", structs.replace(patch, status=None)
    for change in patch.changes:
        if change.header not in COMPANIONS:
            yield change.header, structs.replace(patch, changes=tuple(other for other in patch.changes if other is not change))


def engines_agree(observation: Observation) -> bool:
    """Whether the engines find fault with the same headers, in either credentials mode."""
    return (
        len(
            {
                frozenset(
                    failure.header
                    for verdict in (decide(observation, engine),)
                    for branch in (verdict, verdict.if_credentialed, verdict.if_not_credentialed)
                    if branch is not None
                    for failure in branch.failures
                )
                for engine in Engine
            }
        )
        == 1
    )


@settings(max_examples=1500, deadline=None)
@given(observations())
def test_mended_in_every_engine_and_each_edit_is_necessary(observation: Observation) -> None:
    """What can be mended is allowed everywhere after the patch; taking an edit out blocks the browser that asked."""
    patch = propose(observation, ANY)
    if allowed(observation, askers(observation)):
        assert patch == Patch()
        return
    if patch.empty:
        assert patch.beyond, "blocked, and neither mended nor explained"
        assert set(patch.beyond) <= BEYOND
        return
    assert allowed(patched(observation, patch))
    for name, rest in without_each_edit(patch):
        # Sound in all engines comes first: where they differ (control bytes and empty lines over HTTP/2, WebKit's way home), an
        # edit may be necessary only in another engine than the one that asked.
        engines = askers(observation) if engines_agree(observation) else Engine
        assert not allowed(patched(observation, rest), engines), f"{name} was not necessary"
    assert propose(patched(observation, patch), ANY) == Patch()
