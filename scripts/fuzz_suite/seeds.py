"""Well-formed inputs for the fuzzer to begin with."""

import json
from pathlib import Path

_ROOT = Path(__file__).parents[2]

_HAR = {
    "log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "1"},
        "entries": [
            {
                "startedDateTime": "2026-01-01T00:00:00.000Z",
                "time": 5,
                "connection": "1",
                "_resourceType": "fetch",
                "request": {
                    "method": "GET",
                    "url": "https://api.example/",
                    "httpVersion": "h2",
                    "headers": [{"name": "Origin", "value": "https://app.example"}],
                },
                "response": {
                    "status": 200,
                    "httpVersion": "h2",
                    "headers": [{"name": "Access-Control-Allow-Origin", "value": "*"}],
                    "redirectURL": "",
                    "_error": None,
                },
                "timings": {"send": 0, "wait": 1, "receive": 1},
            }
        ],
    }
}


def seeds(target: str) -> list[bytes]:
    """Return seeds for a target."""
    match target:
        case "headers":
            return [
                b"\x08https://app.example\n\x10cors\xff\xfe\x00*\n\x01true\n\x09Origin",
                b"\x08null\n\x06PUT\n\x07a,b\xff\xfe\x00null\n\x02PUT",
            ]
        case "urls":
            return [b"https://user:p@app.example:8443/a?token=x#y\n../b", b"http://[::1]/\njavascript:1"]
        case "har":
            return [json.dumps(_HAR).encode(), json.dumps({"log": {"entries": [{}, None, 1]}}).encode()]
        case "flows":
            return [b"4:true!}", _flow()]
        case "rules":
            return [path.read_bytes() for path in sorted((_ROOT / "rules").glob("*/*.yaml"))[:20]]
        case _:
            return [b"~d api.example & ~m PUT", b"https://*.example:*,loopback,any", b"- when: ~all\n  set:\n    X-A: b\n"]


def _flow() -> bytes:
    import io

    from mitmproxy.io import FlowWriter
    from mitmproxy.test import tflow

    out = io.BytesIO()
    FlowWriter(out).add(tflow.tflow(resp=True))
    return out.getvalue()
