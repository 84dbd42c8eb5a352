"""One request at a time over real sockets: what is sent, and what is made of whatever comes back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from corslens.asking.client import Client, ConnectionFailedError
from corslens.asking.hosts import NamedHosts, parse_host
from corslens.fetch.messages import HeaderList, Request

from tests.deadline import DEADLINE_SECONDS


@contextmanager
def responding(response: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that sends these bytes to its one client and closes; yields its URL and what it received."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE_SECONDS)

        def serve() -> None:
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data:
                    data += connection.recv(65_536)
                received.append(data)
                connection.sendall(response)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", received
        finally:
            thread.join()


def request(url: str) -> Request:
    """A request with lines in an order and case of their own."""
    return Request(method="GET", url=url, headers=HeaderList([("Host", "h"), ("x-LAST", "1"), ("Accept", "*/*")]))


def test_lines_go_out_as_they_are_given_and_come_back_as_they_were_sent() -> None:
    with responding(b"HTTP/1.1 200 OK\r\nX-a: 1\r\nVARY: Origin\r\nx-A: 2\r\nContent-Length: 999999999\r\n\r\n") as (
        url,
        received,
    ):
        response = Client().send(request(f"{url}/a%20b?c=d"))
    assert received == [b"GET /a%20b?c=d HTTP/1.1\r\nHost: h\r\nx-LAST: 1\r\nAccept: */*\r\n\r\n"]
    assert response.status == 200
    assert response.headers.lines[:3] == (("X-a", "1"), ("VARY", "Origin"), ("x-A", "2"))


def test_early_hints_are_no_response() -> None:
    with responding(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n") as (url, _):
        assert Client().send(request(url)).status == 204


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "closed"),
        (b"HTTP/1.1 200", "closed"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "illegal"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 600_000, "too long"),
    ],
    ids=["nothing", "half a head", "no HTTP", "endless"],
)
def test_what_is_no_response_is_an_error(sent: bytes, said: str) -> None:
    with responding(sent) as (url, _), pytest.raises(ConnectionFailedError) as error:
        Client().send(request(url))
    assert any(word in str(error.value).lower() for word in (said, "reset"))  # a reset may overtake what was sent


def test_a_server_that_says_nothing_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(ConnectionFailedError, match="timed out"):
            Client(timeout=0.05).send(request(url))


def test_hosts_are_named_with_their_ports() -> None:
    hosts = NamedHosts(["http://api.example/x", "http://127.0.0.1:8000/"], ["other.example:8443"])
    for url in ("https://api.example/y", "http://127.0.0.1:8000/z", "https://other.example:8443/"):
        assert url in hosts
    for url in ("https://api.example:8443/", "http://127.0.0.1:8001/", "https://other.example/", "ftp://api.example/", "x", 1):
        assert url not in hosts
    with pytest.raises(ValueError, match="is not a host"):
        parse_host("a b")


def test_no_other_host_is_read_out_of_a_url_than_the_one_that_was_checked() -> None:
    """Where URL parsers differ, the one that says what is named is the one that connects."""
    with responding(b"HTTP/1.1 204 No Content\r\n\r\n") as (url, received):
        tricky = f"{url}\\@127.0.0.2:1/x"
        assert tricky in NamedHosts([url])
        assert Client().send(request(tricky)).status == 204
    assert received[0].startswith(b"GET /@127.0.0.2:1/x ")
