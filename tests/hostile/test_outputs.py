"""What is written of a hostile session, as it goes and afterwards from its flow file, shows nothing unescaped."""

import asyncio
import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import pytest_asyncio
from mitmproxy import http
from mitmproxy.io import FlowReader

from tests.browser.kit.mitmdump import ROOT, Mitm
from tests.hostile.http2_peer import Asker, Server, data, headers
from tests.hostile.peer import Act, Ending, assert_escaped
from tests.hostile.test_http2 import ANSWERS, acts

MARKUP = (
    b"</script></textarea>--><img src=x onerror=pwned()>`|[x](javascript:pwned())]]>\x1b]0;owned\x07\x9b31m\x00\x7f\xe2\x80\xae"
)
"""Ends whatever it may stand in: HTML, Markdown, XML; and a terminal's title, a terminal's colours, the order of text."""

FIELDS = (
    b"access-control-allow-origin access-control-allow-credentials access-control-allow-methods access-control-allow-headers "
    b"access-control-expose-headers access-control-max-age timing-allow-origin cross-origin-resource-policy vary location content-type"
).split()  # fmt: skip
ENDINGS = ("html", "sarif", "xml", "md", "json", "jsonl", "txt")

CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


class Elements(HTMLParser):
    """What a browser would make of a page, as far as it is dangerous."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note images, handlers and links that run."""
        if tag in ("img", "iframe", "object", "embed") or any(
            name.startswith("on") or (value or "").lower().strip().startswith("javascript:") for name, value in attrs
        ):
            self.dangerous.append(self.get_starttag_text() or tag)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a session's flow file and report, and all reports on the flow file."""
    folder = tmp_path_factory.mktemp("outputs")
    hostile = {**acts(ANSWERS)}
    for field in FIELDS:
        for status in (b"200", b"302"):
            lines = [(b":status", status), (field, MARKUP), (b"access-control-allow-origin", b"*")]
            hostile[f"{field.decode()}-{status.decode()}"] = Act(headers(1, lines, end=False) + data(1, b"ok"), Ending.WAITS)
    options: dict[str, str | bool] = {
        "cors_show": "cors",
        "cors_report": str(folder / "live.html"),
        "save_stream_file": str(folder / "session.mitm"),
        "validate_inbound_headers": False,
        "flow_detail": "0",
    }
    async with Server(hostile) as server, Mitm(options=options) as mitm:

        async def ask(name: str) -> None:
            async with Asker(mitm.port, server.port) as client:
                await client.ask(f"/{name}?{MARKUP.decode('latin-1')}".replace(" ", "%20"), (b"origin", b"https://a" + MARKUP))

        await asyncio.gather(*map(ask, hostile))
        await mitm.until(lambda records: len(records) == len(hostile))
        await mitm.stop()
        (folder / "live.txt").write_text("\n".join(line for line in mitm.lines if not line.startswith("[")), encoding="utf-8")
        (folder / "live.jsonl").write_bytes(mitm.log.read_bytes())
    command = [sys.executable, "-m", "corslens", "analyze", "session.mitm", "--fail-on", "never"]
    for ending in ENDINGS:
        command += ["-o", f"again.{ending}"]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "addon")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    (folder / "printed.txt").write_bytes(printed)
    return folder


@pytest.mark.parametrize(
    "name", ["live.txt", "live.jsonl", "live.html", "printed.txt", *(f"again.{ending}" for ending in ENDINGS)]
)
def test_output_is_escaped(name: str, written: Path) -> None:
    """It is well-formed, tells of the session, and has no control character and no foreign markup in it."""
    raw = (written / name).read_bytes()
    text = raw.decode("utf-8")
    assert_escaped(text)
    assert "pwned" in text
    match name.rpartition(".")[2]:
        case "html":
            elements = Elements()
            elements.feed(text)
            assert elements.dangerous == []
        case "md":
            # Within a code span nothing is markup; within a block of HTML, as a summary is one, there are neither code spans nor links.
            rendered = [line if line.startswith("<details>") else CODE_SPAN.sub("", line) for line in text.splitlines()]
            assert not re.search(r"(?<!\\)<(?:img|/?script)", "\n".join(rendered))
            lines = [line for line in rendered if not line.startswith("<details>")]
            assert not re.search(r"(?<!\\)\]\(javascript:", "\n".join(lines))
        case "xml":
            ElementTree.fromstring(text)
        case "sarif" | "json":
            json.loads(text)
        case "jsonl":
            assert all(31 < byte < 127 for line in raw.splitlines() for byte in line)
            assert all(isinstance(json.loads(line), dict) for line in raw.splitlines())


def test_comment_is_escaped(written: Path) -> None:
    """That of every flow in the file, and there are some."""
    with (written / "session.mitm").open("rb") as file:
        comments = [flow.comment for flow in FlowReader(file).stream() if isinstance(flow, http.HTTPFlow) and flow.comment]
    assert len(comments) > len(FIELDS)
    for comment in comments:
        assert_escaped(comment)
