"""Profiles: private, gone at the end, and by the next start where a session was killed."""

import os
import stat
import subprocess
import sys
import tempfile

import pytest
from corslens.launch import profile

from tests.cli.launched import ADDON

HOLD = """
import os, subprocess, sys
from corslens.launch.profile import fresh_folder, record
with fresh_folder() as folder:
    child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)", str(folder)],
        start_new_session=True, stdout=subprocess.PIPE)
    child.stdout.readline()
    record(folder, child.pid)
    print(folder, child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def session(tmp_path):
    """Another session, with its profile's folder and its browser's process id."""
    env = {**os.environ, "PYTHONPATH": str(ADDON), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1, text=True, env=env) as process:
        folder, pid = process.stdout.readline().split()
        yield process, tmp_path / folder, int(pid)
        process.kill()
        subprocess.run(["kill", "-9", pid], capture_output=True)


def test_only_its_user_can_read_it():
    with profile.fresh_folder() as folder:
        page = folder / profile.START
        assert profile.start_page(folder, "http://secret.test/") == page.as_uri()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        assert "http://secret.test/" in page.read_text()
    assert not folder.exists()


def test_a_running_session_is_left_alone(session):
    _, folder, pid = session
    assert profile.remove_stale() == 0
    assert folder.exists()
    os.kill(pid, 0)


def test_a_killed_session_is_cleaned_up(session):
    """With the browser that it left running."""
    process, folder, _pid = session
    process.kill()
    process.wait()
    assert folder.exists()
    assert profile.remove_stale() == 1
    assert not folder.exists()
    listed = subprocess.run(["ps", "-A", "-o", "stat=,args="], capture_output=True, text=True).stdout
    assert [line for line in listed.splitlines() if str(folder) in line and not line.startswith("Z")] == []


def test_a_process_of_another_program_is_not_ended(session, tmp_path):
    """A process id may be another program's by now: it counts only with the profile in its command line."""
    _, _, pid = session
    stale = tmp_path / f"{profile.PREFIX}stale"
    stale.mkdir()
    profile.record(stale, pid)
    assert profile.remove_stale() == 1
    os.kill(pid, 0)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / f"{profile.PREFIX}link").symlink_to(tmp_path / "target")
    assert profile.remove_stale() == 0
    assert (tmp_path / "target").exists()
