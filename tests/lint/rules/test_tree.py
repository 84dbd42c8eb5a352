"""A tree finds the items whose conditions hold, and what is known of the facts makes it smaller, not different."""

from itertools import product
from types import SimpleNamespace

from corslens.lint.facts.vocabulary import VOCABULARY
from corslens.lint.rules.condition import Condition, Leaf, Not, Operator
from corslens.lint.rules.tree import Node, tree_of

METHOD, STATUS = "request.method", "response.status"
CONDITIONS: dict[str, tuple[Condition, ...]] = {
    "always": (),
    "put": (Leaf(METHOD, Operator.IS, "PUT"),),
    "put or get": (Leaf(METHOD, Operator.IN, ("PUT", "GET")),),
    "put 500": (Leaf(METHOD, Operator.IS, "PUT"), Leaf(STATUS, Operator.IS, 500)),
    "vary": (Leaf("response.headers", Operator.HAS, "vary"),),
    "vary, not put": (Leaf("response.headers", Operator.HAS, "vary"), Not(Leaf(METHOD, Operator.IS, "PUT"))),
    "vary and server": (Leaf("response.headers", Operator.HAS, "vary"), Leaf("response.headers", Operator.HAS, "server")),
    "high": (Leaf(STATUS, Operator.AT_LEAST, 400),),
}


def _root() -> Node[str]:
    root: Node[str] = Node()
    for name, steps in CONDITIONS.items():
        root.add(steps, name, VOCABULARY)
    return root


def _expected(method: str, status: int, names: frozenset[str]) -> set[str]:
    found = {"always"}
    found |= {"put"} if method == "PUT" else set()
    found |= {"put or get"} if method in ("PUT", "GET") else set()
    found |= {"put 500"} if (method, status) == ("PUT", 500) else set()
    found |= {"vary"} if "vary" in names else set()
    found |= {"vary, not put"} if "vary" in names and method != "PUT" else set()
    found |= {"vary and server"} if {"vary", "server"} <= names else set()
    return found | ({"high"} if status >= 400 else set())


def test_narrowed_by_anything_it_finds_the_same() -> None:
    root = _root()
    names = [frozenset(), frozenset({"vary"}), frozenset({"vary", "server"})]
    for method, status, headers in product(("PUT", "GET", "POST"), (200, 404, 500), names):
        facts = {"request_method": method, "response_status": status, "response_headers": headers}
        for known in (
            (),
            ("request_method",),
            ("response_headers",),
            ("request_method", "response_headers", "response_status"),
        ):
            tree = tree_of([root], {attribute: facts[attribute] for attribute in known})
            found: list[str] = []
            tree.collect(SimpleNamespace(**facts), found)
            assert sorted(found) == sorted(_expected(method, status, headers)), (facts, known)


def test_what_is_known_is_not_asked_again() -> None:
    put = tree_of([_root()], {"request_method": "POST", "response_headers": frozenset()})
    found: list[str] = []
    put.collect(SimpleNamespace(response_status=200), found)
    assert found == ["always"]


def test_a_branch_that_leads_nowhere_is_left_out() -> None:
    root: Node[str] = Node()
    root.add((Leaf(METHOD, Operator.IS, "PUT"), Leaf("response.headers", Operator.HAS, "vary")), "x", VOCABULARY)
    assert tree_of([root], {"response_headers": frozenset()}).empty
    assert not tree_of([root]).empty
