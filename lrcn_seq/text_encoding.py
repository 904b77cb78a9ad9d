"""Decoding of text files in UTF-8, UTF-16 and UTF-32; errors suggest the actual encoding."""

from __future__ import annotations

import codecs

BYTE_ORDER_MARKS = {
    # UTF-32 comes first, because its mark begins with that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The supported encodings other than UTF-8, by byte order mark."""
BINARY_SIGNATURES = {
    b"PK\3\4": "a ZIP archive, such as an Excel workbook or a NumPy archive; save a table as CSV",
    b"\xd0\xcf\x11\xe0": "an Office document, such as an Excel workbook; save a table as CSV",
    b"%PDF-": "a PDF document; give its text",
    b"\x1f\x8b": "a gzip archive; unpack the file",
    b"SQLite format 3\0": "an SQLite database; export its table as CSV",
    b"PAR1": "a Parquet table; save the table as CSV",
}
"""Descriptions of binary files, with what to do, by the first bytes of the file."""


def decode_text(content: bytes) -> str:
    r"""Decode a text file, and convert its line ends to `\n`.

    Args:
        content: The bytes of the file: UTF-8 with or without a byte order mark, or UTF-16 or
            UTF-32 with a byte order mark.

    Raises:
        ValueError: The bytes are not text, have another encoding or contain NUL; the message is a
            phrase that states what was received and what to do.
    """
    for signature, problem in BINARY_SIGNATURES.items():
        if content.startswith(signature):
            raise ValueError(problem)
    encoding = next(
        (name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8-sig"
    )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(_encoding_problem(content, error)) from None
    if "\0" in text:
        raise ValueError(_nul_problem(content, text))
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _encoding_problem(content: bytes, error: UnicodeDecodeError) -> str:
    """Describe bytes that are not in the expected encoding, and name their probable encoding."""
    if utf16 := _utf16_name(content):
        return f"{utf16} without byte order mark; save the file as UTF-8"
    place = f"invalid bytes at position {error.start}"
    if error.encoding == "utf-8" and _is_cp1252(content):
        return (
            f"{place}, probably cp1252 (Windows); save the file as UTF-8, for example with "
            "`iconv -f cp1252 -t utf-8`"
        )
    return f"{place}; save the file as UTF-8"


def _nul_problem(content: bytes, text: str) -> str:
    """Describe a text with NUL as probable UTF-16, or by the line of the first NUL."""
    if utf16 := _utf16_name(content):
        return f"{utf16} without byte order mark; save the file as UTF-8"
    line = text[: text.index("\0")].count("\n") + 1
    return f"a NUL character in line {line:,}; repair the file, or save it as UTF-8"


def _is_cp1252(content: bytes) -> bool:
    """Return whether bytes may be text in cp1252, the usual encoding of Windows."""
    try:
        return "\0" not in content.decode("cp1252")
    except UnicodeDecodeError:
        return False


def _utf16_name(content: bytes) -> str | None:
    """Return `UTF-16-LE` or `UTF-16-BE` if it is the probable encoding of bytes, or None."""
    if len(content) % 2 or content.startswith(tuple(BYTE_ORDER_MARKS)):
        return None
    # Letters of alphabets have small high bytes. Chinese characters do not, but line ends have NUL
    # as high byte, and the bytes of Chinese text are not valid UTF-8.
    small = [sum(map(half.count, range(16))) / len(half) for half in (content[::2], content[1::2])]
    zeros = [content[::2].count(0), content[1::2].count(0)]
    for name, high, low in (("UTF-16-BE", 0, 1), ("UTF-16-LE", 1, 0)):
        is_chinese = zeros[high] * 50 >= len(content) and not _is_utf8(content)
        if zeros[high] > 10 * zeros[low] and (small[high] > 0.8 or is_chinese):
            return name
    return None


def _is_utf8(content: bytes) -> bool:
    """Return whether bytes can be decoded as UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
