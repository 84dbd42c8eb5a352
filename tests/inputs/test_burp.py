"""Burp's "Save items", as far as it is sound; nothing that it declares is expanded."""

from corslens.inputs.burp import open_burp
from corslens.inputs.damage import Damage
from corslens.observation.exchange import Exchange

ITEM = "<item><time>Tue Mar 05 14:33:21 CET 2024</time><url>https://a.example/x</url><request>GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n</request><response>{}</response></item>"


def read(text: str) -> tuple[list[Exchange], list[str]]:
    exchanges, damages = [], []
    for item in open_burp(text.encode(), "a.xml", "a", everything=True):
        if isinstance(item, Damage):
            damages.append(str(item))
        else:
            exchanges.append(item)
    return exchanges, damages


def test_plain_text_items() -> None:
    ((exchange,), damages) = read(f"<items>{ITEM.format('HTTP/1.1 200 OK\r\nVary: Origin\r\n\r\nbody')}</items>")
    assert damages == []
    assert exchange.response is not None
    assert (exchange.request.url, exchange.response.status, exchange.response.headers.lines) == (
        "https://a.example/x",
        200,
        (("Vary", "Origin"),),
    )


def test_an_item_without_a_response_has_no_end() -> None:
    ((exchange,), _) = read(f"<items>{ITEM.format('')}</items>")
    assert exchange.unfinished


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE items [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    exchanges, damages = read(f"{bomb}<items>{ITEM.format('&b;')}</items>")
    assert exchanges == []
    assert damages == ["a.xml: declares entities, which Burp does not write; nothing behind that was read"]


def test_a_cut_file_is_read_to_where_it_ends() -> None:
    exchanges, (damage,) = read(f"<items>{ITEM.format('')}<item><time>")
    assert len(exchanges) == 1
    assert damage.startswith("a.xml: is damaged or cut off: ")


def test_an_item_without_a_request_costs_itself() -> None:
    exchanges, damages = read(f"<items><item><url>https://a.example/</url></item>{ITEM.format('')}</items>")
    assert (len(exchanges), damages) == (1, ["a.xml: entry 0: holds no request"])
