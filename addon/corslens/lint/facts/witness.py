"""Facts about the browser's own word: what it refused to send or kept from the page, and which code asked."""

from corslens.fetch.constants import ACCESS_CONTROL_ALLOW_ORIGIN
from corslens.lint.docs.console_lines import rules_of_line
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.witness.refusals import Refusal


class WitnessFacts(FactsBase):
    """`witness.*`."""

    @fact("witness.refusal", rare=True)
    def witness_refusal(self) -> Refusal | None:
        """Why the browser refused the request or kept its response, as it says itself (a HAR of DevTools, a Playwright trace, a NetLog)."""
        witness = self.observation.exchange.witness
        return None if witness is None else witness.refusal

    @fact("witness.code", rare=True)
    def witness_code(self) -> str | None:
        """The browser's own word for it: `net::ERR_BLOCKED_BY_CLIENT`, `csp`; `no reason given` where it says none."""
        witness = self.observation.exchange.witness
        return None if witness is None or witness.refusal is None else witness.code or "no reason given"

    @fact("witness.console", rare=True)
    def witness_console(self) -> str | None:
        """Why CORS blocked the request, in the words of the browser's console (a Playwright trace)."""
        witness = self.observation.exchange.witness
        return None if witness is None or witness.refusal is not Refusal.UNSPECIFIED else witness.console

    @fact("witness.console-reason", rare=True)
    def witness_console_reason(self) -> str | None:
        """The reason to block that `witness.console` stands for; nothing for words that are not known."""
        console = self.witness_console
        return None if console is None else next(iter(rules_of_line(console)), None)

    @fact("witness.from-cache")
    def witness_from_cache(self) -> str | None:
        """The browser's cache that served the response (`disk`, `memory`), as it says itself; nothing was sent to the server then."""
        witness = self.observation.exchange.witness
        return None if witness is None else witness.from_cache

    @fact("witness.explained", rare=True)
    def witness_explained(self) -> bool:
        """Whether what the browser refused is explained by its preflight or by a redirect before it, which were seen and fail their checks."""
        return self.observation.explained_by is not None

    @fact("witness.stored-without-cors", rare=True)
    def witness_stored_without_cors(self) -> bool:
        """Whether the browser had the response in store from a request without CORS (an image, a link), without Access-Control-Allow-Origin."""
        stored = self.observation.stored_without_cors
        return stored is not None and ACCESS_CONTROL_ALLOW_ORIGIN not in stored.headers

    @fact("witness.cross-origin", rare=True)
    def witness_cross_origin(self) -> bool:
        """Whether what the browser refused was to another origin than the page's, as far as is known."""
        observation = self.observation
        if self.witness_refusal is None:
            return False
        page = observation.page_origin or observation.origin
        return page is not None and page != observation.target_origin
