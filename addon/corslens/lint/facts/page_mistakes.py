"""Facts about what a page got wrong in its request, before any server had a part in it."""

from corslens.fetch.request_headers import mime_type_essence
from corslens.lint.classify.urls import url_mistake
from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.observation import Role


class PageMistakeFacts(FactsBase):
    """`request.url-mistake` and what else only the page can fix."""

    @fact("request.url-mistake")
    def request_url_mistake(self) -> str | None:
        """What in the path of the URL was put together wrongly (`has "undefined" where a value belongs`)."""
        return url_mistake(self.request.url)

    @fact("request.multipart-without-boundary", message="request", header="content-type")
    def request_multipart_without_boundary(self) -> bool:
        """Whether Content-Type is `multipart/form-data` without the boundary that browsers add when no code sets the header."""
        value = self.request_head.get("content-type") or ""
        return mime_type_essence(value) == "multipart/form-data" and "boundary" not in value.lower()

    @fact("request.wants-json", message="request", header="accept")
    def request_wants_json(self) -> bool:
        """Whether Accept names JSON first, as axios, Angular and jQuery do for data."""
        return (self.request_head.get("accept") or "").strip().lower().startswith("application/json")

    @fact("request.preflight-forced")
    def request_preflight_forced(self) -> bool:
        """Of a preflight: whether neither method nor headers need it, so that an upload listener or a streamed body does."""
        need = self.observation.need
        return self.observation.role is Role.PREFLIGHT and need is not None and need.forced
