"""Known and Unknown: what a proxy cannot see has a type, so that nobody takes a guess for a fact."""

from msgspec import Struct


class Known[T](Struct, frozen=True, gc=False):
    """A value and what proves it."""

    value: T
    evidence: tuple[str, ...] = ()
    """Short kebab-case names of the proofs, strongest first, for instance `cookie`."""


class Unknown(Struct, frozen=True, gc=False):
    """No value, and why the wire does not tell."""

    why: str
