"""Where the shipped rules are: `corslens/rules` in an installed wheel, the clone's `rules/` otherwise. There is one copy."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent.parent


def bundled_folder() -> Path:
    """Return the folder of the shipped rules."""
    installed = _PACKAGE / "rules"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / "rules"


def bundled_files() -> tuple[Path, ...]:
    """Return the shipped rule files: family folders in the order of the alphabet, files by name."""
    families = sorted(family.path for family in os.scandir(bundled_folder()) if family.is_dir())
    return tuple(
        Path(path)
        for family in families
        for path in sorted(file.path for file in os.scandir(family) if file.name.endswith(".yaml"))
    )
