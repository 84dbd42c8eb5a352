"""A client that refuses the proxy's certificate is said once, even where the log is quiet, and counted."""

from types import SimpleNamespace

from corslens.mitm.untrusting_clients import TRUST, UntrustingClients

REFUSED = "The client does not trust the proxy's certificate for a.example (tlsv1 alert unknown ca)"


def failed(host: str | None, error: str = REFUSED):
    """What mitmproxy hands to the hook."""
    context = SimpleNamespace(server=SimpleNamespace(address=("192.0.2.1", 443)))
    return SimpleNamespace(conn=SimpleNamespace(error=error, sni=host), context=context)


def test_the_first_is_said_at_once_and_the_rest_counted():
    said: list[str] = []
    clients = UntrustingClients(said.extend)
    for host in ("a.example", "a.example", "b.example", None):
        clients.tls_failed_client(failed(host))
    assert said == [
        f"corslens: a client does not trust the proxy's certificate for a.example, so corslens does not see its https traffic. {TRUST}"
    ]
    assert clients.summary() == [
        "corslens: clients refused the proxy's certificate 4 times (a.example, 192.0.2.1, b.example); that traffic was not seen. "
        + TRUST
    ]


def test_another_failure_is_no_refusal():
    said: list[str] = []
    clients = UntrustingClients(said.extend)
    clients.tls_failed_client(failed("a.example", "The client disconnected during the handshake."))
    assert (said, clients.summary()) == ([], [])


def test_one_refusal_is_not_repeated_at_the_end():
    clients = UntrustingClients(lambda lines: None)
    clients.tls_failed_client(failed("a.example"))
    assert clients.summary() == []


def test_hosts_are_bounded():
    clients = UntrustingClients(lambda lines: None)
    for number in range(1000):
        clients.tls_failed_client(failed(f"h{number}.example"))
    assert clients.count == 1000
    assert len(clients.summary()[0]) < 500
