"""A scenario: what a page asks for, where, and what the servers answer. Plain data, so that it can be printed and shrunk."""

import json
from typing import Any

import msgspec
from msgspec import Struct, field

PAGE_HOST = "www.page.test"
PORTS = {"https": (443, 8443), "http": (80, 8080)}
"""The usual port of a scheme and the other one."""


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a server sends. `{page}` in a value stands for the page's origin, `{url:KEY}` for a target's address,
    `{user:KEY}` for the same with a user and password in it.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = False
    """The connection is closed without an answer."""

    def get(self, name: str) -> str | None:
        """Return the first value of a header, by its exact name."""
        return next((value for given, value in self.headers if given == name), None)

    def with_header(self, name: str, *values: str) -> "Answer":
        """Return this answer with exactly these lines of that name."""
        kept = tuple(line for line in self.headers if line[0] != name)
        return msgspec.structs.replace(self, headers=(*kept, *((name, value) for value in values)))


class Target(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A URL that a page asks for or that it is redirected to."""

    place: str = "cross"
    """`own` (the page's origin), `port` (its host, another port), `site` (another host of its site), `cross`, `far` (other sites)."""
    scheme: str = "https"
    preflight: Answer = Answer(status=204)
    actual: Answer = Answer()


class Scenario(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One page's requests, made one after another."""

    number: int
    page_scheme: str = "https"
    via: str | None = None
    """`sandbox`: a sandboxed frame in the page asks, whose origin is `null`; `worker`, `blob-worker`: a worker of the page; a URL: a frame with that page."""
    targets: dict[str, Target] = field(default_factory=dict)
    """By one-letter name; `a` is the one asked for."""
    steps: tuple[dict[str, Any], ...] = ()
    """As steps.js takes them, without `url`."""
    cookie: bool = False
    """The target's host has set a cookie before."""
    cookie_attributes: str = "SameSite=None; Secure"
    parallel: bool = False
    """The requests are made at once, each with its number in the query."""
    cached: str | None = None
    """Cache-Control of the responses, which have an ETag then and are renewed by a 304; None: `no-store`."""

    @property
    def page_origin(self) -> str:
        """The origin of the page's URL."""
        return f"{self.page_scheme}://{PAGE_HOST}"

    @property
    def request_origin(self) -> str:
        """The Origin of its first requests."""
        if self.via == "sandbox":
            return "null"
        return self.page_origin if self.via in (None, "worker", "blob-worker") else self.via.rpartition("/")[0]

    def step_url(self, step: int) -> str:
        """Return the address of a request, by its number."""
        return f"{self.url('a')}?n={step}" if self.parallel else self.url("a")

    def url(self, key: str) -> str:
        """Return a target's address. The number in host and path keeps the scenarios of one run apart."""
        target = self.targets[key]
        usual, other = PORTS[target.scheme]
        host = {
            "own": PAGE_HOST,
            "port": PAGE_HOST,
            "site": f"api{self.number}.page.test",
            "cross": f"api.s{self.number}-x.test",
            "far": f"cdn.s{self.number}-y.test",
        }[target.place]
        port = other if target.place == "port" else usual
        return f"{target.scheme}://{host}{'' if port == usual else f':{port}'}/s{self.number}/{key}"

    def filled(self, answer: Answer) -> Answer:
        """Return the answer with its placeholders filled in."""
        return msgspec.structs.replace(answer, headers=tuple((name, self._fill(value)) for name, value in answer.headers))

    def _fill(self, value: str) -> str:
        value = value.replace("{page}", self.page_origin if self.request_origin == "null" else self.request_origin)
        for key in self.targets:
            value = value.replace(f"{{url:{key}}}", self.url(key))
            value = value.replace(f"{{user:{key}}}", self.url(key).replace("://", "://user:secret@"))
        return value

    def text(self) -> str:
        """Return it as JSON, defaults left out: what a disagreement prints."""
        return json.dumps(msgspec.to_builtins(self), indent=1)


def parse(text: str) -> Scenario:
    """Return the scenario that was printed so."""
    return msgspec.json.decode(text, type=Scenario)
