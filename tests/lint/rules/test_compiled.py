"""The compiled catalog: the same rules as their files say, and never what another user could have written."""

import os
import time
from pathlib import Path

import pytest
from corslens.lint.rules import compiled, loader


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(compiled.SWITCH, str(folder))
    return folder


@pytest.fixture(scope="module")
def catalog() -> compiled.Catalog:
    bundled = loader._bundled()
    return compiled.Catalog(tuple(bundled.rules.values()), tuple(bundled.products.values()))


def test_what_is_kept_is_what_the_files_say(folder: Path, catalog: compiled.Catalog) -> None:
    assert compiled.load("a") is None
    compiled.store("a", catalog)
    assert compiled.load("a") == catalog
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


def test_the_name_follows_the_text_of_every_file(tmp_path: Path) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text("a")
    one = compiled.name_of([file])
    assert compiled.name_of([file]) == one
    file.write_text("b")
    assert compiled.name_of([file]) != one


def test_nothing_is_kept_where_the_user_does_not_want_it(
    folder: Path, catalog: compiled.Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(compiled.SWITCH, "off")
    compiled.store("a", catalog)
    assert not folder.exists()
    assert compiled.load("a") is None


@pytest.mark.parametrize("content", [b"", b"\x81\xa5rules\x01", b"garbage", b"\xdd\xff\xff\xff\xff"])
def test_what_is_no_catalog_is_not_believed(folder: Path, catalog: compiled.Catalog, content: bytes) -> None:
    compiled.store("a", catalog)
    (folder / "a.catalog").write_bytes(content)
    assert compiled.load("a") is None


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_to_is_not_read(folder: Path, catalog: compiled.Catalog, mode: int) -> None:
    compiled.store("a", catalog)
    (folder / "a.catalog").chmod(mode)
    assert compiled.load("a") is None


def test_a_folder_that_others_may_write_to_is_neither_read_nor_written(folder: Path, catalog: compiled.Catalog) -> None:
    compiled.store("a", catalog)
    folder.chmod(0o777)
    assert compiled.load("a") is None
    compiled.store("b", catalog)
    assert not (folder / "b.catalog").exists()


def test_no_link_is_followed(folder: Path, catalog: compiled.Catalog, tmp_path: Path) -> None:
    compiled.store("a", catalog)
    (folder / "a.catalog").rename(tmp_path / "elsewhere")
    (folder / "a.catalog").symlink_to(tmp_path / "elsewhere")
    assert compiled.load("a") is None
    (folder / "a.catalog").unlink()
    real = folder.rename(tmp_path / "real")
    folder.symlink_to(real)
    compiled.store("a", catalog)
    assert compiled.load("a") is None


EMPTY = compiled.Catalog((), ())


def unread_for(hours: float, file: Path) -> None:
    then = time.time() - hours * 3_600
    os.utime(file, (then, then))


def names(folder: Path) -> set[str]:
    return {file.stem for file in folder.iterdir()}


def test_catalogs_do_not_pile_up(folder: Path) -> None:
    for number in range(20):
        compiled.store(f"c{number}", EMPTY)
        unread_for(20 - number, folder / f"c{number}.catalog")
    assert names(folder) == {f"c{number}" for number in range(4, 20)}


def test_clones_that_are_at_work_keep_theirs(folder: Path) -> None:
    """A start notes that it read one; so those go that none reads."""
    for number in range(16):
        compiled.store(f"c{number}", EMPTY)
        unread_for(20 - number, folder / f"c{number}.catalog")
    assert compiled.load("c0") == EMPTY
    compiled.store("new", EMPTY)
    assert names(folder) == {"c0", *(f"c{number}" for number in range(2, 16)), "new"}


def test_a_catalog_that_is_read_often_is_not_written_to_each_time(folder: Path) -> None:
    compiled.store("a", EMPTY)
    unread_for(0.5, folder / "a.catalog")
    before = (folder / "a.catalog").stat().st_mtime_ns
    assert compiled.load("a") == EMPTY
    assert (folder / "a.catalog").stat().st_mtime_ns == before


def test_a_catalog_of_a_version_that_is_gone_goes(folder: Path) -> None:
    compiled.store("old", EMPTY)
    unread_for(31 * 24, folder / "old.catalog")
    compiled.store("recent", EMPTY)
    unread_for(29 * 24, folder / "recent.catalog")
    compiled.store("new", EMPTY)
    assert names(folder) == {"recent", "new"}


def test_a_start_with_the_kept_catalog_has_the_same_rules(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loader._bundled.__wrapped__()
    assert list(folder.iterdir()) != []
    monkeypatch.setattr(loader, "_read_bundled", lambda _: pytest.fail("read again"))
    assert loader._bundled.__wrapped__().rules == first.rules
