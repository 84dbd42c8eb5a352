"""Connection-Allowlist, as Chromium 156 takes it."""

import pytest
from corslens.fetch.connection_allowlist import follows_redirects


@pytest.mark.parametrize(
    ("value", "follows"),
    [
        ("(response-origin)", False),
        ('(response-origin "https://a.example")', False),
        ('("https://a.example");redirects=allow', True),
        ('("https://a.example") ; report-to=x; redirects=allow', True),
        ('("https://a.example");redirects=block', False),
        ('("https://a.example");redirects="allow"', False),
        ('("https://a.example");redirects', False),
        ('("https://a.example");redirects=?1', False),
        ('("https://a.example;redirects=allow")', False),
        (r'("https://a.example/\")");redirects=allow', True),
        ('("https://a.example"), ("x");redirects=allow', False),
        ("response-origin", None),
        ("*", None),
        ('"https://a.example"', None),
        ("(unfinished", None),
    ],
)
def test_values(value: str, follows: bool | None) -> None:
    assert follows_redirects(value) is follows


def test_a_long_one_takes_no_time() -> None:
    assert follows_redirects("(" + '"a" ' * 100_000) is None
    assert follows_redirects('("a")' + ";a" * 100_000) is False
