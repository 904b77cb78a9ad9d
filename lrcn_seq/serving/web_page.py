"""The web page of the server: three files of the package, without inline scripts or styles."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, Response

ASSETS = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
"""The file and the media type of each route."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The content security policy: nothing is loaded from elsewhere, and nothing inline is executed."""


def add_page(app: FastAPI) -> None:
    """Add the routes of the page to an application."""
    for route, (name, kind) in ASSETS.items():
        content = files("lrcn_seq.serving").joinpath("web", name).read_bytes()
        _add_file(app, route, content, kind)


def _add_file(app: FastAPI, route: str, content: bytes, kind: str) -> None:
    @app.get(route)
    async def page_file() -> Response:
        headers = {"Content-Security-Policy": POLICY, "Permissions-Policy": "camera=(self)"}
        return Response(content, media_type=f"{kind}; charset=utf-8", headers=headers)
