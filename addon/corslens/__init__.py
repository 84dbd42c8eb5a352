"""corslens: inspect, explain and fix CORS in real traffic.

    from corslens import analyze, inspect_exchange

The names below are imported when they are first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corslens.fetch.messages import HeaderList as HeaderList
    from corslens.fetch.messages import Request as Request
    from corslens.fetch.messages import Response as Response
    from corslens.inspection import Inspection as Inspection
    from corslens.library import Analysis as Analysis
    from corslens.library import analyze as analyze
    from corslens.library import inspect_exchange as inspect_exchange
    from corslens.observation.exchange import Exchange as Exchange

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "corslens.library",
    "Exchange": "corslens.observation.exchange",
    "HeaderList": "corslens.fetch.messages",
    "Inspection": "corslens.inspection",
    "Request": "corslens.fetch.messages",
    "Response": "corslens.fetch.messages",
    "analyze": "corslens.library",
    "inspect_exchange": "corslens.library",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
