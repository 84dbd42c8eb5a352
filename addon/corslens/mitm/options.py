"""The `cors_` options: declared once, parsed once into Settings, each fault reported in one sentence that names its option."""

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

from mitmproxy import addonmanager, exceptions
from mitmproxy.optmanager import OptManager
from msgspec import Struct

from corslens.lint.finding import Severity
from corslens.mitm.filters import FlowFilter, parse_filter, parse_flow_filter
from corslens.mitm.live.proxy_host import DEFAULT_DOMAIN, parse_domain
from corslens.observation.redaction import VALUES_ARE_SHOWN, show_values
from corslens.observation.weight import HISTORY_BYTES
from corslens.patching.injection import Injection
from corslens.patching.injection_line import parse_injection
from corslens.patching.injection_rules import LARGEST, parse_injections
from corslens.patching.policy import LOOPBACK, PatchPolicy, PreflightMode, parse_origins, parse_policy
from corslens.report.formats.registry import ENDINGS, FOR_OTHERS
from corslens.suggest import did_you_mean
from corslens.verdict.headline import AUTO, WORDS, HeadlinePolicy

logger = logging.getLogger(__name__)

PREFIX = "cors_"


class Show(StrEnum):
    """What the terminal prints."""

    PROBLEMS = "problems"
    CORS = "cors"
    NONE = "none"


NEVER = "never"
FAIL_ON = (*(severity.word for severity in reversed(Severity)), NEVER)


DEFAULT_HISTORY = 10_000


class Option(Struct, frozen=True, kw_only=True):
    """An option as mitmproxy is told of it."""

    name: str
    type: Any
    default: Any
    help: str
    choices: tuple[str, ...] | None = None


# Types are those that every tool of mitmproxy can set and show; `float` cannot be parsed, `Sequence[int]` breaks mitmweb.
OPTIONS: tuple[Option, ...] = (
    Option(name="cors_scope", type=str, default="", help="Flow filter for the flows to inspect; empty means all."),
    Option(
        name="cors_engine",
        type=str,
        default=AUTO,
        choices=WORDS,
        help="Engine whose verdict is the headline: the browser that sent the request (auto, by User-Agent), a given engine, "
        "or the first that blocks (all).",
    ),
    Option(
        name="cors_show",
        type=str,
        default=Show.PROBLEMS,
        choices=tuple(Show),
        help="What to print in the terminal: problems, every CORS exchange (cors), or nothing (none).",
    ),
    Option(
        name="cors_rules",
        type=Sequence[str],
        default=[],
        help="Your own rule files or folders: rules, overrides and suppressions.",
    ),
    Option(
        name="cors_show_values",
        type=bool,
        default=False,
        help="Show URLs and header values in full, except cookies and credentials: in the terminal, on the live page, in cors_log and "
        "in cors_report (not in formats made to be uploaded).",
    ),
    Option(name="cors_log", type=str, default="", help="JSONL file to append to, one record per exchange."),
    Option(
        name="cors_report",
        type=str,
        default="",
        help="Report to write at shutdown; the format follows the ending (.html .json .jsonl .sarif .xml .md .txt).",
    ),
    Option(
        name="cors_fail_on",
        type=str,
        default=NEVER,
        choices=FAIL_ON,
        help="Exit with status 1 on any finding at or above this severity (mitmdump).",
    ),
    Option(
        name="cors_page_host",
        type=str,
        default=DEFAULT_DOMAIN,
        help="Domain of the live page for browsers using the proxy. The page gets a random host below it, new at each start and printed then. "
        "Empty disables the page.",
    ),
    Option(
        name="cors_history",
        type=int,
        default=DEFAULT_HISTORY,
        help="Maximum exchanges kept in memory. Dropped ones are counted and reported at shutdown and on the live page.",
    ),
    Option(
        name="cors_history_mb",
        type=int,
        default=HISTORY_BYTES >> 20,
        help="Maximum megabytes of exchanges kept in memory, estimated. The oldest are dropped first.",
    ),
    Option(
        name="cors_patch",
        type=str,
        default="",
        help="Flow filter for the responses that may be patched so that the page can read them; empty turns patching off.",
    ),
    Option(
        name="cors_patch_origins",
        type=Sequence[str],
        default=[LOOPBACK],
        help="Origins of pages that a patch may allow: an origin, a host, *.host, null, loopback (this machine, and what it "
        "serves), or any.",
    ),
    Option(
        name="cors_patch_preflight",
        type=str,
        default=PreflightMode.FIX,
        choices=tuple(PreflightMode),
        help="How to patch a preflight: forward it and fix the response (fix), or respond from the proxy (answer).",
    ),
    Option(
        name="cors_patch_minutes",
        type=int,
        default=60,
        help="Turn patching off after this many minutes; 0 means never.",
    ),
    Option(
        name="cors_patch_dry_run",
        type=bool,
        default=False,
        help="Show patches without applying them.",
    ),
    Option(
        name="cors_patch_rules",
        type=Sequence[str],
        default=[],
        help="YAML files of injections: response headers to set, add or remove, to try a policy or to break a page.",
    ),
    Option(
        name="cors_inject",
        type=Sequence[str],
        default=[],
        help="Response headers to inject for cors_patch_minutes, each as /FILTER/HEADER/VALUE, the syntax of modify_headers; an empty "
        "VALUE removes the header, @FILE reads it from a file, and {origin} is the request's origin.",
    ),
)
PATCH_OPTIONS = frozenset(option.name for option in OPTIONS if option.name.startswith(("cors_patch", "cors_inject")))
PATCHING_OFF: Mapping[str, Any] = {"cors_patch": "", "cors_patch_rules": [], "cors_inject": []}
"""The options' values with which nothing is patched or injected."""
_BY_NAME = {option.name: option for option in OPTIONS}
NAMES = frozenset(_BY_NAME)


class Settings(Struct, frozen=True, kw_only=True):
    """The options' values, parsed."""

    scope: FlowFilter | None
    headline: HeadlinePolicy
    """None: the one that sent the request."""
    show: Show
    show_values: bool
    rules: tuple[str, ...]
    log: Path | None
    report: Path | None
    fail_on: Severity | None
    history: int
    history_mb: int
    page_domain: str
    patch: str
    patch_filter: FlowFilter | None
    policy: PatchPolicy
    patch_minutes: int
    dry_run: bool
    rule_injections: tuple[Injection, ...]
    """Those of files."""
    line_injections: tuple[Injection, ...]
    """Those given in a line each."""


def declare(loader: addonmanager.Loader) -> None:
    """Register the options with mitmproxy."""
    for option in OPTIONS:
        # Plain text: mitmproxy's --options cannot write an enum.
        default = str(option.default) if option.type is str else option.default
        choices = None if option.choices is None else tuple(map(str, option.choices))
        loader.add_option(option.name, option.type, default, option.help, choices)


def values(options: OptManager) -> dict[str, Any]:
    """Return the values of the `cors_` options."""
    return {name: getattr(options, name) for name in NAMES}


def parse(values: Mapping[str, Any], *, old: Settings | None = None, changed: Set[str] = NAMES) -> Settings:
    """Return what the options' values stand for.

    Args:
        old: what they stood for so far. A folder or file that is gone since stands in the way of no other option's change.
        changed: the options that were set now.
    Raises: OptionsError in one sentence that names the option.
    """

    def word(name: str) -> str:
        text: str = values[name]
        choices = _BY_NAME[name].choices or ()
        if text not in choices:  # mitmproxy's --set does not look at the choices
            raise exceptions.OptionsError(f"{name}: {text!r} is not one of {', '.join(choices)}{did_you_mean(text, choices)}")
        return text

    def number(name: str, lowest: int) -> int:
        value: int = values[name]
        if value < lowest:
            raise exceptions.OptionsError(f"{name}: {value} is less than {lowest}")
        return value

    def flow_filter(name: str) -> FlowFilter | None:
        text: str = values[name].strip()
        return _naming(name, parse_flow_filter, text) if text else None

    fail_on = word("cors_fail_on")
    report = old.report if old and "cors_report" not in changed else _report(values["cors_report"])
    if values["cors_show_values"] and report is not None and (form := ENDINGS.get(report.suffix.lower())) in FOR_OTHERS:
        raise exceptions.OptionsError(
            f"cors_show_values: {report.name!r} is a report made to be uploaded ({form}), and never shows values"
        )
    origins = tuple(values["cors_patch_origins"])
    _naming("cors_patch_origins", parse_origins, origins)
    return Settings(
        scope=flow_filter("cors_scope"),
        headline=HeadlinePolicy.parse(word("cors_engine")),
        show=Show(word("cors_show")),
        show_values=values["cors_show_values"],
        rules=tuple(values["cors_rules"]),
        log=_path(values["cors_log"]),
        report=report,
        fail_on=None if fail_on == NEVER else Severity[fail_on.upper()],
        history=number("cors_history", 1),
        history_mb=number("cors_history_mb", 1),
        page_domain=_naming("cors_page_host", parse_domain, values["cors_page_host"]),
        patch=values["cors_patch"].strip(),
        patch_filter=flow_filter("cors_patch"),
        policy=parse_policy(origins=origins, preflight=word("cors_patch_preflight")),
        patch_minutes=number("cors_patch_minutes", 0),
        dry_run=values["cors_patch_dry_run"],
        line_injections=tuple(
            _naming("cors_inject", lambda line: parse_injection(line, parse_filter=parse_filter, read_file=_text_of), line)
            for line in dict.fromkeys(values["cors_inject"])
        ),
        rule_injections=old.rule_injections
        if old and "cors_patch_rules" not in changed
        else tuple(injection for file in values["cors_patch_rules"] for injection in _injections(file)),
    )


def choose_values(settings: Settings, old: Settings | None) -> None:
    """Show in this process what the user wants to see, and say so when that begins."""
    show_values(settings.show_values)
    if settings.show_values and not (old and old.show_values):
        logger.warning("corslens: cors_show_values: %s", VALUES_ARE_SHOWN)


def faults_in_deferred(options: OptManager) -> list[str]:
    """Take back the deferred `cors_` values that mitmproxy would swallow, and return a sentence for each.

    mitmproxy keeps a `--set` of an option that it does not know yet. A misspelt one it keeps for ever without a word, and one of
    the wrong type makes it not run the script at all, just as silently (https://github.com/mitmproxy/mitmproxy/issues/8013).
    """
    faults = []
    for name, raw in list(options.deferred.items()):
        if not name.startswith(PREFIX):
            continue
        fault = _fault(name, raw)
        if fault is not None:
            faults.append(fault)
            del options.deferred[name]
    return faults


def _fault(name: str, raw: Any) -> str | None:
    option = _BY_NAME.get(name)
    if option is None:
        return f"{name}: no such option{did_you_mean(name, _BY_NAME)}"
    given: list[str] | None = getattr(raw, "val", None)  # text of --set; a config.yaml's value has a type already
    if given is None:
        return None if _fits(raw, option.type) else f"{name}: {raw!r} is not a {_type_name(option.type)}"
    if get_args(option.type):
        return None
    if len(given) > 1:
        return f"{name}: given {len(given)} times, expected once"
    text = given[0] if given else None
    if option.type is bool:
        return None if text in (None, "", "true", "false", "toggle") else f"{name}: {text!r} is neither true nor false"
    if text is None:
        return f"{name}: a value is missing, write {name}=VALUE"
    if option.type is int and not text.removeprefix("-").isdecimal():
        return f"{name}: {text!r} is not a whole number"
    return None


def _fits(value: Any, type: Any) -> bool:
    if get_args(type):
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    if type is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, type)


def _type_name(type: Any) -> str:
    return "list of texts" if get_args(type) else {int: "whole number", bool: "true or false"}.get(type, "text")


def _naming[Given, Parsed](name: str, parse: Callable[[Given], Parsed], given: Given) -> Parsed:
    try:
        return parse(given)
    except ValueError as error:
        raise exceptions.OptionsError(f"{name}: {error}") from None


def _injections(file: str) -> tuple[Injection, ...]:
    text = _naming("cors_patch_rules", _text_of, file)
    return _naming("cors_patch_rules", lambda text: parse_injections(text, file, parse_filter=parse_filter), text)


def _text_of(file: str) -> str:
    """Return what the file holds, of a large one the beginning. Raises: ValueError naming it."""
    try:
        with Path(file).expanduser().open("rb") as content:
            return content.read(LARGEST + 1).decode("utf-8")
    except OSError as error:
        raise ValueError(f"{file!r} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{file!r} is not UTF-8 at byte {error.start}") from None


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None


def _report(text: str) -> Path | None:
    path = _path(text)
    if path is None:
        return None
    if path.suffix.lower() not in ENDINGS:
        raise exceptions.OptionsError(f"cors_report: {text!r} does not end in {', '.join(ENDINGS)}")
    if not path.absolute().parent.is_dir():
        raise exceptions.OptionsError(f"cors_report: the folder {str(path.absolute().parent)!r} does not exist")
    return path
