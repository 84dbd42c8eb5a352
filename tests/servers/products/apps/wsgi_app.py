"""A WSGI application without CORS, for the servers that run one."""


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/boom":
        raise RuntimeError("boom")
    start_response(
        "200 OK" if path == "/" else "404 Not Found", [("Content-Type", "application/json"), ("Content-Length", "2")]
    )
    return [b"{}"]


if __name__ == "__main__":
    import sys

    name, port = sys.argv[1], int(sys.argv[2])
    if name == "waitress":
        import waitress

        waitress.serve(app, host="127.0.0.1", port=port)
    elif name == "wsgiref":
        from wsgiref.simple_server import make_server

        make_server("127.0.0.1", port, app).serve_forever()
    elif name == "werkzeug":
        from werkzeug.serving import run_simple

        run_simple("127.0.0.1", port, app)
    elif name == "cheroot":
        from cheroot.wsgi import Server

        Server(("127.0.0.1", port), app).start()
    elif name == "http.server":
        from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

        ThreadingHTTPServer(("127.0.0.1", port), SimpleHTTPRequestHandler).serve_forever()
