"""Whatever bytes come off the wire, every algorithm answers, and quickly."""

from corslens.fetch.cors_check import cors_check
from corslens.fetch.credentials import CredentialsMode
from corslens.fetch.header_values import extract_token_list, first_bad_element, get_decode_and_split
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.fetch.origins import is_same_site, is_serialized_origin, origin_of, registrable_domain, scheme_host_port
from corslens.fetch.preflight import grants, is_cors_preflight_request, max_age_seconds, requested_header_names
from corslens.fetch.redirects import location_url, redirect_failure
from corslens.fetch.request_headers import cors_unsafe_request_header_names, is_forbidden_request_header, mime_type_essence
from corslens.fetch.resource_policy import resource_policy_failure
from corslens.fetch.response_headers import readable_header_names
from corslens.fetch.timing import tao_check
from hypothesis import given
from hypothesis import strategies as st

from tests.fetch.strategies import BYTES, methods, request_lines, requests, response_lines, responses, values
from tests.make import PAGE

text = st.text(BYTES, max_size=60)
modes = st.sampled_from(CredentialsMode)


@given(responses(), modes, text)
def test_no_response_raises(response: Response, mode: CredentialsMode, origin: str) -> None:
    cors_check(response.headers, origin, mode)
    grants(response.headers)
    max_age_seconds(response.headers)
    tao_check(response, origin)
    readable_header_names(response, mode)
    resource_policy_failure(response, origin, PAGE)
    target = location_url(response, f"{PAGE}/x")
    redirect_failure(target, request_origin=origin, cors_mode=True, tainted_cors=True, count=3)


@given(requests())
def test_no_request_raises(request: Request) -> None:
    is_cors_preflight_request(request)
    requested_header_names(request)
    names = cors_unsafe_request_header_names(request.headers.lines)
    assert list(names) == sorted(set(names))
    for name, value in request.headers.lines:
        is_forbidden_request_header(name, value)


@given(text)
def test_no_text_raises(value: str) -> None:
    get_decode_and_split(value)
    mime_type_essence(value)
    assert (extract_token_list((value,)) is None) is (first_bad_element((value,)) is not None)


@given(st.one_of(text, st.text(max_size=40)))
def test_an_origin_is_the_origin_of_itself(url: str) -> None:
    origin = origin_of(url)
    assert origin_of(origin) == origin
    assert origin == "null" or is_serialized_origin(origin)
    scheme, host, port = scheme_host_port(origin)
    assert bool(scheme) is bool(host) is bool(port) is (origin != "null")
    registrable_domain(host)
    assert is_same_site(origin, origin) is (origin != "null")


@given(st.lists(st.tuples(st.sampled_from(["A", "a", "B", "\xc0"]), values), max_size=6))
def test_lines_are_found_by_name_in_their_order(lines: list[tuple[str, str]]) -> None:
    given_lines = HeaderList(lines)
    for name in ("a", "b"):
        expected = [value for line, value in lines if line.lower() == name]
        assert list(given_lines.values(name)) == expected
        assert given_lines.get(name) == (", ".join(expected) if expected else None)
        assert (name in given_lines) is bool(expected)


@given(request_lines, st.randoms())
def test_the_order_of_headers_does_not_change_what_is_unsafe(lines: list[tuple[str, str]], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert cors_unsafe_request_header_names(shuffled) == cors_unsafe_request_header_names(lines)


@given(response_lines, methods)
def test_replacing_a_header_leaves_exactly_the_new_lines(lines: list[tuple[str, str]], value: str) -> None:
    replaced = HeaderList(lines).with_header("Vary", [value])
    assert replaced.values("vary") == (value,)
    assert [line for line in replaced.lines if line[0].lower() != "vary"] == [
        line for line in lines if line[0].lower() != "vary"
    ]
