"""The route by which people come into a room, and leave it: `/join` takes a name and a code and sets a signed cookie.

A browser sends JSON to another origin only after asking first, and these routes answer no such question; they take only
pages whose `Origin` is the host that was asked, as the live socket does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import BadInput, CoreError
from core.live.origin import same_origin
from core.text import Text, Translate

COOKIE_S = 30 * 24 * 3600
MAX_BYTES = 4096

Join = Callable[[str, str, str], str]
"""Name, code and network address in, the cookie's value out; raises CoreError for whoever cannot come in."""


def cookie_name(port: int) -> str:
    """The cookie of the server at a port: browsers keep one jar for all ports of a computer."""
    return f"saddlepoint_{port}"


def join_routes(
    join: Join,
    leave: Callable[[str], None],
    *,
    cookie: str,
    translate: Callable[[str], Translate],
    hosts: Collection[str] | None,
) -> list[BaseRoute]:
    """The routes `/join` and `/join/leave`. `cookie` is its name, `hosts` are the host names served.

    `leave` is given the cookie's value of whoever goes.
    """

    async def come_in(request: Request) -> Response:
        asked = await _asked(request, hosts)
        if asked is None:
            return Response(status_code=403)
        name, code, lang = (str(asked.get(field, "")) for field in ("name", "code", "lang"))
        address = request.client.host if request.client else ""
        try:
            value = await asyncio.to_thread(join, name, code, address)
        except CoreError as error:
            return JSONResponse(_told(error, lang, translate), status_code=422)
        answer = JSONResponse({})
        is_secret = request.url.scheme == "https"
        answer.set_cookie(cookie, value, COOKIE_S, path="/", secure=is_secret, httponly=True, samesite="strict")
        return answer

    async def go(request: Request) -> Response:
        asked = await _asked(request, hosts)
        if asked is None:
            return Response(status_code=403)
        try:
            await asyncio.to_thread(leave, request.cookies.get(cookie, ""))
        except CoreError as error:
            return JSONResponse(_told(error, str(asked.get("lang", "")), translate), status_code=422)
        answer = JSONResponse({})
        answer.delete_cookie(cookie, path="/", httponly=True, samesite="strict")
        return answer

    return [Route("/join", come_in, methods=["POST"]), Route("/join/leave", go, methods=["POST"])]


async def _asked(request: Request, hosts: Collection[str] | None) -> dict[str, Any] | None:
    """What a page of ours has sent; None for anything else."""
    headers = request.headers
    if not same_origin(headers.get("origin"), headers.get("host"), hosts):
        return None
    if headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return asked if isinstance(asked, dict) else None


def _told(error: CoreError, lang: str, translate: Callable[[str], Translate]) -> dict[str, str]:
    try:
        into = translate(lang)
    except BadInput:
        into = translate("en")

    def words(sentence: Text) -> str:
        return sentence.render(into)

    return {"what": words(error.what), "why": words(error.why), "fix": words(error.fix)}
