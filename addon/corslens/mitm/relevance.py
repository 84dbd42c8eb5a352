"""Say quickly, from raw header lines, whether a flow can have anything to do with CORS: `observation.relevance` on mitmproxy's bytes."""

from corslens.bounded_cache import bounded_cache
from corslens.fetch.limits import HEADER_LINES
from corslens.mitm.fields import request_fields
from corslens.mitm.heads import RequestHead, ResponseHead
from corslens.observation import relevance


def request_concerns_cors(head: RequestHead) -> bool:
    """Say whether a request comes from another origin or is for a document or a worker, as far as its header lines show."""
    if len(head.fields) > HEADER_LINES:
        return True  # what is beyond might tell; nothing is looked up by so many lines
    read = request_fields(head.fields)
    if read.is_own and head.method != b"OPTIONS":
        return False
    asker, method = read.asker, head.method.decode("latin-1")
    host = head.authority.decode("latin-1") if asker.host is None else asker.host
    return relevance.request_concerns_cors(asker, method, f"{head.scheme.decode('latin-1')}://{host}")


def response_concerns_cors(head: ResponseHead) -> bool:
    """Say whether a response allows something to other origins, or may lead to one."""
    fields, status = head.fields, head.status
    return (
        (300 <= status < 400 and status != 304) or len(fields) > HEADER_LINES or _concern(tuple([name for name, _ in fields]))
    )


@bounded_cache(4096)
def _concern(names: tuple[bytes, ...]) -> bool:
    return any(relevance.concerns_other_origins(name.decode("latin-1")) for name in names)
