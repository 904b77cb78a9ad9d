"""The routes of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lrcn_seq.errors import MediaError, UsageError, shorten
from lrcn_seq.serving.batcher import QueueFullError
from lrcn_seq.serving.explanations import TARGET_LENGTH
from lrcn_seq.serving.request_limits import BodyLimit
from lrcn_seq.serving.request_observer import RequestObserver
from lrcn_seq.serving.request_options import parse_options
from lrcn_seq.serving.service import Service
from lrcn_seq.serving.uploads import Upload, uploads
from lrcn_seq.serving.web_page import add_page


def make_application(service: Service) -> FastAPI:
    """Return the ASGI application of a service."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    add_page(app)
    _add_state_routes(app, service)
    _add_prediction_routes(app, service)
    _add_error_handlers(app)
    limits = service.limits
    app.add_middleware(BodyLimit, limit=limits.max_bytes, seconds=limits.upload_seconds)

    app.add_middleware(RequestObserver, observe=service.metrics.observe_request)
    return app


def _add_state_routes(app: FastAPI, service: Service) -> None:
    """Add the routes that tell the state of the server."""

    @app.get("/health")
    async def health() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get("/ready")
    async def ready() -> Response:
        _check_ready(service)
        return JSONResponse({"status": "ready"})

    @app.get("/metrics")
    async def metrics() -> Response:
        text, kind = service.metrics.page()
        return Response(text, media_type=kind)

    @app.get("/v1/run")
    async def run() -> Response:
        _check_ready(service)
        return JSONResponse(service.facts())


def _add_prediction_routes(app: FastAPI, service: Service) -> None:
    """Add the routes that predict for files and explain predictions."""
    types, limits = service.task.media.media_types, service.limits

    @app.post("/v1/predict")
    async def predict(request: Request) -> Response:
        _check_ready(service)
        options = parse_options(service.task, request.query_params.multi_items())
        async with uploads(request, service.folder, types, limits.queue) as files:
            with service.batcher.admit(len(files)):
                rows = await asyncio.gather(*(_row(service, file, options) for file in files))
        answer = service.task.json_object(rows)
        if all(row.get("error") is not None for row in rows):
            return JSONResponse({"error": f"{_named(rows[0])}", **answer}, 422)
        return JSONResponse(answer)

    @app.post("/v1/explain")
    async def explain(request: Request) -> Response:
        _check_ready(service)
        target = _target(request)
        async with uploads(request, service.folder, types, 1) as files:
            with service.batcher.admit(1):
                return JSONResponse(await service.explain(files[0].path, target))


def _add_error_handlers(app: FastAPI) -> None:
    """Answer errors with `{"error": sentence}`."""

    def answer(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"error": sentence}, status, headers)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return answer(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(QueueFullError)
    async def busy(_: Request, error: QueueFullError) -> Response:
        sentence = f"The queue is full; try again in {error.seconds} s."
        return answer(503, sentence, {"Retry-After": str(error.seconds)})

    @app.exception_handler(UsageError)
    async def misused(_: Request, error: UsageError) -> Response:
        return answer(422, str(error))

    @app.exception_handler(MediaError)
    async def unreadable(_: Request, error: MediaError) -> Response:
        return answer(422, error.reason)


async def _row(service: Service, file: Upload, options: dict[str, Any]) -> dict[str, Any]:
    """Return the prediction for a file as a JSON object, with the name of the client."""
    try:
        prediction = await service.predict(file.path, options)
    except MediaError as error:
        return {"file": file.name, "error": error.reason}
    return {**prediction.row(), "file": file.name}


def _named(row: dict[str, Any]) -> str:
    """Return the error of a file with its name."""
    return f"{row['file']}: {row['error']}"


def _target(request: Request) -> str | None:
    """Return the caption or class that a request wants to have explained."""
    unknown = [name for name in request.query_params if name != "target"]
    target = request.query_params.get("target")
    if unknown or len(target or "") > TARGET_LENGTH:
        received = unknown[0] if unknown else f"{len(target or ''):,} characters"
        raise HTTPException(
            422,
            f"Expected the option target, a caption or class of at most {TARGET_LENGTH:,} "
            f"characters. Received: {shorten(received)}.",
        )
    return target


def _check_ready(service: Service) -> None:
    """Raise HTTPException (503) unless the server is warmed up."""
    if not service.is_ready:
        raise HTTPException(503, "The server is warming up; try again.", {"Retry-After": "1"})
