"""Files of a request, stored in a private folder under names that do not depend on the client."""

from __future__ import annotations

import mimetypes
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from lrcn_seq.data.media.image_file import CLIP_SUFFIXES, IMAGE_SUFFIXES

FIELD = "file"
"""The name of the field of a form that has the files."""
BODY_NAME = "body"
"""The name of a file that is sent without a form."""
UNKNOWN_TYPES = ("", "application/octet-stream")
"""Media types of files whose content must show what they are."""
SUFFIXES = IMAGE_SUFFIXES | CLIP_SUFFIXES
"""The suffixes that a stored file keeps, since they determine how it is read."""


class Upload(NamedTuple):
    """A file of a request.

    Attributes:
        name: the name of the file, as stated by the client; for the answer only.
        path: where the file is stored.
    """

    name: str
    path: Path


@asynccontextmanager
async def uploads(
    request: Request, folder: Path, media_types: Iterable[str], files_limit: int
) -> AsyncIterator[list[Upload]]:
    """Store the files of a request, and delete them at the end of the context.

    Args:
        request: a form with files in the field `file`, or a raw body.
        folder: a private folder.
        media_types: the patterns of media types that are accepted.
        files_limit: the largest number of files.

    Raises:
        HTTPException: the request is malformed (400), has a file of another type (415), or has no
            file (422).
    """
    stored: list[Upload] = []
    try:
        kind = media_type(request.headers.get("content-type"))
        if kind == "multipart/form-data":
            async with request.form(max_files=files_limit, max_fields=1) as form:
                for field, value in form.multi_items():
                    file = _form_file(field, value)
                    check_type(media_type(file.content_type), media_types)
                    name = file.filename or BODY_NAME
                    stored.append(Upload(name, new_path(folder, Path(name).suffix)))
                    await run_in_threadpool(_copy, file.file, stored[-1].path)
        else:
            check_type(kind, media_types)
            stored.append(Upload(BODY_NAME, new_path(folder, mimetypes.guess_extension(kind))))
            await _write_body(request, stored[-1].path)
        if not stored:
            raise _no_file("none")
        yield stored
    finally:
        for upload in stored:
            upload.path.unlink(missing_ok=True)


def media_type(header: str | None) -> str:
    """Return the media type of a Content-Type header without parameters."""
    return (header or "").partition(";")[0].strip().lower()


def check_type(kind: str, media_types: Iterable[str]) -> None:
    """Raise HTTPException (415) unless a media type is unknown or matches a pattern."""
    patterns = [*UNKNOWN_TYPES, *media_types]
    if not any(fnmatch(kind, pattern) for pattern in patterns):
        raise HTTPException(
            415,
            f"Expected the media type {' or '.join(media_types)}. Received: {kind[:100]!r}; send "
            "the content of a file with its media type, as a raw body or as the field `file` of a "
            "form (multipart/form-data).",
        )


def new_path(folder: Path, suffix: str | None) -> Path:
    """Return a random path in a folder; the suffix is kept if it is one of `SUFFIXES`."""
    suffix = (suffix or "").lower()
    return folder / (secrets.token_hex(16) + (suffix if suffix in SUFFIXES else ""))


def _form_file(field: str, value: UploadFile | str) -> UploadFile:
    """Return the file of a field; raise HTTPException (422) if it is another field or a text."""
    if field == FIELD and not isinstance(value, str):
        return value
    raise _no_file("a text" if field == FIELD else "another field")


def _no_file(received: str) -> HTTPException:
    return HTTPException(
        422,
        f"Expected files in the field `{FIELD}` of the form. Received: {received}; send the "
        "content of a file. Paths and addresses are not read.",
    )


def _copy(source: BinaryIO, path: Path) -> None:
    with path.open("xb") as target:
        shutil.copyfileobj(source, target)


async def _write_body(request: Request, path: Path) -> None:
    with path.open("xb") as target:
        async for chunk in request.stream():
            target.write(chunk)
