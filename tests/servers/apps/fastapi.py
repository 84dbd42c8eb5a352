"""A small API: everything needs `Authorization` or a cookie, OPTIONS included."""

import sys

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

app = FastAPI()


@app.middleware("http")
async def authenticate(request: Request, call_next):
    if not (request.headers.get("Authorization") or request.headers.get("Cookie")):
        return JSONResponse({"error": "who are you?"}, 401)
    return await call_next(request)


@app.api_route("/items", methods=["GET", "POST", "PUT"])
async def items(response: Response):
    response.headers.update({"ETag": '"v1"', "X-Total-Count": "2"})
    return ["a", "b"]


@app.get("/boom")
async def boom():
    raise RuntimeError("boom")


asgi = app
# [advice]
uvicorn.run(asgi, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
