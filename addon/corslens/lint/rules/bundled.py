"""Where the shipped rules are: `corslens/rules` in an installed wheel, the clone's `rules/` otherwise. There is one copy."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent.parent


def bundled_folder() -> Path:
    """Return the folder of the shipped rules."""
    installed = _PACKAGE / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / "rules"


def bundled_files() -> tuple[Path, ...]:
    """Return the shipped rule files: family folders in the order of the alphabet, files by name."""
    return tuple(sorted(bundled_folder().glob("*/*.yaml")))
