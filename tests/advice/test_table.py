"""Every row has its template, every template its row, and a name is forgiving."""

from pathlib import Path

import corslens.advice
import pytest
from corslens.advice.quoting import LANGUAGES
from corslens.advice.table import _ALIASES, SERVERS, server_named, server_of
from corslens.lint.rules.loader import bundled_products


def test_a_row_is_a_template() -> None:
    """Adding a server is one of each."""
    folder = Path(corslens.advice.__file__).parent / "servers"
    assert {server.name for server in SERVERS} == {path.stem for path in folder.iterdir()}
    assert {server.language for server in SERVERS} <= set(LANGUAGES)


def test_every_product_has_its_server() -> None:
    """A product leads to the settings of the same name."""
    guessed = {product for product in bundled_products().products if server_of(product) is not None}
    assert {server.name for server in SERVERS} - guessed == {"go-jub0bs-cors", "go-rs-cors", "koa"}  # which leave no mark


@pytest.mark.parametrize(("alias", "name"), [*_ALIASES.items(), ("NGINX", "nginx"), (" Express ", "express")])
def test_other_names_are_understood(alias: str, name: str) -> None:
    """As people call them."""
    assert server_named(alias).name == name


def test_an_unknown_name_gets_the_nearest() -> None:
    """One sentence."""
    with pytest.raises(ValueError, match=r"unknown server 'ngnix'; did you mean \"nginx\"\?"):
        server_named("ngnix")
