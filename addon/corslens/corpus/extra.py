"""The packages of the extra `corpus`, imported when they are needed: whoever analyzes a single capture does without."""

from importlib import import_module
from typing import Any

_NAMES = {"distributed": "dask[distributed]"}


class MissingPackageError(Exception):
    """A package of the extra is not installed: a sentence that says how to install it."""


def need(module: str) -> Any:
    """Return a module of the extra.

    Raises: MissingPackageError
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = _NAMES.get(module, module.partition(".")[0])
        if error.name is not None and error.name.partition(".")[0] != module.partition(".")[0]:
            package = error.name
        raise MissingPackageError(f'{package} is not installed; run: pip install "corslens[corpus]"') from None
