"""Whatever bytes pass, the hooks find no fault in themselves, and what they show holds no control characters."""

import io
import logging

import pytest
from corslens.mitm.addon import CorsLens
from corslens.mitm.view import text_for
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy import flow as flows
from mitmproxy import http
from mitmproxy.test import taddons

from tests.mitm.make import CHROMIUM, flow

NAMES = st.sampled_from([
    "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Cookie", "Authorization", "Content-Type",
    "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-Dest", "Sec-Fetch-Storage-Access", "Referer", "Upgrade", "Range", "Host",
    "Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Vary", "Location",
    "Access-Control-Allow-Credentials", "Access-Control-Max-Age", "Access-Control-Expose-Headers", "Cross-Origin-Resource-Policy",
    "Timing-Allow-Origin", "Set-Cookie", "access-control-allow-method", "",
])  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([
        b"*", b"null", b"true", b"https://app.example", b"http://localhost:3000", b"PUT", b"x-a, content-type", b"cors", b"none",
        b"cross-site", b"same-origin", b"https://[::1", b"//x", b"http://localhost\xe9", b"600", b"-1", b"Origin", b"a\x00b\x1b[31m",
    ]),
)  # fmt: skip
FIELDS = st.lists(st.tuples(NAMES.map(str.encode), VALUES), max_size=8).map(tuple)


@st.composite
def exchanges(draw):
    made = flow(
        draw(st.sampled_from(["GET", "OPTIONS", "PUT", "POST", "patch", "HEAD", "\xe9"])),
        draw(st.sampled_from(["/", "/me?token=a", "*", "", "/\udcff", "//x", "/a b"])),
        scheme=draw(st.sampled_from(["http", "https"])),
        host=draw(st.sampled_from(["api.example", "localhost", "::1", "b\xfccher.example", "a..b", "xn--"])),
        mode=draw(st.sampled_from(["regular", "reverse:http://localhost:80", "transparent"])),
        time=1_700_000_000 + draw(st.floats(0, 100)),
    )
    made.request.data.headers = http.Headers([(b"User-Agent", CHROMIUM.encode()), *draw(FIELDS)])
    made.response = http.Response(
        b"HTTP/1.1", draw(st.sampled_from([200, 204, 302, 304, 401, 404, 500, 0])), b"", http.Headers(draw(FIELDS)), b"", None,
        made.request.timestamp_start, None,
    )  # fmt: skip
    ends = draw(st.sampled_from(["response", "response", "error", "cut off", "not at all"]))
    return made, ends


@pytest.mark.slow  # generated sessions
@settings(max_examples=60)
@given(st.lists(exchanges(), min_size=1, max_size=6), st.booleans())
async def test_any_bytes(some, patching):
    """Patching to everybody or not, in whatever order the exchanges end."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())
    logger = logging.getLogger("corslens.mitm.addon")
    logger.addHandler(handler)
    out = io.StringIO()
    addon = CorsLens(out=out)
    try:
        with taddons.context(addon) as context:
            context.configure(addon, cors_show="cors", cors_patch="~all" if patching else "", cors_patch_origins=["any"])
            for made, ends in some:
                response, made.response = made.response, None
                addon.requestheaders(made)
                if ends == "error":
                    made.error = flows.Error("gone\x1b")
                    addon.error(made)
                    continue
                made.response = made.response or response
                addon.responseheaders(made)
                if ends == "cut off":
                    made.error = flows.Error("cut off")
                    addon.error(made)
                elif ends == "response":
                    addon.response(made)
            shown = [text_for(made, addon.session.get) + made.comment for made, _ in some]
            addon.done()
    finally:
        logger.removeHandler(handler)
    assert not [text for text in told if "Internal error" in text]
    for text in (*shown, out.getvalue()):
        assert all(character.isprintable() or character == "\n" for character in text)
