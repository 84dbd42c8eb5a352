"""Hosts: where a host is, who may have pages on it, and whether it merely looks like another one."""

from enum import StrEnum

from corslens.bounded_cache import bounded_cache
from corslens.fetch.origins import host_of, is_ip_address, is_loopback, is_schemelessly_same_site, registrable_domain


class NetworkScope(StrEnum):
    """Where a host is, as its name shows."""

    LOOPBACK = "loopback"
    """This machine, or a name that is reserved for testing (`.test`), which no public server has."""
    PRIVATE = "private"
    """An address or a name that only resolves inside a network."""
    PUBLIC = "public"


class KnownInside(StrEnum):
    """Where alone a name is known."""

    CONTAINERS = "containers"
    """Among containers, or in a company's network: a name of one label."""
    CLUSTER = "cluster"
    """In a Kubernetes cluster: a Service's name."""


class Hosting(StrEnum):
    """Who may put a page on an origin."""

    SANDBOX = "sandbox"
    """Anyone, at once and without a name: a code playground."""
    SHARED = "shared"
    """Anyone with an account: the host gives names below its own."""
    OWN = "own"


class LookAlike(StrEnum):
    """How a cross-site host resembles the host that trusts it."""

    PREFIX = "prefix"
    """It begins with the whole host: `api.example.com.evil.net`, `api.example.comevil.net`."""
    SUFFIX = "suffix"
    """It ends with the host, but not at a dot: `evilexample.com`."""
    DOT = "dot"
    """A dot became another character: `apiXexample.com`."""
    SUBSTRING = "substring"
    """A character is missing at an end: `xample.com`, `example.co`."""
    CHARACTER = "character"
    """It continues the host with a character that browsers accept in names and careless parsers stop at: `example.com_.evil.net`."""
    LOCALHOST = "localhost"
    """It begins with `localhost` and is elsewhere: `localhost.evil.net`."""


# RFC 6762 (.local), RFC 8375 (.home.arpa), ICANN 2024 (.internal), and the names that routers and companies use.
_INTERNAL_SUFFIXES = (".local", ".internal", ".intranet", ".lan", ".home.arpa", ".corp", ".home", ".private")

_SANDBOXES = frozenset({
    "codepen.io", "cdpn.io", "jsfiddle.net", "fiddle.jshell.net", "jshell.net", "jsbin.com", "codesandbox.io", "csb.app", "stackblitz.io",
    "stackblitz.com", "webcontainer.io", "repl.it", "replit.com", "replit.dev", "repl.co", "plnkr.co", "plunker.co", "glitch.me",
    "js.do", "jsitor.com", "playcode.io", "runkit.sh", "observableusercontent.com", "scratch.page", "webflow.io",
})  # fmt: skip
_SHARED = frozenset({
    "github.io", "gitlab.io", "bitbucket.io", "netlify.app", "netlify.com", "vercel.app", "now.sh", "herokuapp.com", "pages.dev",
    "workers.dev", "web.app", "firebaseapp.com", "appspot.com", "run.app", "azurewebsites.net", "azurestaticapps.net",
    "cloudfront.net", "amazonaws.com", "amplifyapp.com", "fly.dev", "onrender.com", "railway.app", "surge.sh", "blogspot.com",
    "wordpress.com", "wixsite.com", "weebly.com", "neocities.org", "deno.dev", "ngrok.io", "ngrok.app", "ngrok-free.app", "ngrok-free.dev",
    "loca.lt", "trycloudflare.com", "serveo.net", "translate.goog", "googleusercontent.com", "githubusercontent.com",
    "ipfs.io", "dweb.link", "hf.space", "streamlit.app", "lovable.app", "bolt.host", "ondigitalocean.app",
})  # fmt: skip
# What people call the origin with which they try out whether a server allows any origin.
_MADE_UP = frozenset(
    {"evil", "attacker", "attack", "hacker", "malicious", "malory", "mallory", "untrusted", "nobody", "phishing"}
)
_PARSER_STOPS = "_`{}|^~!$&'()*+,;=-"


@bounded_cache(4096)
def place_of(origin: str) -> NetworkScope:
    """Return where the host of a serialized origin is."""
    host = host_of(origin).rstrip(".")
    if is_loopback(host) or host.endswith(".test"):  # RFC 6761, section 6.2
        return NetworkScope.LOOPBACK
    if is_ip_address(host):
        return NetworkScope.PRIVATE if _is_private_address(host) else NetworkScope.PUBLIC
    if host and ("." not in host or host.endswith(_INTERNAL_SUFFIXES)):
        return NetworkScope.PRIVATE
    return NetworkScope.PUBLIC


def known_inside(origin: str) -> KnownInside | None:
    """Return where alone the host of a serialized origin is known, None for a name or address that may be known anywhere."""
    host = host_of(origin).rstrip(".")
    if host.endswith((".svc", ".svc.cluster.local")):
        return KnownInside.CLUSTER
    single = bool(host) and "." not in host and not is_loopback(host) and not is_ip_address(host)
    return KnownInside.CONTAINERS if single or host.endswith(".docker.internal") else None


def _is_private_address(host: str) -> bool:
    """Standard: RFC 1918, RFC 3927, RFC 6598, RFC 4193, RFC 4291."""
    if host.startswith("["):
        first = host[1:].partition(":")[0].lower()
        return first[:2] in ("fc", "fd") or first[:3] in ("fe8", "fe9", "fea", "feb")
    one, two, *_ = (int(part) for part in host.split("."))
    return (
        one == 10
        or (one == 172 and 16 <= two <= 31)
        or (one == 192 and two == 168)
        or (one == 169 and two == 254)
        or (one == 100 and 64 <= two <= 127)
    )


@bounded_cache(4096)
def hosting_of(origin: str) -> Hosting:
    """Return who may put a page on a serialized origin."""
    host = host_of(origin)
    labels = host.split(".")
    tails = {".".join(labels[-count:]) for count in (2, 3) if count <= len(labels)}
    if tails & _SANDBOXES:
        return Hosting.SANDBOX
    if tails & _SHARED:
        return Hosting.SHARED
    return Hosting.OWN


@bounded_cache(4096)
def is_test_origin(origin: str) -> bool:
    """Say whether no server lists this serialized origin on purpose: a made-up name, one below `.invalid`, or a code playground."""
    labels = host_of(origin).split(".")
    if labels[-1] == "invalid" or hosting_of(origin) is Hosting.SANDBOX:
        return True
    return any(word in _MADE_UP for label in labels for word in label.split("-"))


@bounded_cache(4096)
def look_alike(origin: str, target: str) -> LookAlike | None:
    """Say how the host of one serialized origin resembles the target's, None when they are one site or nothing alike."""
    host, own = host_of(origin), host_of(target)
    if not host or not own or is_schemelessly_same_site(origin, target) or is_ip_address(host):
        return None
    if host.startswith("localhost") and not is_loopback(host):
        return LookAlike.LOCALHOST
    if is_ip_address(own) or is_loopback(own):
        return None
    site = registrable_domain(own)
    if site is None:
        return None
    for whole in (own, site):
        at = host.find(whole)
        if at >= 0 and (at == 0 or host[at - 1] == "."):
            rest = host[at + len(whole) :]
            return LookAlike.CHARACTER if rest[:1] in tuple(_PARSER_STOPS) or rest[:1] == "%" else LookAlike.PREFIX
    for whole in (own, site):
        if _differs_in_a_dot(host, whole) or _differs_in_a_dot(host, f"{host.partition('.')[0]}.{whole}"):
            return LookAlike.DOT
    if host.endswith(site):
        return LookAlike.SUFFIX
    name = registrable_domain(host) or host
    if name in (site[1:], site[:-1]) and "." in name:
        return LookAlike.SUBSTRING
    return None


def _differs_in_a_dot(host: str, whole: str) -> bool:
    if len(host) != len(whole):
        return False
    differences = [(mine, theirs) for mine, theirs in zip(host, whole, strict=True) if mine != theirs]
    return len(differences) == 1 and differences[0][1] == "."
