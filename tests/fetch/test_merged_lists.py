"""Lists with what is missing put behind what is there."""

from corslens.fetch.merged_lists import completed_methods, completed_names


def test_what_is_listed_stays() -> None:
    assert completed_methods(("GET, POST",), ("DELETE",)) == ("GET", "POST", "DELETE")
    assert completed_names(("x-id",), ("content-type", "x-id")) == ("x-id", "content-type")


def test_repeats_are_written_once() -> None:
    assert completed_methods(("GET, GET", "GET"), ("GET",)) == ("GET",)
    assert completed_names(("X-Id, x-id", "X-ID"), ("x-id",)) == ("X-Id",)


def test_methods_keep_their_case_apart() -> None:
    assert completed_methods(("patch",), ("PATCH",)) == ("patch", "PATCH")


def test_a_star_stays_for_requests_without_credentials() -> None:
    assert completed_names(("*",), ("authorization",)) == ("*", "authorization")


def test_what_is_no_token_goes() -> None:
    assert completed_methods(("GET PUT, POST",), ("PUT", "a b")) == ("POST", "PUT")
    assert completed_names(("Content-Type: application/json, ,x-id",), ()) == ("x-id",)
