from corslens.engines.engine import Engine
from corslens.fetch.messages import HeaderList
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
