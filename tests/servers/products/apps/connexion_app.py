"""Connexion with an API of two operations, behind Uvicorn."""

import sys

import uvicorn
from connexion import AsyncApp

PATHS = {
    "/": {"get": {"operationId": "connexion_app.read", "responses": {"200": {"description": "x"}}}},
    "/boom": {"get": {"operationId": "connexion_app.boom", "responses": {"200": {"description": "x"}}}},
    "/thing": {
        "put": {
            "operationId": "connexion_app.read",
            "parameters": [{"name": "x-needed", "in": "header", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "x"}},
        }
    },
}


def read(**_):
    return {}


def boom():
    return 1 / 0


if __name__ == "__main__":
    app = AsyncApp("connexion_app")
    app.add_api({"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": PATHS})
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]))
