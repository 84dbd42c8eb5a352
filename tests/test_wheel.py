"""The wheel holds everything that a clone has: code, rules, templates, assets."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deadline import DEADLINE_SECONDS

pytestmark = pytest.mark.slow  # builds and installs

ROOT = Path(__file__).resolve().parents[1]
BUILD = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the project's own build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-c", BUILD, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.strip().splitlines()[-1]


def files_below(folder: Path) -> set[str]:
    """The files of a folder by their relative paths, without what Python leaves behind."""
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_of_the_package_and_every_rule_is_in_it(wheel: Path) -> None:
    """Nothing is left out, and nothing but the package and its metadata is put in."""
    expected = {f"corslens/{name}" for name in files_below(ROOT / "addon" / "corslens")}
    expected |= {f"corslens/rules/{name}" for name in files_below(ROOT / "rules")}
    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert found == expected
    assert "corslens/py.typed" in found


def test_what_is_unpacked_from_it_runs(wheel: Path, tmp_path: Path) -> None:
    """The installed copy reads its own rules, names its script for mitmproxy, and its command line works."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    folder = python("-c", "from corslens.lint.rules.bundled import bundled_folder; print(bundled_folder())")
    assert Path(folder) == tmp_path / "corslens" / "rules"
    assert "acao-missing" in python("-m", "corslens", "rules", "list")
    assert "corslens = corslens.cli:main" in next(tmp_path.glob("*.dist-info/entry_points.txt")).read_text()
