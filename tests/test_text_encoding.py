"""Decoding of text files in UTF-8, UTF-16 and UTF-32; errors name other encodings."""

import pytest

from lrcn_seq.text_encoding import decode_text


@pytest.mark.parametrize(
    "content",
    [
        "é 日本\n".encode(),
        "é 日本\r\n".encode("utf-8-sig"),
        "\ufeffé 日本\r\n".encode("utf-8-sig"),
        "é 日本\r".encode("utf-16"),
        b"\xfe\xff" + "é 日本\n".encode("utf-16-be"),
        "é 日本\n".encode("utf-32"),
    ],
)
def test_text_is_decoded_by_its_byte_order_mark(content):
    """Text is decoded as UTF-8 or by its byte order mark, and its line ends become newlines."""
    assert decode_text(content) == "é 日本\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a dog\na cat\n".encode("utf-16-le"), "^UTF-16-LE without byte order mark; save"),
        ("a dog\na cat\n".encode("utf-16-be"), "^UTF-16-BE without byte order mark; save"),
        ("狗在跑步狗在跑步\n狗\n".encode("utf-16-le"), "^UTF-16-LE without byte order mark"),
        ("Собака бежит\n".encode("utf-16-be"), "^UTF-16-BE without byte order mark"),
        (b"a,b\n1,x\0\n", "^a NUL character in line 2; repair the file"),
        (b"a,b\n12,x\0\n", "^a NUL character in line 2; repair the file"),
        (b"a,b\nx,a dog\0\ny,a cat\0\n", "^a NUL character in line 2; repair the file"),
        ("a\0b".encode("utf-16"), "^a NUL character in line 1"),
        ("café".encode("cp1252"), "^invalid bytes at position 3, probably cp1252 .Windows.; save"),
        (b"P\3\4\xe9\0\0\0\0", "^invalid bytes at position 3; save the file as UTF-8$"),
        (b"PK\3\4\xe9\0\0\0", "^a ZIP archive, such as an Excel workbook or a NumPy archive; save"),
        (b"\xd0\xcf\x11\xe0\0", "^an Office document, such as an Excel workbook; save a table as"),
        (b"\x1f\x8b\x08\0", "^a gzip archive; unpack the file$"),
        (b"\xff\xfe\x00\xd8", "^invalid bytes at position 2; save the file as UTF-8$"),
    ],
)
def test_other_encodings_are_named(content, message):
    """The error for undecodable text names the probable encoding or the first invalid position."""
    with pytest.raises(ValueError, match=message):
        decode_text(content)
