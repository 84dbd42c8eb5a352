"""Reports are written whole or not at all, in the format of their ending."""

import os

import pytest
from corslens.mitm.report_file import ENDINGS, format_of, write_whole
from corslens.report.formats import Format


def test_endings_of_the_option_are_there():
    """What cors_report's help promises can be written."""
    assert {".html", ".json", ".sarif", ".xml", ".md"} <= set(ENDINGS)


def test_format_of_ignores_case(tmp_path):
    assert format_of(tmp_path / "Report.HTML") is Format.HTML


def test_write_whole(tmp_path):
    """The file's content is replaced, and nothing else is left in the folder."""
    path = tmp_path / "r.json"
    path.write_text("old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    """A target that cannot be replaced keeps its content, and no temporary file stays."""
    target = tmp_path / "folder.json"
    target.mkdir()
    with pytest.raises(OSError):
        write_whole(target, b"new")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="has no modes")
def test_a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path):
    """It holds URLs and headers."""
    path = tmp_path / "r.json"
    write_whole(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    write_whole(path, b"newer")
    assert path.stat().st_mode & 0o777 == 0o640
