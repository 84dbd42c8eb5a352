"""corslens attach, and where the sources of pages are."""

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.exits import Exit

from tests.browser.kit.mitmdump import free_port


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--port 9222"),
        (("ws://127.0.0.1:9222/x", "--port", "9222"), "--port 9222"),
        (("http://127.0.0.1:9222",), "begins with ws://"),
    ],
)
def test_what_is_listened_to(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["attach", *words])
    assert result.exit_code == Exit.USAGE
    assert said in result.output


def test_no_browser_is_there() -> None:
    port = free_port()
    result = CliRunner().invoke(main, ["attach", "--port", str(port), "--set", "listen_port=0"])
    assert result.exit_code == Exit.USAGE
    assert "controls the browser" in result.output  # its risk comes first
    assert f"no browser listens at port {port}: start it with --remote-debugging-port={port}" in result.output


@pytest.mark.parametrize(
    ("root", "said"), [("/etc", "relative"), ("../x", "relative"), ("https://a.example=web", "ends with /")]
)
def test_source_roots(root: str, said: str) -> None:
    result = CliRunner().invoke(main, ["analyze", "x.har", "--source-root", root])
    assert result.exit_code == Exit.USAGE
    assert said in result.output
