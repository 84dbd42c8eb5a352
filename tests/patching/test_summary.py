"""PatchSummary: the bill of a session of patching."""

from corslens.patching.patch import Patch
from corslens.patching.policy import parse_policy
from corslens.patching.propose import propose
from corslens.patching.summary import Half, PatchSummary, render_missing_headers

from tests import make
from tests.patching.seen import COOKIE, PAGE, chain, seen

ANY = parse_policy(origins=["any", "null"])
API = "https://api.test"


def test_lacks_by_api_path_shape_and_half() -> None:
    """Each header that had to be patched is one missing header per API, endpoint and half; the proxy's own Max-Age is none."""
    summary = PatchSummary()
    for number, method in ((1, "PUT"), (2, "DELETE"), (3, "PUT")):
        preflight = seen(
            make.preflight(method, f"{API}/users/{number}?token=s3cret", "x-a", origin=PAGE),
            make.response(
                405, {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "X-A"}, allow_origin=PAGE
            ),
        )
        summary.record(preflight, propose(preflight, ANY))
    answer = seen(make.request(url=f"{API}/me", given=COOKIE, origin=PAGE), make.response(200, {"Vary": "Accept"}))
    summary.record(answer, propose(answer, ANY))
    found = {(missing.path, missing.half, missing.header): missing for missing in summary.missing_headers()}
    assert {key: (missing.wanted, missing.exchanges) for key, missing in found.items()} == {
        ("/users/*", Half.PREFLIGHT, "status"): (("405",), 3),
        ("/users/*", Half.PREFLIGHT, "Access-Control-Allow-Methods"): (("PUT", "DELETE"), 3),
        ("/users/*", Half.PREFLIGHT, "Access-Control-Allow-Credentials"): (("true",), 3),
        ("/me", Half.RESPONSE, "Access-Control-Allow-Origin"): ((PAGE,), 1),
        ("/me", Half.RESPONSE, "Access-Control-Allow-Credentials"): (("true",), 1),
        ("/me", Half.RESPONSE, "Vary"): (("Origin",), 1),
    }
    assert all("s3cret" not in missing.example for missing in found.values())


def test_plain_list() -> None:
    """The list has a headline with the count, a line a place, and a line a change, in a fixed order."""
    summary = PatchSummary()
    preflight = seen(make.preflight("PUT", f"{API}/me", "x-a", origin=PAGE), make.response(404))
    summary.record(preflight, propose(preflight, ANY))
    answered = seen(make.preflight("PUT", "https://down.test/", origin=PAGE), make.response(204, allow_origin=PAGE))
    summary.record(answered, propose(answered, ANY), asked=False)
    assert render_missing_headers(summary.missing_headers()) == (
        "8 changes still needed on your servers:",
        "  https://api.test/me",
        "    preflight: send Access-Control-Allow-Credentials: true, exactly as written (only if the page sends credentials)  (1×)",
        "    preflight: list x-a in Access-Control-Allow-Headers  (1×)",
        "    preflight: list PUT in Access-Control-Allow-Methods  (1×)",
        f"    preflight: send the requesting page's origin in Access-Control-Allow-Origin: {PAGE}  (1×)",
        "    preflight: list Origin in Vary  (1×)",
        "    preflight: respond with a 2xx instead of 404  (1×)",
        "  https://down.test/",
        "    preflight: send Access-Control-Allow-Credentials: true, exactly as written (only if the page sends credentials)  "
        "(1×, the proxy responded: the request did not reach the server)",
        "    preflight: list PUT in Access-Control-Allow-Methods  (1×, the proxy responded: the request did not reach the server)",
    )
    assert render_missing_headers(()) == ()


def test_credentials_are_wanted_without_proviso_where_they_were_sent() -> None:
    summary = PatchSummary()
    answer = seen(make.request(url=f"{API}/me", given=COOKIE, origin=PAGE), make.response(200, allow_origin=PAGE))
    summary.record(answer, propose(answer, ANY))
    assert [missing.sentence for missing in summary.missing_headers()] == [
        "send Access-Control-Allow-Credentials: true, exactly as written"
    ]


def test_a_name_in_the_place_of_a_star_is_for_credentials_only() -> None:
    summary = PatchSummary()
    preflight = seen(
        make.preflight("POST", f"{API}/me", "x-a", origin=PAGE),
        make.response(
            200,
            {"Access-Control-Allow-Headers": "*", "Access-Control-Allow-Credentials": "true", "Vary": "Origin"},
            allow_origin=PAGE,
        ),
    )
    summary.record(preflight, propose(preflight, ANY))
    assert [missing.sentence for missing in summary.missing_headers()] == [
        "list x-a in Access-Control-Allow-Headers (only if the page sends credentials)"
    ]


def test_null_is_never_to_be_allowed() -> None:
    """Behind a redirect that made the origin `null` the redirect has to go; a page that is opaque by itself needs an origin."""
    summary = PatchSummary()
    first = make.exchange(
        make.request(url="https://one.test/a", origin=PAGE),
        make.response(302, {"Location": f"{API}/b"}, allow_origin=PAGE),
        id="one",
    )
    second = make.exchange(make.request(url=f"{API}/b", origin="null"), make.response(200), id="two")
    behind = chain(first, second)[-1]
    assert behind.tainted
    summary.record(behind, propose(behind, ANY))
    frame = seen(make.request(url=f"{API}/frame", given=COOKIE, origin="null"), make.response(200))
    summary.record(frame, propose(frame, ANY))
    told = {missing.path: missing.sentence for missing in summary.missing_headers()}
    assert len(summary.missing_headers()) == 2
    assert told["/b"].startswith("respond without the redirect")
    assert told["/frame"].startswith("nothing: the page's origin")


def test_case_of_methods_counts() -> None:
    """A server that lists PATCH lacks the `patch` that a page really sends."""
    summary = PatchSummary()
    preflight = seen(
        make.preflight("patch", f"{API}/me", origin=PAGE),
        make.response(
            200, {"Access-Control-Allow-Methods": "PATCH", "Access-Control-Allow-Credentials": "true"}, allow_origin=PAGE
        ),
    )
    summary.record(preflight, propose(preflight, ANY))
    assert [missing.wanted for missing in summary.missing_headers()] == [("patch",)]


def test_removed_list() -> None:
    """A list that cannot be parsed and that nobody needs is asked to be valid, or gone."""
    summary = PatchSummary()
    lines = {"Access-Control-Allow-Headers": "b@d", "Access-Control-Allow-Credentials": "true"}
    preflight = seen(make.preflight("POST", f"{API}/me", origin=PAGE), make.response(200, lines, allow_origin=PAGE))
    summary.record(preflight, propose(preflight, ANY))
    assert [missing.sentence for missing in summary.missing_headers()] == [
        "send a valid list in Access-Control-Allow-Headers, or none"
    ]


def test_nothing_patched_nothing_lacking() -> None:
    """A refused or empty patch is no missing header."""
    summary = PatchSummary()
    observation = seen(make.request(origin=PAGE), make.response(200))
    summary.record(observation, Patch(refused="no"))
    assert summary.missing_headers() == ()


def test_bounded() -> None:
    """The least recently patched place is forgotten first, and counted; long lists of values are shortened."""
    summary = PatchSummary(limit=20)
    for number in range(30):
        observation = seen(
            make.preflight("PUT", f"{API}/path-{'abcdefghijklmnopqrstuvwxyzABCDEF'[number]}", f"x-{number}", origin=PAGE),
            make.response(
                200, {"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Credentials": "true"}, allow_origin=PAGE
            ),
        )
        summary.record(observation, propose(observation, ANY))
    assert (len(summary.missing_headers()), summary.dropped) == (20, 10)
    for number in range(15):
        observation = seen(
            make.preflight("POST", f"{API}/many", f"x-{number}", origin=PAGE),
            make.response(200, {"Access-Control-Allow-Credentials": "true"}, allow_origin=PAGE),
        )
        summary.record(observation, propose(observation, ANY))
    (many,) = (missing for missing in summary.missing_headers() if missing.path == "/many")
    assert (len(many.wanted), many.more) == (12, 3)
    assert many.sentence.endswith("and 3 more in Access-Control-Allow-Headers")
    summary.clear()
    assert (summary.missing_headers(), summary.dropped) == ((), 0)
