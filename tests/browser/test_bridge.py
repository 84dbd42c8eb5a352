"""A real Chromium that is listened to: nothing but its pipe leads to what listens, and when it dies, nothing else does."""

import os
from pathlib import Path

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
    told = [record for record in records if record["witness"] is not None]
    assert len(told) > 100
    assert all(record["verdicts"]["chromium"]["confirmed"] for record in told if "/burst/" in record["url"])
    assert any(record["url"].endswith("/after/1/1") and record["status"] == 200 for record in records)
