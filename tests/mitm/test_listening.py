"""Who can reach the proxy, as its options say."""

import pytest
from corslens.mitm.listening import listens_everywhere, stay_local, warn_if_open
from mitmproxy.options import Options


@pytest.mark.parametrize(
    ("given", "everywhere"),
    [({}, True), ({"listen_host": "127.0.0.1"}, False), ({"listen_host": "::"}, True), ({"listen_host": "192.0.2.1"}, False),
     ({"mode": ["regular@127.0.0.1:0"]}, False), ({"mode": ["regular@127.0.0.1:0", "reverse:http://a.test@0"]}, True),
     ({"mode": ["regular@0.0.0.0:0"], "listen_host": "127.0.0.1"}, True), ({"mode": ["local"]}, False), ({"server": False}, False)],
)  # fmt: skip
def test_mitmproxys_default_is_every_interface(
    given: dict[str, object], everywhere: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """And it is said when it is so."""
    options = Options(**given)
    assert listens_everywhere(options) is everywhere
    warn_if_open(options)
    assert ("other devices can use it" in caplog.text) is everywhere


def test_ours_is_loopback() -> None:
    """Until a user says otherwise, which an empty value does, too."""
    options = Options()
    stay_local(options)
    assert options.listen_host == "127.0.0.1" and not listens_everywhere(options)
    options.update(listen_host="")
    assert listens_everywhere(options)
