"""A policy document (`advise --format policy`) as the page requests that it allows."""

from collections.abc import Iterator, Sequence

from corslens.advice.policy_document import ReadPolicy
from corslens.asking.checks import Expectation
from corslens.engines.sending import PageFetch
from corslens.fetch.messages import HeaderLine

_VALUES = {"content-type": "application/json"}


def policy_requests(
    policies: Sequence[ReadPolicy], *, base: str, headers: tuple[HeaderLine, ...] = (), cookie: str | None = None
) -> Iterator[Expectation]:
    """Yield a page request for each origin, path and method that the policies allow, with all headers that they allow.

    Args:
        base: the URL whose server is asked; its path goes before the policies' paths.
        headers: values of headers that the policies allow; without one, only the preflight is sent.
        cookie: what requests with credentials carry.
    """
    given = {name.lower(): (name, value) for name, value in headers}
    for policy in policies:
        for path in policy.paths or ("/",):
            for method in policy.methods or ("GET",):
                lines = tuple(
                    given.get(name.lower(), (name, _VALUES.get(name.lower(), "withheld"))) for name in policy.request_headers
                )
                unknown = [name for name in policy.request_headers if name.lower() not in (*given, *_VALUES)]
                for origin in policy.origins:
                    yield Expectation(
                        fetch=PageFetch(
                            url=f"{base.rstrip('/')}{path}",
                            origin=origin,
                            method=method,
                            headers=lines,
                            credentialed=policy.credentials,
                            cookie=cookie,
                        ),
                        withheld=f"a value for {unknown[0]} is not known: give it with --header" if unknown else None,
                    )
