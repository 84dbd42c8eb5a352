"""corslens check: requests as a browser would send them out; reports and an exit code in."""

import sys
from collections.abc import Sequence
from pathlib import Path

import ada_url
import click
from msgspec import Struct, structs

from corslens import __version__
from corslens.advice.policy_document import LARGEST, read_document
from corslens.analysis import Judging, collect, prefixes
from corslens.asking.asker import Asker, AskResult
from corslens.asking.checks import Checks, Expectation
from corslens.asking.client import Client
from corslens.asking.hosts import NamedHosts
from corslens.asking.policies import policy_requests
from corslens.asking.recorded import RecordedPageRequest, recorded_requests
from corslens.cli.options import fail_on_option, rules_option, settings
from corslens.cli.outputs import format_option, outputs_option, report_damages
from corslens.cli.reporting import Reporting, Wanted
from corslens.cli.work import record_writer
from corslens.diagnosis.summary import SessionSummary
from corslens.engines.engine import Engine
from corslens.engines.sending import BROWSER_SETS, PageFetch, unsafe_names
from corslens.exits import Exit
from corslens.fetch.constants import NULL
from corslens.fetch.header_values import is_token
from corslens.fetch.messages import HeaderLine, HeaderList, Request
from corslens.fetch.methods import is_forbidden_method, normalize_method
from corslens.fetch.origins import is_serialized_origin, origin_of
from corslens.fetch.request_headers import is_forbidden_request_header
from corslens.inspector import Inspector
from corslens.observation.redaction import authenticates, redact_header, redact_method, redact_url
from corslens.probing.strangers import strangers_for
from corslens.report.escape import escape
from corslens.report.formats.registry import Format
from corslens.verdict.headline import ALL, AUTO, WORDS

USER_AGENT = f"corslens/{__version__} (check; asks about CORS)"
_PART_OF_CORS = frozenset({"authorization", "content-type"})
"""Headers that a server may look at to decide; the forbidden ones are, too."""
_TAKEN_OVER = ("origin", "access-control-request-")
"""Headers of a request whose values a capture says, too."""
_POLICY_ENDINGS = (".yaml", ".yml")


class _Options(Struct, frozen=True, kw_only=True):
    """What is to be sent, and where it may go."""

    target: str
    against: str | None
    origins: tuple[str, ...]
    method: str
    headers: tuple[HeaderLine, ...]
    credentials: bool
    cookie: str | None
    engine: str
    as_stranger: bool
    identification: HeaderLine | None
    """Sent with every request and no part of what the page does."""


@click.command(short_help="Ask a server as a browser would, and judge what it allows.")
@click.argument("target")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Origin of a page that the server is meant to allow (repeatable).",
)
@click.option("--method", metavar="METHOD", default="GET", show_default=True, help="The method that the page uses.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header that the page sets (repeatable).")
@click.option("--credentials", is_flag=True, help="The page includes credentials.")
@click.option(
    "--cookie-from", type=click.Path(path_type=Path), metavar="FILE", help="Send the cookies in this file (a=1; b=2)."
)
@click.option("--as-stranger", is_flag=True, help="Also send origins that only a careless allowlist allows.")
@click.option("--against", metavar="URL", help="The server to ask, for a capture or a policy.")
@click.option("--send", "send_unsafe", is_flag=True, help="Also send requests that may change something (POST, PUT, DELETE).")
@click.option(
    "--allow-host", "allow_hosts", multiple=True, metavar="HOST[:PORT]", help="Another host that may get requests (repeatable)."
)
@click.option(
    "--engine",
    type=click.Choice(WORDS),
    default=AUTO,
    show_default=True,
    help="Send this browser's headers and judge as it does; auto judges as Chromium and names itself in User-Agent.",
)
@click.option(
    "--identify",
    metavar="'NAME: VALUE'",
    help="Send this header with every request, preflights included, to identify yourself.",
)
@click.option(
    "--rate", type=click.FloatRange(0), default=10.0, show_default=True, help="Maximum requests per second; 0 means no limit."
)
@click.option("--insecure", is_flag=True, help="Do not check certificates.")
@click.option("--dry-run", is_flag=True, help="Print the requests and send none.")
@rules_option
@format_option
@outputs_option
@fail_on_option
def check(
    target: str,
    origins: tuple[str, ...],
    method: str,
    headers: tuple[str, ...],
    credentials: bool,
    cookie_from: Path | None,
    as_stranger: bool,
    against: str | None,
    send_unsafe: bool,
    allow_hosts: tuple[str, ...],
    engine: str,
    identify: str | None,
    rate: float,
    insecure: bool,
    dry_run: bool,
    rule_paths: tuple[str, ...],
    form: str,
    outputs: tuple[Path, ...],
    fail_on: str,
) -> None:
    """Ask a server what it allows, as a browser would, and judge its responses.

    TARGET is a URL (with --origin), a capture whose page requests are sent again (--against another server, or --allow-host for the
    recorded ones), or a policy of `advise --format policy` (with --against): then each origin that it names has to be allowed, and
    every stranger's refused.

    Without --send, only preflights, GET and HEAD are sent. Requests go to hosts named on the command line only.

    \b
    Exit codes:
      0  no findings at or above --fail-on
      1  findings at or above --fail-on
      2  wrong usage
      3  the capture was unreadable or truncated, or the check was interrupted
    """
    options = _Options(
        target=target,
        against=None if against is None else _url("--against", against),
        origins=tuple(map(_origin, origins)),
        method=_method(method),
        headers=tuple(map(_header, headers)),
        credentials=credentials or cookie_from is not None,
        cookie=None if cookie_from is None else _cookie(cookie_from),
        engine=engine,
        as_stranger=as_stranger,
        identification=None if identify is None else _identification(identify),
    )
    judged = settings(Judging(engine=engine, rule_paths=rule_paths))
    read = [*(() if _is_url(target) else (target,)), *filter(None, [cookie_from]), *rule_paths]
    reporting = Reporting.of(Wanted(form=form, outputs=outputs, fail_on=fail_on), read)
    named = [*(one for one in (options.target,) if _is_url(one)), *filter(None, [options.against])]
    try:
        hosts = NamedHosts(named, allow_hosts)
    except ValueError as error:
        raise click.UsageError(f"--allow-host: {escape(str(error))}") from None
    recorded: list[RecordedPageRequest] = []
    capture = SessionSummary(everything=True)
    strange = as_stranger
    if not _is_url(target) and target != "-" and not Path(target).exists():
        raise click.UsageError(f"{escape(target)}: is neither a URL (http:// or https://) nor a file")
    if _is_url(target):
        wanted = _of_url(options)
    elif target.lower().endswith(_POLICY_ENDINGS):
        wanted, strange = _of_policy(options), True
    else:
        collect(target, prefixes([target])[target], judged, capture)
        recorded = [
            one
            for one in recorded_requests(capture.held(), base=options.against, headers=options.headers, cookie=options.cookie)
            if one.wanted.fetch.url in hosts
        ]
        wanted = [one.wanted for one in recorded]
        if not wanted:
            report_damages(capture)
            raise click.UsageError(
                f"{escape(target)}: holds no CORS page request to a host that was named; name one with --against or --allow-host"
            )
    client = Client(per_second=rate, verify=not insecure, identification=options.identification)
    asker = Asker(
        Inspector(rules=judged.rules, headline=judged.headline),
        client.send,
        hosts,
        user_agent=USER_AGENT,
        engine=None if engine in (AUTO, ALL) else Engine(engine),
        send_unsafe=send_unsafe,
    )
    if dry_run:
        _print_plan(asker, wanted, strange, options)
        return
    summary = SessionSummary(everything=Format.HTML in reporting.formats)
    with reporting.records() as files:
        checks = Checks(asker, summary, redact_url(options.against or target), [record_writer(files)] if files else ())
        interrupted = _check(checks, wanted, strange)
    checks.input.notes.insert(0, _verdict(checks.asked, recorded[: len(checks.asked)]))
    status = reporting.report(summary, judged.rules, interrupted=interrupted)
    sys.exit(Exit.UNREADABLE if report_damages(capture) else status)


def _check(checks: Checks, wanted: Sequence[Expectation], strange: bool) -> bool:
    """Check, and say whether the user cut it short."""
    try:
        if strange:
            checks.check_against_strangers(wanted)
        else:
            checks.check(wanted)
    except KeyboardInterrupt:
        click.echo("Interrupted: what was checked so far follows.", err=True)
        return True
    return False


def _verdict(asked: Sequence[AskResult], recorded: Sequence[RecordedPageRequest]) -> str:
    """Say how many page requests passed."""
    passing = sum(one.passed for one in asked)
    alone = sum(one.passed and one.by_preflight_alone for one in asked)
    note = (
        f" ({alone} by {'its preflight' if alone == 1 else 'their preflights'} alone: the request was not sent)"
        if alone
        else ""
    )
    if not recorded:
        return f"{passing} of {len(asked)} page requests passed{note}"
    before = sum(one.passed for one in recorded)
    return f"{passing} of {len(asked)} page requests passed now{note}; in the capture {before} did"


def _of_url(options: _Options) -> list[Expectation]:
    if not options.origins:
        raise click.UsageError(
            "--origin is missing: the origin of the page that makes the request, such as https://app.example"
        )
    if options.against is not None:
        raise click.UsageError("--against is for captures and policies; the URL itself says which server is asked")
    url = _url("TARGET", options.target)
    return [
        Expectation(
            fetch=PageFetch(
                url=url,
                origin=origin,
                method=options.method,
                headers=options.headers,
                credentialed=options.credentials,
                cookie=options.cookie,
            )
        )
        for origin in options.origins
    ]


def _of_policy(options: _Options) -> list[Expectation]:
    if options.against is None:
        raise click.UsageError("--against is missing: the URL of the server that the policy is for")
    try:
        policies = read_document(_read_some(Path(options.target)))
    except OSError as error:
        raise click.UsageError(f"{escape(options.target)}: {error.strerror or error}") from None
    except ValueError as error:
        raise click.UsageError(f"{escape(options.target)} {escape(str(error))}") from None
    return list(policy_requests(policies, base=options.against, headers=options.headers, cookie=options.cookie))


def _read_some(path: Path) -> str:
    """Return the beginning of a text, more than any that is taken: it may be a device without an end."""
    with path.open(encoding="utf-8") as file:
        return file.read(LARGEST + 1)


def _print_plan(asker: Asker, wanted: Sequence[Expectation], strange: bool, options: _Options) -> None:
    """Print what would be sent if nothing is blocked or redirected; of strangers, whose requests are the same, one line each."""
    for one in wanted:
        for request in asker.plan(one.fetch):
            if one.withheld is None or request.method == "OPTIONS":
                _print_request(request, options)
    if strange:
        for url in dict.fromkeys(one.fetch.url for one in wanted):
            origins = [one.fetch.origin for one in wanted if one.fetch.url == url and one.fetch.origin is not None]
            for stranger in strangers_for(origins, origin_of(url)):
                shown = stranger.origin if _is_url(options.target) else redact_url(stranger.origin)
                click.echo(f"{escape(_shown_url(url, options))}  Origin: {escape(shown)}")


def _print_request(request: Request, options: _Options) -> None:
    """Print a request: what the user typed in full, but for credentials; what a capture holds as it may be shown."""
    typed = _is_url(options.target)
    method = request.method if typed else redact_method(request.method)
    click.echo(f"{escape(method)} {escape(_shown_url(request.url, options))}")
    if options.identification is not None:
        request = structs.replace(request, headers=HeaderList((*request.headers.lines, options.identification)))
    recorded = set(unsafe_names(request.headers.lines)) - {
        name.lower() for name, _ in (*options.headers, *filter(None, [options.identification]))
    }
    for name, value in request.headers.lines:
        if authenticates(name):
            value = "(not shown)"
        elif name.lower() in recorded or (not typed and name.lower().startswith(_TAKEN_OVER)):
            value = redact_header(name, value)
        click.echo(f"  {escape(name)}: {escape(value)}")
    click.echo()


def _shown_url(url: str, options: _Options) -> str:
    return url if _is_url(options.target) else redact_url(url)


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _url(what: str, text: str) -> str:
    if not _is_url(text) or origin_of(text) == NULL or "@" in text.split("/", 3)[2]:
        raise click.UsageError(f"{what}: {escape(text)!r} is not an http or https URL without a user name")
    href: str = ada_url.URL(text).href
    return href.partition("#")[0]


def _origin(text: str) -> str:
    if text == NULL or is_serialized_origin(text):
        return text
    meant = origin_of(text)
    hint = f"; did you mean {meant}?" if meant != NULL else ", such as https://app.example"
    raise click.UsageError(f"--origin: {escape(text)!r} is not an origin{hint}")


def _method(text: str) -> str:
    if not is_token(text) or is_forbidden_method(text):
        raise click.UsageError(f"--method: {escape(text)!r} is not a method that a page can use")
    return normalize_method(text)


def _header(text: str) -> HeaderLine:
    name, colon, value = text.partition(":")
    if not colon or not is_token(name) or not value.isprintable() or not value.isascii():
        raise click.UsageError(f"--header: {escape(name)!r} is not a header line, like 'X-Requested-With: fetch'")
    if is_forbidden_request_header(name, value):
        raise click.UsageError(f"--header: no page can set {name}; the browser does" + _instead(name))
    return name, value.strip()


def _identification(text: str) -> HeaderLine:
    name, colon, value = text.partition(":")
    if not colon or not is_token(name) or not value.strip() or not value.isprintable() or not value.isascii():
        raise click.UsageError(f"--identify: {escape(name)!r} is not a header line, like 'X-Scan-By: security@app.example'")
    if name.lower() in _PART_OF_CORS or name.lower() in BROWSER_SETS or is_forbidden_request_header(name, value):
        raise click.UsageError(f"--identify: {name} is a header of the browser's own; choose another name")
    return name, value.strip()


def _instead(name: str) -> str:
    hints = {"cookie": " (see --cookie-from)", "origin": " (see --origin)"}
    return hints.get(name.lower(), "")


def _cookie(path: Path) -> str:
    try:
        text = _read_some(path).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--cookie-from {escape(str(path))}: {error}") from None
    value = text.partition(":")[2].strip() if text.lower().startswith("cookie:") else text
    if not value or "=" not in value or not value.isprintable() or not value.isascii():
        raise click.UsageError(f"--cookie-from {escape(str(path))}: holds no cookies, like a=1; b=2")
    return value
