"""What a redirect changes."""

import pytest
from corslens.lint.classify.redirects import Redirection, is_lasting, redirection, works_directly


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
        ("/oauth2/authorization/demo", Redirection.LOGIN),
        ("http://idp.example.net:8001/realms/x", Redirection.LOGIN),
        ("https://sts.example.net/adfs/ls/?SAMLRequest=fVL", Redirection.LOGIN),
        ("https://who.example.net/?client_id=1&response_type=code&state=2", Redirection.LOGIN),
        ("https://pay.example.net/c/1?return_url=http://api.example.com/me", Redirection.OTHER_ORIGIN),
        ("/other", Redirection.SAME_ORIGIN),
        ("https://cdn.example.net/me", Redirection.OTHER_ORIGIN),
        ("data:text/plain,x", Redirection.OTHER_ORIGIN),
        ("https://", Redirection.UNPARSABLE),
    ],
)
def test_kinds(location: str, kind: Redirection) -> None:
    assert redirection("http://api.example.com/me", location) is kind


@pytest.mark.parametrize(
    ("url", "location", "kind"),
    [
        ("https://api.example.com/login", "/login/", Redirection.TRAILING_SLASH),
        ("https://api.example.com/auth/token", "https://api.example.com/auth/token/", Redirection.TRAILING_SLASH),
        ("https://api.example.com//login", "/login", Redirection.DOUBLED_SLASH),
        ("https://api.example.com/a//b", "https://api.example.com/a/b", Redirection.DOUBLED_SLASH),
        ("https://api.example.com/docs", "http://api.example.com:8080/docs/", Redirection.SLASH_ELSEWHERE),
        ("https://api.example.com/login", "/login?error=1", Redirection.SAME_ORIGIN),
        ("https://auth.example.com/v1/keys", "/v2/keys", Redirection.SAME_ORIGIN),
        ("https://author.example.com/essay", "https://authors.example.com/essay2", Redirection.OTHER_ORIGIN),
    ],
)
def test_a_login_is_only_where_the_redirect_leads_to_one(url: str, location: str, kind: Redirection) -> None:
    assert redirection(url, location) is kind


@pytest.mark.parametrize(
    ("location", "works"),
    [
        ("/me/", True),
        ("https://api.example.com/me", True),
        ("https://eu.api.example.com/me", True),
        ("https://api.moved.net/me", True),
        ("http://api.example.com/v2/me", False),
        ("/login?next=/me", False),
        ("https://status.pages.example.net/maintenance", False),
        ("https://files.example.com/1?X-Amz-Expires=300&X-Amz-Signature=abc", False),
        ("https://files.example.com/1?sv=2024&se=2026-11-30&sig=abc", False),
        ("https://", False),
    ],
)
def test_what_a_page_may_request_in_place_of_a_redirect(location: str, works: bool) -> None:
    assert works_directly("https://api.example.com/me", location) is works


def test_a_signed_url_does_not_last() -> None:
    assert not is_lasting("https://files.example.com/1?Expires=1&Signature=abc")
    assert is_lasting("https://files.example.com/1?page=2#sig=a")
