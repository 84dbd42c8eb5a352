"""What the scripts install is locked: every requirement of every extra, exactly, with hashes, and without any registry's address."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = {"runtime": [], **PROJECT["project"]["optional-dependencies"]}
PIN = re.compile(
    r"([a-z0-9-]+)==([^ ;]+)(?: ; (?P<marker>[^\\]+))? \\(?P<hashes>(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)\n"
)


def wanted(extra: str) -> list[Requirement]:
    """Everything that an installation of the extra asks for, those of an extra of ours that it names included."""
    found = [Requirement(text) for text in (*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"])]
    for requirement in map(Requirement, EXTRAS[extra]):
        found += (
            (one for name in requirement.extras for one in wanted(name)) if requirement.name == "corslens" else [requirement]
        )
    return found


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_requirement_is_pinned_with_hashes(extra: str) -> None:
    """When this fails after a change of pyproject.toml, scripts/lock writes the locks anew."""
    text = (ROOT / "scripts" / "locks" / f"{extra}.txt").read_text()
    assert PIN.sub("", text) == ""  # nothing else stands in it: no option, no address, no unpinned line
    pins = {found[1]: found[2] for found in PIN.finditer(text)}
    lacking = [
        str(requirement)
        for requirement in wanted(extra)
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]
    assert lacking == []


def test_extras_agree() -> None:
    """They are installed into one environment, so a package has one version in all locks."""
    versions: dict[tuple[str, str], set[str]] = {}
    for extra in EXTRAS:
        for found in PIN.finditer((ROOT / "scripts" / "locks" / f"{extra}.txt").read_text()):
            versions.setdefault((found[1], found["marker"] or ""), set()).add(found[2])
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_there_is_a_lock_for_each_extra_and_no_other() -> None:
    assert {path.stem for path in (ROOT / "scripts" / "locks").iterdir()} == set(EXTRAS)


@pytest.mark.parametrize("folder", ["tests/servers/apps", "tests/browser"])
def test_node_packages_are_locked_without_an_address(folder: str) -> None:
    wanted = json.loads((ROOT / folder / "package.json").read_text())
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    ours = packages.pop("")
    for kind in ("dependencies", "devDependencies"):
        assert ours.get(kind) == wanted.get(kind)
    assert packages
    assert [name for name, one in packages.items() if not one.get("integrity") or "resolved" in one] == []
