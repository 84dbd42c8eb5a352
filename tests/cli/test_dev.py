"""corslens dev: its words. What it does: tests/browser/test_dev.py."""

import socket

import pytest
from click.testing import CliRunner
from corslens.cli import main


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ftp://api.example"], "ftp://api.example: is not the base URL of an API, such as https://api.example"),
        (["https://user:secret@api.example"], "is not the base URL of an API"),
        (["https://api.example/?a=1"], "is not the base URL of an API"),
        (["https://"], "is not the base URL of an API"),
        (["https://api.example", "--origin", "https://app.example/"], "is not an origin; did you mean https://app.example?"),
        (["https://api.example", "--port", "70000"], "70000 is not in the range"),
        (["https://api.example", "--set", "cors_shwo=none"], "cors_shwo: no such option; did you mean"),
    ],
)
def test_wrong_use_is_one_sentence(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(main, ["dev", *arguments])
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(main, ["dev", "https://api.example", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "address already in use" in result.output.lower()
