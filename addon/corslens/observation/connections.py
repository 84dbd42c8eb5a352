"""Connections: what an engine's habit to keep credentialed requests on connections of their own tells of a request.

Standard: a connection pool is keyed by credentials, https://fetch.spec.whatwg.org/#concept-connection; not every engine does so.
"""

from corslens.engines.profile import EngineProfile
from corslens.fetch.credentials import CredentialsMode
from corslens.observation.bounded import Bounded
from corslens.observation.evidence import Known, Unknown
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Role


class Connections:
    """The kinds of the client connections seen, bounded."""

    def __init__(self, limit: int) -> None:
        self.kinds: Bounded[str, bool | None] = Bounded(limit)
        """Whether a connection carries credentials; None when it was seen to do both."""

    def kind(self, exchange: Exchange, profile: EngineProfile) -> bool | None:
        """Return whether the request's connection carries credentials, None where that is not known or tells nothing in this engine."""
        if exchange.connection is None:
            return None
        credentialed = self.kinds.get(exchange.connection)
        told = profile.credentialed_connections_tell if credentialed else profile.uncredentialed_connections_tell
        return credentialed if told else None

    def note(self, exchange: Exchange, role: Role, credentials: Known[CredentialsMode] | Unknown) -> None:
        """Learn the connection's kind from what it carries."""
        connection = exchange.connection
        if connection is None:
            return
        if role is Role.PREFLIGHT:
            credentialed = False
        elif role is Role.NAVIGATION or "cookie" in exchange.request.headers:
            credentialed = True
        elif isinstance(credentials, Known):
            credentialed = credentials.value is CredentialsMode.INCLUDE
        else:
            return
        if connection not in self.kinds:
            self.kinds[connection] = credentialed
        elif self.kinds[connection] is not credentialed:
            self.kinds[connection] = None
