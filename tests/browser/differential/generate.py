"""Make scenarios from a seed: each starts right and is then spoilt in a few places, so that both outcomes come up at every check."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec

from tests.browser.differential.scenario import Answer, Scenario, Target

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
MAX_AGE = "Access-Control-Max-Age"

METHODS = {
    "GET": 40,
    "POST": 25,
    "HEAD": 4,
    "PUT": 9,
    "DELETE": 5,
    "PATCH": 4,
    "patch": 3,
    "put": 2,
    "post": 2,
    "OPTIONS": 2,
    "FOO": 2,
}
UPPERCASED = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
"""Methods that browsers write in uppercase, whatever the page wrote. https://fetch.spec.whatwg.org/#concept-method-normalize"""
APIS = {"fetch": 58, "xhr": 14, "img": 6, "script": 5, "module": 3, "css": 3, "font": 3, "eventsource": 5, "beacon": 3}
HEADERS: tuple[tuple[str, str], ...] = (
    ("Content-Type", "application/json"),
    ("Content-Type", "text/plain;charset=UTF-8"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", 'text/plain; charset="x"'),
    ("Content-Type", "TEXT/PLAIN"),
    ("X-Random-Header", "42"),
    ("x-one", "1"),
    ("X-Two", "2"),
    ("Authorization", "Bearer abc"),
    ("Accept", "text/html"),
    ("Accept", "text/{html}"),
    ("Accept", "a" * 128),
    ("Accept", "a" * 129),
    ("Accept-Language", "de, en;q=0.5"),
    ("Accept-Language", "de_DE"),
    ("Content-Language", "de"),
    ("Range", "bytes=0-1"),
    ("Range", "bytes=-5"),
    ("Range", "bytes=1-"),
    ("Cache-Control", "no-cache"),
    ("If-None-Match", '"x"'),
    ("Pragma", "no-cache"),
    ("DPR", "2"),
    ("Save-Data", "on"),
    ("Upgrade-Insecure-Requests", "1"),
    ("X-Requested-With", "XMLHttpRequest"),
)
ORIGINS: tuple[tuple[str, ...], ...] = (
    (),
    ("*",),
    ("{page}",),
    ("null",),
    ("https://other.test",),
    ("{page}/",),
    ("{page}:443",),
    ("HTTPS://WWW.PAGE.TEST",),
    ("{page}", "{page}"),
    ("{page}", "*"),
    ("*", "*"),
    ("{page}, *",),
    ("{page} https://other.test",),
    ("https://*.page.test",),
    ("www.page.test",),
    ("",),
    ("", "*"),
    ("**",),
    ('"*"',),
    ("none",),
)
CREDENTIALS: tuple[tuple[str, ...], ...] = (
    (),
    ("true",),
    ("True",),
    ("false",),
    ("",),
    ("true", "true"),
    ("true, true",),
    ("1",),
)
MAX_AGES: tuple[tuple[str, ...], ...] = (
    (),
    ("600",),
    ("0",),
    ("-1",),
    ("abc",),
    ("5.5",),
    ("600", "600"),
    ("1",),
    ("999999999999",),
)
REDIRECTS = (301, 302, 303, 307, 308)


def make(seed: int, number: int) -> Scenario:
    """Return the scenario with this number in the sequence of a seed; the same two always give the same one."""
    return _Maker(random.Random(f"corslens {seed} {number}"), number).make()


KINDS = ("any", "aborts", "parallel", "cookies", "home", "cache", "workers", "blob-workers", "frames")
"""`any` is `make`; the others are about one thing each."""


def make_of(kind: str, seed: int, number: int) -> Scenario:
    """Return the scenario with this number in the sequence of a kind and a seed."""
    if kind == "any":
        return make(seed, number)
    return _Maker(random.Random(f"corslens {kind} {seed} {number}"), number).make_of(kind)


class _Maker:
    """The choices of one scenario."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.chance = chance
        self.number = number

    def often(self, percent: float) -> bool:
        return self.chance.random() * 100 < percent

    def weighted(self, weights: dict[str, int]) -> str:
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def pick[T](self, values: Sequence[T]) -> T:
        return self.chance.choice(values)

    def make(self) -> Scenario:
        page_scheme = "https" if self.often(75) else "http"
        via = "sandbox" if self.often(10) else None
        step = self.step()
        if page_scheme == "http" and (step["api"] == "beacon" or step.get("mode") == "no-cors"):
            # Without fetch metadata these and a fetch by POST in mode cors are the same bytes, though only the latter is CORS' business.
            step = {"api": "fetch", "method": "POST", "body": "x"}
        steps = [step]
        # Elements are left at one: pages remember images and the like themselves, without asking the network again.
        while step["api"] in ("fetch", "xhr") and len(steps) < 3 and self.often(35):
            steps.append(self.varied(steps[-1]) if self.often(60) else steps[-1])
        origin = "null" if via else "{page}"
        targets = {"a": self.target(step, page_scheme, origin)}
        for key, before in zip("bcd", "abc", strict=True):
            if not self.often(18 if key == "b" else 35):
                break
            targets[before] = self.redirecting(targets[before], key)
            # Behind a redirect from one foreign origin to another the origin is null, which servers rarely expect.
            targets[key] = self.target(step, page_scheme, self.pick((origin, origin, "null", "*")))
        return Scenario(
            number=self.number,
            page_scheme=page_scheme,
            via=via,
            targets=targets,
            steps=tuple(steps),
            cookie=self.often(30),
        )

    def make_of(self, kind: str) -> Scenario:
        """Make a scenario about one thing: what pages do that a proxy cannot see, or sees in pieces."""
        page_scheme = "http" if kind != "frames" and self.often(25) else "https"
        workers = ("worker", "worker", "blob-worker")
        via = (
            self.pick(workers)
            if kind == "workers"
            else "blob-worker"
            if kind == "blob-workers"
            else f"https://www.s{self.number}-frame.test/page"
            if kind == "frames"
            else None
        )
        steps = [self.fetch() for _ in range(self.pick((2, 3, 4)) if kind in ("parallel", "cookies") else 2)]
        if kind in ("cache", "parallel", "cookies"):
            steps = [{**self.pick(steps), "credentials": self.pick(("omit", "same-origin", "include"))} for _ in steps]
        if kind == "cache":
            plain = self.pick(({}, {"headers": {"X-One": "1"}}))
            steps = [{"api": "fetch", "method": "GET", "credentials": step["credentials"], **plain} for step in steps]
        if kind == "aborts":
            steps = [{**steps[0], "mode": "cors", "redirect": "follow"} for _ in range(3)]
            steps = [{**step, "abort": self.pick((0, 1, 2, 4, 8, 16, 40))} if self.often(70) else step for step in steps]
        if page_scheme == "http":  # see `make`: without fetch metadata a POST in mode no-cors has the bytes of one in mode cors
            steps = [{**step, "mode": "cors"} if step.get("mode") == "no-cors" else step for step in steps]
        target = self.target(steps[0], page_scheme, "{page}")
        if kind == "aborts":
            target = self.granting(target, steps[0])
        targets = {"a": target}
        if kind == "home":
            targets = {
                "a": self.redirecting(target, "b"),
                "b": self.target(steps[0], page_scheme, self.pick(("null", "{page}", "*"))),
            }
            targets["b"] = msgspec.structs.replace(targets["b"], place="own", scheme=page_scheme)
            steps = steps[:1]
        attributes = self.pick((
            "SameSite=None; Secure", "SameSite=Lax", "SameSite=Strict", "Secure", "HttpOnly", "Max-Age=0", "Path=/elsewhere", "Domain=page.test",
            "SameSite=None; Secure; Partitioned", "Max-Age=600; SameSite=Strict; HttpOnly",
        ))  # fmt: skip
        return Scenario(
            number=self.number,
            page_scheme=page_scheme,
            via=via,
            targets=targets,
            steps=tuple(steps),
            cookie=kind == "cookies",
            cookie_attributes=attributes,
            parallel=kind == "parallel",
            cached=self.pick(("max-age=60", "no-cache", "max-age=0")) if kind == "cache" else None,
        )

    def granting(self, target: Target, step: dict[str, Any]) -> Target:
        """Return a target that grants all that is asked; with credentials it may not, for nothing shows whether those were included."""
        common = ((ALLOW_ORIGIN, "{page}"), *(((ALLOW_CREDENTIALS, "true"),) if step.get("credentials") == "include" else ()))
        names = ", ".join(step.get("headers", {}))
        method = step.get("method", "GET")
        method = method.upper() if method.upper() in UPPERCASED else method
        preflight = (*common, (ALLOW_METHODS, method), *(((ALLOW_HEADERS, names),) if names else ()))
        return Target(
            place=target.place,
            scheme=target.scheme,
            preflight=Answer(status=204, headers=preflight),
            actual=Answer(headers=common),
        )

    def step(self) -> dict[str, Any]:
        api = self.weighted(APIS)
        match api:
            case "fetch":
                return self.fetch()
            case "xhr":
                method = self.weighted(METHODS)
                step: dict[str, Any] = {"api": api, "method": method, "headers": self.headers()}
                if method.upper() in ("POST", "PUT", "PATCH") and self.often(70):
                    step["body"] = "x"
                if self.often(40):
                    step["credentials"] = "include"
                if self.often(6):
                    step["upload"] = True
                return step
            case "img" | "script" | "css":
                return {"api": api, "crossorigin": self.pick(("anonymous", "use-credentials", None))}
            case "module":
                return {"api": api, "crossorigin": self.pick(("anonymous", "use-credentials"))}
            case "eventsource":
                return {"api": api, **({"credentials": "include"} if self.often(50) else {})}
            case "beacon":
                return {"api": api, "body": "x"}
        return {"api": api}

    def fetch(self) -> dict[str, Any]:
        method = self.weighted(METHODS)
        step: dict[str, Any] = {"api": "fetch", "method": method, "headers": self.headers()}
        step["credentials"] = self.pick(("omit", "same-origin", "same-origin", "include", "include"))
        if method.upper() in ("POST", "PUT", "PATCH") and self.often(70):
            step["body"] = "x"
        if self.often(6):
            step["mode"] = self.pick(("no-cors", "same-origin"))
        if self.often(6):
            step["redirect"] = self.pick(("error", "manual"))
        if self.often(10):
            step["cache"] = self.pick(("no-store", "reload", "no-cache"))
        if self.often(4):
            step["referrerPolicy"] = self.pick(("no-referrer", "origin"))
        return step

    def headers(self) -> dict[str, str]:
        count = self.chance.choices((0, 1, 2, 3), (45, 32, 17, 6))[0]
        return dict(self.pick(HEADERS) for _ in range(count))

    def varied(self, step: dict[str, Any]) -> dict[str, Any]:
        """The next request, which an entry of the preflight cache may or may not cover."""
        again = dict(step)
        match self.pick(("method", "headers", "credentials")):
            case "method":
                again["method"] = self.weighted(METHODS)
                if again["method"].upper() in ("GET", "HEAD"):
                    again.pop("body", None)
            case "headers":
                again["headers"] = self.headers()
            case "credentials":
                again["credentials"] = "omit" if step.get("credentials") == "include" else "include"
        return again

    def target(self, step: dict[str, Any], page_scheme: str, origin: str) -> Target:
        place = self.weighted({"cross": 58, "far": 8, "site": 16, "port": 12, "own": 6})
        # An https page's request for http is mixed content, which never reaches a proxy.
        scheme = "https" if page_scheme == "https" or self.often(35) else "http"
        if place == "own":
            scheme = page_scheme
        credentialed = step.get("credentials") == "include" or step.get("crossorigin") == "use-credentials"
        credentialed = credentialed or step["api"] == "beacon"
        allow = "*" if origin == "*" or (not credentialed and self.often(35)) else origin
        common: list[tuple[str, str]] = [(ALLOW_ORIGIN, allow)]
        if credentialed:
            common.append((ALLOW_CREDENTIALS, "true"))
        preflight = [*common, (ALLOW_METHODS, step.get("method", "GET"))]
        names = ", ".join(step.get("headers", {}))
        if names or self.often(20):
            preflight.append((ALLOW_HEADERS, names or "x-unused"))
        if self.often(50):
            preflight.append((MAX_AGE, "600"))
        answer = Target(
            place=place,
            scheme=scheme,
            preflight=Answer(status=self.pick((200, 204)), headers=tuple(preflight)),
            actual=Answer(status=self.pick((200, 200, 200, 201, 404)), headers=tuple(common)),
        )
        return Target(
            place=place,
            scheme=scheme,
            preflight=self.spoilt_preflight(answer.preflight, step) if self.often(45) else answer.preflight,
            actual=self.spoilt(answer.actual) if self.often(40) else answer.actual,
        )

    def spoilt(self, answer: Answer) -> Answer:
        """Spoil what every CORS answer has."""
        for _ in range(self.chance.choices((1, 2), (80, 20))[0]):
            match self.weighted({"origin": 50, "credentials": 30, "status": 15, "hang up": 5}):
                case "origin":
                    answer = answer.with_header(ALLOW_ORIGIN, *self.pick(ORIGINS))
                case "credentials":
                    answer = answer.with_header(ALLOW_CREDENTIALS, *self.pick(CREDENTIALS))
                case "status":
                    status = self.pick((400, 401, 403, 404, 500, 503))
                    answer = Answer(status=status, headers=() if self.often(50) else answer.headers)
                case _:
                    answer = Answer(hang_up=True)
        return answer

    def spoilt_preflight(self, answer: Answer, step: dict[str, Any]) -> Answer:
        """Spoil what only a preflight's answer has, or what every answer has."""
        method = step.get("method", "GET")
        names = list(step.get("headers", {}))
        for _ in range(self.chance.choices((1, 2, 3), (65, 25, 10))[0]):
            match self.weighted({"common": 35, "methods": 25, "headers": 25, "age": 10, "redirect": 5}):
                case "common":
                    answer = self.spoilt(answer)
                case "methods":
                    variants: tuple[tuple[str, ...], ...] = (
                        (), ("*",), (method.lower(),), (method.upper(),), ("GET,POST",), (f", {method} ,",), ("PU T",), ("",),
                        (method, "GET"), ("GET", method), (f'"{method}"',), (f"{method};q=1",), ("*, GET",),
                    )  # fmt: skip
                    answer = answer.with_header(ALLOW_METHODS, *self.pick(variants))
                case "headers":
                    joined = ", ".join(names)
                    others: tuple[tuple[str, ...], ...] = (
                        (), ("*",), (joined.lower(),), (joined.upper(),), ("x y",), ("",), (", ".join(names[:-1]),),
                        (f", {joined} ,",), (*names, "x-other"), (f"*, {joined}",), ("authorization",), ("content-type",),
                    )  # fmt: skip
                    answer = answer.with_header(ALLOW_HEADERS, *self.pick(others))
                case "age":
                    answer = answer.with_header(MAX_AGE, *self.pick(MAX_AGES))
                case _:
                    answer = Answer(status=self.pick(REDIRECTS), headers=(*answer.headers, ("Location", "{url:a}?again")))
        return answer

    def redirecting(self, target: Target, to: str) -> Target:
        """Let a target's answer (kept as it is otherwise) lead to another target."""
        location = ("{user:" if self.often(4) else "{url:") + to + "}"
        actual = target.actual
        if not actual.hang_up:
            actual = Answer(status=self.pick(REDIRECTS), headers=(*actual.headers, ("Location", location)))
        return Target(place=target.place, scheme=target.scheme, preflight=target.preflight, actual=actual)
