"""A small API: everything needs `Authorization` or a cookie, OPTIONS included."""

import sys

from flask import Flask, jsonify, request

app = Flask(__name__)
# [advice]


@app.before_request
def authenticate():
    if not (request.headers.get("Authorization") or request.headers.get("Cookie")):
        return jsonify(error="who are you?"), 401
    return None


@app.route("/items", methods=["GET", "POST", "PUT"])
def items():
    return jsonify(["a", "b"]), 200, {"ETag": '"v1"', "X-Total-Count": "2"}


@app.get("/boom")
def boom():
    raise RuntimeError("boom")


app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
