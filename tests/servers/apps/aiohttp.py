"""A small API: everything but OPTIONS needs `Authorization` or a cookie: aiohttp-cors answers preflights in a route, behind all middleware."""

import sys

from aiohttp import web


@web.middleware
async def authenticate(request, handler):
    if request.method != "OPTIONS" and not (request.headers.get("Authorization") or request.headers.get("Cookie")):
        return web.json_response({"error": "who are you?"}, status=401)
    return await handler(request)


async def items(request):
    return web.json_response(["a", "b"], headers={"ETag": '"v1"', "X-Total-Count": "2"})


async def boom(request):
    raise RuntimeError("boom")


app = web.Application(middlewares=[authenticate])
for method in ("GET", "POST", "PUT"):
    app.router.add_route(method, "/items", items)
app.router.add_get("/boom", boom)
# [advice]
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
