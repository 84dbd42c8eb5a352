"""Response headers that application code reads: caching, paging, limits, downloads, tracing, tokens.

Whether a page could want a header is opinion, and lint and advice have to be of one: what one calls unreadable the other exposes.
"""

USEFUL_RESPONSE_HEADERS = frozenset({
    "etag", "link", "location", "content-disposition", "content-range", "retry-after", "accept-ranges", "allow", "server-timing",
    "www-authenticate", "x-total-count", "x-total", "x-total-pages", "x-page", "x-per-page", "x-next-page", "x-request-id",
    "x-correlation-id", "x-trace-id", "request-id", "traceparent", "x-amzn-requestid", "x-amzn-trace-id",
    "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
    "ratelimit", "ratelimit-policy", "x-csrf-token", "x-xsrf-token", "x-auth-token", "authorization", "x-access-token", "x-refresh-token",
    "x-next-cursor", "x-pagination", "pagination-count", "x-filename", "x-file-name", "upload-offset", "upload-length",
    "tus-resumable", "mcp-session-id", "grpc-status", "grpc-message", "deprecation", "sunset", "warning", "idempotency-key",
})  # fmt: skip
"""Lower-case names."""
