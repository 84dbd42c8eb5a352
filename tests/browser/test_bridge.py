"""A real Chromium that is listened to: nothing but its pipe leads to what listens, and when it dies, nothing else does."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.call_sites import Site, visit
from tests.cli.launched import PROC

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not PROC.is_dir(), reason="sockets are found by /proc")]

_LISTENS = "0A"
PAGE = """<!doctype html><link rel="icon" href="data:,"><script>
let number = 0;
const ask = async () => { for (;;) await fetch(`${API}/burst/1/${number++}`).then((response) => response.text()).catch(() => 0); };
for (let i = 0; i < 8; i++) ask();
</script>"""

CLOSING = """<!doctype html><link rel="icon" href="data:,"><script>
const tab = window.open("/asks");
const worker = new Worker("/asks.js");
fetch("/hangs").then(() => { tab.close(); worker.terminate(); return fetch("/done"); });
</script>"""


def sockets_of(group: int) -> tuple[int, list[str]]:
    """How many files and sockets the processes of a group have open, and what they listen on."""
    inodes: set[str] = set()
    for folder in PROC.glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == group:
                inodes |= {str(file.readlink()) for file in (folder / "fd").iterdir()}
        except OSError:
            continue  # it is gone
    rows = [line.split() for name in ("tcp", "tcp6") for line in (PROC / "net" / name).read_text().splitlines()[1:]]
    return len(inodes), [row[1] for row in rows if row[3] == _LISTENS and f"socket:[{row[9]}]" in inodes]


def number_of(record: dict[str, Any]) -> int:
    """Which of the burst it is."""
    return int(record["url"].rpartition("/")[2])


async def test_a_browser_that_is_killed(tmp_path: Path, chromium_path: str) -> None:
    """In the middle of its traffic: what it said before is kept, and the proxy goes on. Until then no port led to it."""
    site = Site()
    await site.start()
    site.files["/endless"] = ("text/html", PAGE.replace("${API}", site.api))
    found: list[tuple[int, list[str]]] = []
    records, _ = await visit(site, "/endless", tmp_path, kill=lambda group: found.append(sockets_of(group)))
    await site.stop()
    ((opened, listened),) = found
    assert opened > 10
    assert listened == []
    told = [record for record in records if record["witness"] is not None and record["witness"]["outcome"] != "unknown"]
    assert len(told) > 100
    assert all(record["verdicts"]["chromium"]["confirmed"] for record in told if "/burst/" in record["url"])
    # What is lost are the last ones, with eight at once in flight: a busy browser says late what its pages have long got.
    burst = sorted((record for record in records if "/burst/" in record["url"]), key=number_of)
    lost = [at for at, record in enumerate(burst) if record["witness"] is None]
    assert all(at >= len(burst) - len(lost) - 8 for at in lost)
    assert any(record["url"].endswith("/after/1/1") and record["status"] == 200 for record in records)


async def test_a_tab_and_a_worker_that_are_closed_at_once(tmp_path: Path, chromium_path: str) -> None:
    """What they had in flight: the line that asked, and no outcome; the browser says that it canceled the tab's, and nothing of the worker's."""
    site = Site(hanging=2)
    await site.start()
    asks = f"\nfetch('{site.api}/hang/%s/0')"
    site.files["/closing"] = ("text/html", CLOSING)
    site.files["/asks"] = ("text/html", f"<!doctype html><script>{asks % 'tab'}</script>")
    site.files["/asks.js"] = ("text/javascript", asks % "worker")
    records, _ = await visit(site, "/closing", tmp_path)
    await site.stop()
    found = {}
    for record in records:
        if "/hang/" in record["url"]:
            witness = record["witness"]
            assert (record["status"], record["page_request"]["outcome"]) == (None, "aborted")
            assert (witness["outcome"], witness["initiator"]["line"]) == ("unknown", 2)
            found[record["url"].split("/")[-2]] = witness["reason"]
    assert found == {"tab": "net::ERR_ABORTED", "worker": "target-closed"}
