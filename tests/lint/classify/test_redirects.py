"""What a redirect changes."""

import pytest
from corslens.lint.classify.redirects import Redirection, redirection


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/me/", Redirection.TRAILING_SLASH),
        ("http://api.example.com/me/", Redirection.TRAILING_SLASH),
        ("https://api.example.com/me", Redirection.TO_HTTPS),
        ("https://api.example.com/me/", Redirection.TO_HTTPS),
        ("http://www.api.example.com/me", Redirection.WWW),
        ("/ME", Redirection.CASE),
        ("/login?next=/me", Redirection.LOGIN),
        ("https://accounts.example.net/oauth2/authorize", Redirection.LOGIN),
        ("/other", Redirection.SAME_ORIGIN),
        ("https://cdn.example.net/me", Redirection.OTHER_ORIGIN),
        ("data:text/plain,x", Redirection.OTHER_ORIGIN),
        ("https://", Redirection.UNPARSABLE),
    ],
)
def test_kinds(location: str, kind: Redirection) -> None:
    assert redirection("http://api.example.com/me", location) is kind
