"""What in a path shows that a page put the URL together wrongly, and what does not."""

import pytest
from corslens.lint.classify.urls import url_mistake


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://api.example/undefined/users", '"undefined"'),
        ("https://api.example/users/null", '"null"'),
        ("https://api.example/users/[object%20Object]", '"[object Object]"'),
        ("https://api.example/users/:id/orders", '":id"'),
        ("https://api.example/users/%7Bid%7D", '"{id}"'),
        ("https://api.example/$%7BAPI%7D/users", '"${API}"'),
        ("https://api.example//v1/users", "doubled slash"),
        ("https://api.example/v1//users", "doubled slash"),
        ("https://api.example/v1%20/users", "space"),
        ("https://api.example/users%0A", "space"),
        ("https://api.example/users%E2%80%8B?a=1", "space"),
    ],
)
def test_what_no_server_knows_is_named(url: str, part: str) -> None:
    assert part in (url_mistake(url) or "")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/",
        "https://api.example/users/nullable/undefined-behavior",
        "https://api.example/models/gemini:generateContent",
        "https://api.example/a%20b/c",
        "https://proxy.example/https://api.example/users",
        "https://api.example/users?next=//a",
        "https://api.example/users?next=undefined&x=:id",
        "https://api.example/@scope/{a}b",
    ],
)
def test_an_ordinary_path_is_not(url: str) -> None:
    assert url_mistake(url) is None
