"""Records what a real nginx and a real Express answer to the page's requests: `python -m tests.lint.clean.record`.

Needs nginx and node, and express and cors in the folder that scripts/test-servers installs them to.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from corslens.fetch.messages import Request

from tests.lint.clean.visits import Answer, Policy, refused_steps, steps, visit

HERE = Path(__file__).parent
MODULES = HERE.parent.parent / "servers" / "apps" / "node_modules"

EXPRESS = """
const express = require(process.env.MODULES + "/express"), cors = require(process.env.MODULES + "/cors");
const app = express();
const listed = {
  origin: ["https://app.example", "https://admin.app.example"], credentials: true, methods: ["GET", "POST", "PUT", "DELETE"],
  allowedHeaders: ["content-type", "authorization"], exposedHeaders: ["X-Total-Count"], maxAge: 600,
};
app.use(cors(process.env.POLICY === "listed" ? listed : { exposedHeaders: ["X-Total-Count"], maxAge: 600 }));
const items = (req, res) => res.status(req.params.id === "404" ? 404 : 200).set("X-Total-Count", "0").json([]);
app.all("/items", items); app.all("/items/:id", items);
app.listen(Number(process.env.PORT), "127.0.0.1");
"""

NGINX = """
worker_processes 1; daemon off; pid PREFIX/pid; error_log PREFIX/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path PREFIX/a; proxy_temp_path PREFIX/b; fastcgi_temp_path PREFIX/c; uwsgi_temp_path PREFIX/d; scgi_temp_path PREFIX/e;
  MAP
  server {
    listen 127.0.0.1:PORT;
    location /items {
      SETTINGS
      add_header X-Total-Count 0 always;
      default_type application/json;
      if ($request_method = OPTIONS) { rewrite ^ /preflight last; }
      if ($uri = /items/404) { return 404 "[]"; }
      return 200 "[]";
    }
    location = /preflight {
      internal;
      SETTINGS
      add_header Access-Control-Allow-Methods "GET, POST, PUT, DELETE" always;
      add_header Access-Control-Allow-Headers "content-type, authorization" always;
      add_header Access-Control-Max-Age 600 always;
      return 204;
    }
  }
}
"""
LISTED = """
      add_header Access-Control-Allow-Origin $cors always;
      add_header Access-Control-Allow-Credentials $with always;
      add_header Access-Control-Expose-Headers X-Total-Count always;
      add_header Vary Origin always;
"""
PUBLIC = """
      add_header Access-Control-Allow-Origin * always;
      add_header Access-Control-Expose-Headers X-Total-Count always;
"""
MAP = """
  map $http_origin $cors { https://app.example $http_origin; https://admin.app.example $http_origin; }
  map $cors $with { "" ""; default true; }
"""


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **environment, "PORT": str(port)})
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _record(name: str, policy: Policy, port: int) -> None:
    answers: list[tuple[int, list[tuple[str, str]]]] = []

    def send(request: Request) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.putrequest(request.method, urlsplit(request.url).path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", "api.example")
        for line in request.headers.lines:
            if line[0] != "content-length":
                connection.putheader(*line)
        connection.putheader("Content-Length", "0")
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        connection.close()
        answers.append((answer.status, answer.getheaders()))
        return answers[-1]

    visit(send, steps(policy) + (refused_steps() if policy is Policy.LISTED else []))
    target = HERE / "recorded" / f"{name}-{policy}.json"
    target.write_text(json.dumps(answers, indent=1) + "\n")


def main() -> None:
    """Record both servers under both policies."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None or not MODULES.is_dir():
        sys.exit("nginx or the npm folder is missing: run scripts/test-servers nginx express first")
    for policy in Policy:
        with tempfile.TemporaryDirectory() as folder:
            port = _free_port()
            settings = LISTED if policy is Policy.LISTED else PUBLIC
            text = NGINX.replace("SETTINGS", settings).replace("MAP", MAP).replace("PREFIX", folder).replace("PORT", str(port))
            configuration = Path(folder, "nginx.conf")
            configuration.write_text(text)
            with _running([nginx, "-p", folder, "-c", str(configuration)], port):
                _record("nginx", policy, port)
            port = _free_port()
            program = Path(folder, "app.js")
            program.write_text(EXPRESS)
            with _running(["node", str(program)], port, MODULES=str(MODULES), POLICY=policy):
                _record("express", policy, port)


if __name__ == "__main__":
    main()
