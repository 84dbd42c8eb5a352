"""Known, Unknown and Likely: what a proxy cannot see has a type, so that no guess passes for a fact."""

from msgspec import Struct


class Known[T](Struct, frozen=True, gc=False, tag=True):
    """A value and what proves it."""

    value: T
    evidence: tuple[str, ...] = ()
    """Short kebab-case names of the proofs, strongest first, for instance `cookie`."""


class Unknown(Struct, frozen=True, gc=False, tag=True):
    """No value, and why the wire does not show one."""

    why: str


class Likely[T](Struct, frozen=True, gc=False):
    """A value for which something speaks that is no proof. Verdicts never stand on one; they name it."""

    value: T
    evidence: tuple[str, ...]
    """Short kebab-case names of what speaks for it, strongest first."""
