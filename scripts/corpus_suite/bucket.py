"""A bucket on loopback, which moto serves from a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_SERVER = """
import logging
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), sep=":", flush=True)
input()
"""


@contextmanager
def bucket() -> Iterator[str]:
    """Yield the URL of a bucket, which this process and those that it starts can reach.

    Raises: FileNotFoundError without moto or s3fs.
    """
    if not (find_spec("moto") and find_spec("s3fs")):
        raise FileNotFoundError("it takes moto[server] and s3fs")
    s3fs: Any = import_module("s3fs")
    process = subprocess.Popen([sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://{process.stdout.readline().strip()}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("corpus")
        yield "s3://corpus"
    finally:
        process.communicate("\n")


def put(path: Path, url: str) -> str:
    """Copy a file into the bucket, and return its URL."""
    import_module("s3fs").S3FileSystem().put_file(str(path), url)
    return url
