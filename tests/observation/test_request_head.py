from corslens.engines.engine import Engine
from corslens.engines.profile import STANDARD
from corslens.fetch.messages import HeaderList, Request
from corslens.fetch.origins import origin_of
from corslens.observation.inference import Standalone, standalone
from corslens.observation.observation import Role
from corslens.observation.request_head import head_of, page_set_lines

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"


def test_head_of_reads_values_as_get_returns_them() -> None:
    headers = HeaderList([("User-Agent", FIREFOX), ("ORIGIN", "https://a.example"), ("Cookie", "a=1"), ("cookie", "b=2")])
    head = head_of(headers)
    assert (head.engine, head.version) == (Engine.FIREFOX, 153)
    assert (head.origin, head.cookie, head.site) == ("https://a.example", "a=1, b=2", None)
    assert head.shows_credentials


def test_head_of_reads_a_list_once_and_leaves_its_value_as_it_was() -> None:
    headers = HeaderList([("Origin", "https://a.example")])
    assert head_of(headers) is head_of(headers)
    assert headers == HeaderList([("Origin", "https://a.example")])
    assert not head_of(headers).shows_credentials


def test_head_of_tells_clients_apart_by_the_beginning_of_a_user_agent() -> None:
    assert len(head_of(HeaderList([("User-Agent", "x" * 100_000)])).user_agent) == 512


def test_page_set_lines_leaves_out_what_browsers_and_apps_add() -> None:
    lines = (("Accept", "*/*"), ("X-Mine", "1"), ("x-mine", "2"), ("X-Requested-With", "com.example.app"), ("Cookie", "a=1"))
    assert page_set_lines(HeaderList(lines)) == (("accept", "*/*"), ("x-mine", "1"), ("x-mine", "2"))


def _alone(method: str, url: str, *lines: tuple[str, str]) -> Standalone:
    return standalone(Request(method=method, url=url, headers=HeaderList(lines)), origin_of(url), None, STANDARD.safelist)


def test_equal_header_lines_are_read_once() -> None:
    lines = (("Origin", "https://a.example"), ("X-Read-Once", "1"))
    assert head_of(HeaderList(lines)) is head_of(HeaderList(list(lines)))
    assert head_of(HeaderList(lines)) is not head_of(HeaderList(reversed(lines)))
    hostile = (("Origin", "https://a.example"), ("X-Long", "x" * 5_000))
    assert head_of(HeaderList(hostile)) is not head_of(HeaderList(hostile))


def test_what_equal_heads_show_depends_on_method_and_target() -> None:
    lines = (("Origin", "https://a.example"), ("Access-Control-Request-Method", "PUT"))
    assert _alone("OPTIONS", "https://b.example/", *lines).role is Role.PREFLIGHT
    assert _alone("GET", "https://b.example/", *lines).role is Role.SIMPLE
    assert _alone("GET", "https://a.example/", *lines).role is Role.SAME_ORIGIN
    assert _alone("OPTIONS", "https://b.example/x", *lines) is _alone("OPTIONS", "https://b.example/", *lines)


def test_a_head_keeps_few_readings() -> None:
    head = head_of(HeaderList([("Origin", "https://many.example")]))
    for number in range(1_000):
        _alone("GET", f"https://{number}.example/", ("Origin", "https://many.example"))
    assert 0 < len(head.readings) <= 16
    _alone("GET", f"https://{'x' * 600}.example/", ("Origin", "https://many.example"))
    assert all(len(origin) < 600 for _, origin, _ in head.readings)


def test_a_client_is_told_by_its_address_too() -> None:
    head = head_of(HeaderList([("User-Agent", "x")]))
    assert [head.client_at(address) for address in ("1", "2", "1")] == ["1\nx", "2\nx", "1\nx"]
