"""Say quickly, from raw header lines, whether a flow can have anything to do with CORS: `observation.relevance` on mitmproxy's bytes."""

from mitmproxy import http

from corslens.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES
from corslens.mitm.fields import Fields, request_fields
from corslens.mitm.heads import FlowRequestHead
from corslens.observation import relevance


def request_concerns_cors(fields: Fields, head: FlowRequestHead | http.RequestData) -> bool:
    """Say whether a request comes from another origin or is for a document or a worker, as far as its header lines show.

    Args:
        fields: the header lines of the head.
    """
    if len(fields) > HEADER_LINES:
        return True  # what is beyond might tell; nothing is looked up by so many lines
    asker, method = request_fields(fields).asker, head.method.decode("latin-1")
    host = head.authority.decode("latin-1") if asker.host is None else asker.host
    return relevance.request_concerns_cors(asker, method, f"{head.scheme.decode('latin-1')}://{host}")


def response_concerns_cors(fields: Fields, status: int) -> bool:
    """Say whether a response allows something to other origins, or its status may have to do with them."""
    by_status = relevance.status_concerns_cors(status)
    return by_status or len(fields) > HEADER_LINES or _concern(tuple([name for name, _ in fields]))


@bounded_cache(4096)
def _concern(names: tuple[bytes, ...]) -> bool:
    return any(relevance.concerns_other_origins(name.decode("latin-1")) for name in names)
