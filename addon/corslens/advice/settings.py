"""Settings for a server, written from a policy."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import jinja2
from msgspec import Struct, structs

from corslens.advice.policy import Observed, Policy, draw_policies, without
from corslens.advice.quoting import LANGUAGES, Language, escape_regex
from corslens.advice.table import SERVERS, Server, server_named, server_of
from corslens.fetch.constants import canonical_name
from corslens.fetch.origins import is_potentially_trustworthy
from corslens.lint.rules.loader import bundled_products

_WHERE = re.compile(r"^>>> (.*)\n", re.MULTILINE)
"""Templates head each block with a line `>>> where it belongs`."""


class Block(Struct, frozen=True, kw_only=True):
    """Lines that belong together, and where."""

    where: str
    text: str


class Advice(Struct, frozen=True, kw_only=True):
    """What to write into a server's configuration."""

    server: Server
    blocks: tuple[Block, ...]
    text: str
    """All blocks, headed by comments; made of validated values only, so it holds no control character. Empty when nothing may be allowed."""
    policies: tuple[Policy, ...]
    warnings: tuple[str, ...]
    """For people; text from the wire in it is not yet escaped."""
    tested: bool
    """Our tests start this server with settings from the same template."""
    guessed: bool
    """The server was guessed from its fingerprints."""


def advise(
    seen: Iterable[Observed], server: str | None = None, allow_origins: Sequence[str] = (), *, api: str | None = None
) -> Advice:
    """Write a server's settings for what the exchanges needed.

    Args:
        seen: inspections, or anything else with an observation.
        server: its name; None guesses it from the responses.
        allow_origins: the origins that are the user's own.
        api: only this API's serialized origin.
    Raises: ValueError for an unknown server, a bad origin, no CORS exchange at all, or when the server cannot be guessed.
    """
    known = tuple(seen)
    chosen = server_named(server) if server is not None else guess_server(known, api=api)
    drawn = draw_policies(known, allow_origins=allow_origins, api=api, by_path=chosen is None or chosen.by_path)
    if not drawn.policies:
        if drawn.warnings:
            raise ValueError("\n".join(drawn.warnings))
        raise ValueError("no cross-origin exchange to derive a policy from" + (f" for {api}" if api else ""))
    if chosen is None:
        names = ", ".join(one.name for one in SERVERS)
        raise ValueError(f"the responses do not show which server sent them; name it, one of {names}")
    if server is not None:
        return write(chosen, drawn.policies, drawn.warnings)
    others = {policy.api: guess_server(known, api=policy.api) or chosen for policy in drawn.policies}
    return write(
        chosen,
        [policy for policy in drawn.policies if others[policy.api] is chosen],
        [
            *drawn.warnings,
            *(
                f"{each}: looks like {one.title}; write its settings separately with --api {each}"
                for each, one in others.items()
                if one is not chosen
            ),
        ],
        guessed=True,
    )


def write(
    server: Server, policies: Sequence[Policy], warnings: Sequence[str] = (), *, guessed: bool = False, supposed: bool = False
) -> Advice:
    """Write the server's settings for policies.

    Args:
        guessed: the server was.
        supposed: nobody named the origins; the text says that they have to be the user's own.
    """
    language = LANGUAGES[server.language]
    warned = list(warnings)
    blocks: list[Block] = []
    parts: list[str] = []
    usable = tuple(policy for policy in policies if policy.origins)
    for number, policy in enumerate(usable):
        fitting, dropped = _fit(server, language, policy)
        warned += dropped
        own = _render(server, fitting, suffix="" if number == 0 else f"_{number + 1}")
        blocks += own
        parts.append(_headed(server, language, fitting, own, guessed=guessed, supposed=supposed))
    for policy in policies:
        if not policy.origins:
            warned.append(f"{policy.api}: no origin can be allowed on this evidence; name your own origins with --allow-origin")
    return Advice(
        server=server,
        blocks=tuple(blocks),
        text="\n".join(parts),
        policies=usable,
        warnings=tuple(dict.fromkeys(warned)),
        tested=server.tested,
        guessed=guessed,
    )


def guess_server(seen: Iterable[Observed], *, api: str | None = None) -> Server | None:
    """Name the server that most of the cross-origin responses look like, or None."""
    votes: Counter[Server] = Counter()
    catalog = bundled_products()
    for each in seen:
        observation = each.observation
        response = observation.exchange.response
        if response is None or not observation.is_cors or api not in (None, observation.target_origin):
            continue
        products = catalog.of(observation.exchange.request, response)
        server = next((server for product in products if (server := server_of(product.id)) is not None), None)
        if server is not None:
            votes[server] += 1
    return votes.most_common(1)[0][0] if votes else None


def _fit(server: Server, language: Language, policy: Policy) -> tuple[Policy, list[str]]:
    """Leave out what the server or its configuration language cannot say."""
    fitting, dropped = without(policy, language.unquotable | frozenset(server.unwritable))
    left_out = [f"{policy.api}: {value!r} is left out: {server.title} has no way to write it" for value in dropped]
    if server.known_methods:
        unknown = [item.value for item in fitting.methods if item.value not in server.known_methods]
        if unknown:
            left_out.append(f"{policy.api}: {server.title} cannot allow the methods {', '.join(unknown)}")
            fitting = structs.replace(
                fitting, methods=tuple(item for item in fitting.methods if item.value in server.known_methods)
            )
    return fitting, left_out


def _headed(
    server: Server, language: Language, policy: Policy, blocks: Iterable[Block], *, guessed: bool, supposed: bool
) -> str:
    mark = language.comment
    where = f" {' '.join(policy.paths)}" if policy.paths else ""
    lines = [f"{mark} {server.title}: CORS for {policy.api}{where}, written by corslens from observed traffic."]
    if guessed:
        lines.append(f"{mark} The server is a guess from its response headers.")
    if supposed:
        lines.append(
            f"{mark} Use this only if the origin is your own: {', '.join(item.value for item in policy.origins)}. It sent requests and is not allowed today."
        )
    if policy.today:
        lines.append(
            f"{mark} These settings drop what the application sends today ({policy.today})."
            if server.replaces
            else f"{mark} First remove whatever sends today's CORS headers, in the application or in another layer, or browsers get them twice: {policy.today}."
        )
    if not server.tested:
        lines.append(f"{mark} Not run by our tests: checked against the documented option names only ({server.docs}).")
    for block in blocks:
        lines += ["", f"{mark} ---- {block.where}", block.text.rstrip("\n")]
    return "\n".join(lines) + "\n"


def _render(server: Server, policy: Policy, *, suffix: str) -> tuple[Block, ...]:
    template = _environment(server.language).get_template(f"{server.name}.j2")
    origins = [item.value for item in policy.origins]
    text = template.render(
        origins=origins,
        insecure_origins=[origin for origin in origins if not is_potentially_trustworthy(origin)],
        methods=[item.value for item in policy.methods] or ["GET"],
        headers=[canonical_name(item.value) for item in policy.request_headers],
        exposed=[canonical_name(item.value) for item in policy.exposed_headers],
        credentials=policy.credentials is not None,
        max_age=policy.max_age_seconds,
        paths=list(policy.paths),
        api=policy.api,
        suffix=suffix,
    )
    pieces = _WHERE.split(text)
    return tuple(
        Block(where=where, text=body.strip("\n") + "\n") for where, body in zip(pieces[1::2], pieces[2::2], strict=True)
    )


@cache
def _environment(name: str) -> jinja2.Environment:
    language = LANGUAGES[name]
    # Autoescaping is for HTML; here every value goes through the language's own quoting, and a test sees to it.
    environment = jinja2.Environment(
        loader=_LOADER, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["q"] = language.quote
    environment.filters["qlist"] = lambda values: ", ".join(language.quote(value) for value in values)
    environment.filters["regex"] = escape_regex
    return environment


_LOADER = jinja2.PackageLoader("corslens.advice", "servers")
