"""Facts about the request."""

import pytest
from corslens.lint.classify.hosts import NetworkScope
from corslens.observation.known import Unknown
from corslens.observation.observation import Role

from tests.lint.make import facts, preflight


def test_role_origin_and_method() -> None:
    made = facts({}, method="PUT")
    assert (made.role, made.request_origin, made.request_method) == (Role.ACTUAL, "https://app.example", "PUT")
    assert made.request_path == "/me"


def test_a_preflight_wants_the_method_that_it_asks_for() -> None:
    assert preflight({}, asks="patch").request_wanted_method == "patch"
    assert facts({}, method="PUT").request_wanted_method == "PUT"


def test_private_parts_of_the_request_are_noticed() -> None:
    made = facts({}, request={"cookie": "a=b", "authorization": "Bearer x"})
    assert made.request_cookie and made.request_authorization


@pytest.mark.parametrize(
    ("given", "by_hand"),
    [
        ({}, False),
        ({"access-control-request-headers": "content-type,x-a"}, False),
        ({"access-control-request-headers": "Content-Type"}, True),
        ({"access-control-request-headers": "x-a,content-type"}, True),
        ({"access-control-request-headers": "content-type, x-a"}, True),
        ({"access-control-request-headers": "x-a,x-a"}, True),
        ({"cookie": "a=b"}, True),
    ],
)
def test_a_preflight_that_no_browser_writes(given: dict[str, str], by_hand: bool) -> None:
    assert preflight({}, given=given).request_preflight_by_hand is by_hand


def test_response_headers_on_a_request_are_found_also_where_a_preflight_asks_for_them() -> None:
    name = "access-control-allow-origin"
    assert preflight({}, given={"access-control-request-headers": name}).request_response_only_headers == {name}
    assert facts({}, request={name: "*"}).request_response_only_headers == {name}
    assert not facts({}).request_response_only_headers


def test_place_and_site_of_the_target() -> None:
    made = facts({}, url="http://192.168.1.2:8080/a?callback=cb")
    assert (made.target_place, made.target_scheme, made.request_jsonp_parameter) == (NetworkScope.PRIVATE, "http", "callback")
    assert made.page_same_site is False


def test_what_the_wire_does_not_tell_is_unknown() -> None:
    made = facts({}, request={"origin": None, "user-agent": "curl/8"}, url="http://api.example/")
    assert isinstance(made.engine, Unknown)
    assert isinstance(made.page_origin, Unknown)


@pytest.mark.parametrize(
    "page, server, other",
    [
        ("http://localhost:3000", "http://127.0.0.1:8000/", True),
        ("http://[::1]:3000", "http://localhost:8000/", True),
        ("http://localhost:3000", "http://localhost:8000/", False),
        ("https://app.example", "http://localhost:8000/", False),
        ("null", "http://localhost:8000/", False),
    ],
)
def test_two_names_of_this_machine(page: str, server: str, other: bool) -> None:
    assert facts(url=server, request={"origin": page}).page_other_loopback_name is other
