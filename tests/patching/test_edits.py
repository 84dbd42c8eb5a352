"""Edits: what the header that decides a check has to hold instead."""

import pytest
from corslens.fetch.messages import Response
from corslens.patching.edits import cleaning_for, companions, edit_for, may_have_credentials
from corslens.patching.patch import HeaderChange, StatusChange
from corslens.verdict.reasons import NAMES, Effect, Reason
from corslens.verdict.verdict import Failure

from tests import make
from tests.patching.seen import COOKIE, PAGE, seen

BEYOND_ANY_PROXY = {
    # Nothing was sent, or the browser decided by what no response says.
    Reason.MODE_SAME_ORIGIN_VIOLATED, Reason.SCHEME_NOT_CORS_ENABLED, Reason.NO_CORS_REDIRECT_MODE, Reason.ORIGIN_HEADER_NOT_ADDABLE,
    Reason.CORS_DISABLED_BY_USER, Reason.LNA_INSECURE_CONTEXT, Reason.LNA_ADDRESS_SPACE_MISMATCH, Reason.LNA_PERMISSION_DENIED,
    Reason.MIXED_CONTENT, Reason.CSP_BLOCKED, Reason.CONNECTION_ALLOWLIST_BLOCKED, Reason.BAD_PORT, Reason.KEEPALIVE_BODY_TOO_LARGE,
    # There is no response to change.
    Reason.PREFLIGHT_NETWORK_ERROR, Reason.ACTUAL_NETWORK_ERROR,
    # Headers that no current browser reads, or that a control byte broke (cleaning_for mends those).
    Reason.PNA_PREFLIGHT_MISSING_ALLOW, Reason.PNA_PREFLIGHT_INVALID_ALLOW, Reason.PNA_PREFLIGHT_MISSING_DEVICE_IDENTITY,
    Reason.RESPONSE_HEADERS_INVALID,
    # The body, its type, or how the page asked for it.
    Reason.OPAQUE_RESPONSE_BLOCKED, Reason.MIME_OR_NOSNIFF_BLOCKED, Reason.UNREQUESTED_RANGE_RESPONSE, Reason.INTEGRITY_MISMATCH,
    # Where a redirect goes is the server's to say.
    Reason.REDIRECT_HAS_CREDENTIALS, Reason.REDIRECT_SCHEME_NOT_HTTP, Reason.REDIRECT_LOCATION_UNPARSABLE,
    Reason.REDIRECT_LIMIT_EXCEEDED, Reason.REDIRECT_MODE_ERROR, Reason.REDIRECT_BODY_NOT_REPLAYABLE,
}  # fmt: skip

PREFLIGHT = make.preflight("PUT", unsafe="content-type,x-a", origin=PAGE)


def edit(reason: Reason, lines: make.Headers, status: int = 200) -> HeaderChange | StatusChange | None:
    """The edit for a preflight's response with these headers."""
    answer = make.response(status, lines)
    return edit_for(Failure(reason=reason), seen(PREFLIGHT, answer), answer)


def test_each_blocking_reason_is_mended_or_beyond() -> None:
    """No reason is forgotten: each that blocks has an edit or stands in the list of what no proxy can mend, and none in both."""
    blocking = {reason for reason in Reason if NAMES[reason].effect is Effect.BLOCKS}
    mended = {reason for reason in Reason if edit(reason, {}) is not None}
    assert mended & BEYOND_ANY_PROXY == set()
    assert mended | BEYOND_ANY_PROXY == blocking


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ([], "PUT"),
        (["GET, POST"], "GET, POST, PUT"),
        (["GET", "POST"], "GET, POST, PUT"),
        (["*"], "*, PUT"),
        (["put"], "put, PUT"),
        (["GET POST, b@d, DELETE"], "DELETE, PUT"),
        (["GET,, GET ,PUT x, PUT"], "GET, PUT"),
        ([""], "PUT"),
    ],
)
def test_methods_are_kept_and_extended(lines: list[str], after: str) -> None:
    """Valid methods stay in their order, without repeats; the method that is asked for comes last."""
    found = edit(Reason.PREFLIGHT_METHOD_NOT_ALLOWED, [("Access-Control-Allow-Methods", line) for line in lines])
    assert isinstance(found, HeaderChange)
    assert (found.before, found.lines) == (tuple(lines), (after,))


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ([], "content-type, x-a"),
        (["Content-Type"], "Content-Type, x-a"),
        (["X-B", "X-A, x-a, X-B"], "X-B, X-A, content-type"),
        (["*"], "*, content-type, x-a"),
        (["X A, Content-Type"], "Content-Type, x-a"),
    ],
)
def test_header_names_are_kept_and_extended(lines: list[str], after: str) -> None:
    """Names are compared without case, and keep the server's spelling."""
    found = edit(Reason.PREFLIGHT_HEADER_NOT_ALLOWED, [("Access-Control-Allow-Headers", line) for line in lines])
    assert isinstance(found, HeaderChange)
    assert (found.before, found.lines) == (tuple(lines), (after,))


def test_unparsable_list_that_nobody_needs_is_removed() -> None:
    """Where nothing is asked for and nothing valid stands, the header goes."""
    request, answer = make.preflight("PUT", origin=PAGE), make.response(200, {"Access-Control-Allow-Headers": "b@d"})
    found = edit_for(Failure(reason=Reason.PREFLIGHT_ACAH_UNPARSABLE), seen(request, answer), answer)
    assert isinstance(found, HeaderChange)
    assert (found.after, found.lines) == (None, ())


@pytest.mark.parametrize(("asked", "unsafe"), [("PUT", "b@d"), ("PUT", "x\x01a"), ("PU T", None), ("PUT\r\nX: y", None)])
def test_what_is_no_token_is_never_echoed(asked: str, unsafe: str | None) -> None:
    """No browser asks for it, so it is not allowedto a response."""
    request, answer = make.preflight(asked, unsafe=unsafe, origin=PAGE), make.response(200)
    reason = Reason.PREFLIGHT_HEADER_NOT_ALLOWED if unsafe else Reason.PREFLIGHT_METHOD_NOT_ALLOWED
    assert edit_for(Failure(reason=reason), seen(request, answer), answer) is None


@pytest.mark.parametrize(("status", "after"), [(404, 200), (301, 200), (405, 200), (501, 200), (304, 204)])
def test_status_keeps_where_the_message_ends(status: int, after: int) -> None:
    """A status that has a body becomes one that has, a status without becomes one without."""
    found = edit(Reason.PREFLIGHT_STATUS_NOT_OK, {}, status)
    assert isinstance(found, StatusChange)
    assert (found.before, found.after) == (status, after)


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ([], "Origin"),
        (["Accept-Encoding"], "Accept-Encoding, Origin"),
        (["Accept", "Accept-Encoding"], "Accept, Accept-Encoding, Origin"),
        ([""], "Origin"),
        (["Origin"], None),
        (["Accept", "accept, ORIGIN"], None),
        (["*"], None),
        (["X-Origin"], "X-Origin, Origin"),
        (["\xe9"], "Origin"),
        (["Accept, \xff\xfe,X-Own", "Accept-Encoding"], "Accept, X-Own, Accept-Encoding, Origin"),
        (["Origin\xa0"], "Origin"),
    ],
)
def test_vary_names_the_origin(lines: list[str], after: str | None) -> None:
    """Vary is extended where the origin is echoed, unless it says so already."""
    answer = make.response(200, [("Vary", line) for line in lines])
    observation = seen(make.request(origin=PAGE), answer)
    echoed = edit_for(Failure(reason=Reason.ACAO_MISSING), observation, answer)
    assert isinstance(echoed, HeaderChange)
    found = [change.after for change in companions(observation, answer, [echoed], 0) if change.header == "Vary"]
    assert found == ([] if after is None else [after])
    assert not [change for change in companions(observation, answer, [], 0) if change.header == "Vary"]


@pytest.mark.parametrize(
    ("lines", "seconds", "after"), [([], 0, "0"), (["600"], 0, "0"), (["0"], 0, None), (["0", "0"], 5, "5")]
)
def test_patched_preflight_is_not_remembered(lines: list[str], seconds: int, after: str | None) -> None:
    """Access-Control-Max-Age is what the policy says."""
    answer = make.response(200, [("Access-Control-Max-Age", line) for line in lines])
    found = [change.after for change in companions(seen(PREFLIGHT, answer), answer, [], seconds)]
    assert found == ([] if after is None else [after])


@pytest.mark.parametrize(
    ("cookie", "exposed", "after"),
    [
        (True, ["*"], "*, x-total, etag"),
        (True, ["X-A", "*, X-Total"], "X-A, *, X-Total, etag"),
        (True, ["X-A"], None),
        (True, ["*, b@d"], None),
        (True, [], None),
        (False, ["*"], None),
    ],
)
def test_wildcard_exposure_is_spelt_out_for_credentials(cookie: bool, exposed: list[str], after: str | None) -> None:
    """`*` exposes nothing to a page with credentials, so the names that are there are added; secrets of the browser never."""
    answer = make.response(
        200,
        [
            *(("Access-Control-Expose-Headers", line) for line in exposed),
            ("X-Total", "7"), ("ETag", "1"), ("Set-Cookie", "a=1"), ("Content-Type", "text/plain"), ("Vary", "Origin"),
        ],
    )  # fmt: skip
    font = {"Sec-Fetch-Dest": "font"}  # which is known to go without credentials
    observation = seen(make.request(given=COOKIE if cookie else font, origin=PAGE), answer)
    assert may_have_credentials(observation) is cookie
    expected = None if after is None else f"{after}, vary"
    assert [change.after for change in companions(observation, answer, [], 0)] == ([] if expected is None else [expected])


def test_control_bytes_are_taken_out() -> None:
    """Only the header that breaks the response is cleaned, line by line; other failures have nothing to clean."""
    answer = Response(status=200, headers=make.headers([("X-B", "a\x01b"), ("x-b", "c"), ("X-C", "\x02")]))
    broken = Failure(reason=Reason.RESPONSE_HEADERS_INVALID, header="X-B", value="a\x01b")
    found = cleaning_for(broken, answer)
    assert found is not None
    assert (found.before, found.lines) == (("a\x01b", "c"), ("ab", "c"))
    assert cleaning_for(Failure(reason=Reason.ACTUAL_NETWORK_ERROR), answer) is None
    assert cleaning_for(Failure(reason=Reason.PREFLIGHT_NETWORK_ERROR), answer) is None
