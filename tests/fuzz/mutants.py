"""Mutants of files, and the check that a reader refuses or reads each of them."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from lrcn_seq.errors import LrcnError

SLOWEST = 10.0
"""Seconds of processor time that a reader may take."""
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
WORD = re.compile(rb"[A-Za-z_]\w*")
NUMBERS = (
    b"-1", b"0", b"1e9", b"1e999", b"-1e999", b"nan", b".inf", b"NaN", b"Infinity", b"0x7fffffffff",
    b"4294967296", b"18446744073709551616", b"9" * 5000, b"1000000000", b"0.5", b"2001-13-01",
)  # fmt: skip
VALUES = (
    b"null", b"true", b"[]", b"{}", b"''", b'""', b'"\\ud800"', b"\x1b[2J", b"\xff\xfe", b"\0",
    b"!!int abc", b"!!python/object:os.system x", b"&a [*a]", b"*a", b"../../etc/passwd", b"\r\n",
    b"\xe2\x80\xa8", b"x" * 10_000,
)  # fmt: skip
NESTS = ((b"[", b"]"), (b'{"a": ', b"}"), (b"{a: ", b"}"), (b"- ", b""))


def mutants(original: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield mutants of a file; the same seed gives the same mutants.

    Args:
        original: the content of a valid file.
        count: number of mutants.
        seed: the seed of all choices.
    """
    random = Random(seed)
    for number in range(count):
        mutant = original
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            mutant = random.choice(OPERATORS)(mutant, random)
        yield mutant if mutant != original else mutant + bytes([number % 256])


def check_reader(read: Callable[[], object], path: Path, contents: Iterator[bytes]) -> int:
    """Read mutants of a file and return their number.

    Args:
        read: reads the file; it may return or raise an error of the library.
        path: the path of the file, whose original content is restored at the end.
        contents: the contents of the mutants.

    Raises:
        AssertionError: a mutant raised another exception, or took more than `SLOWEST` seconds.
    """
    original, count = path.read_bytes(), 0
    try:
        for content in contents:
            path.write_bytes(content)
            assert (failure := failure_of(read)) is None, (failure, content[:2000])
            count += 1
    finally:
        path.write_bytes(original)
    return count


def failure_of(read: Callable[[], object]) -> str | None:
    """Return a description of the failure of a reader, or None if it did not fail."""
    began = time.process_time()
    try:
        read()
    except LrcnError as error:
        if not str(error):
            return "an error without a message"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    seconds = time.process_time() - began
    return f"{seconds:.0f} seconds" if seconds > SLOWEST else None


def truncate(content: bytes, random: Random) -> bytes:
    """Cut a file short."""
    return content[: random.randrange(len(content) + 1)]


def flip(content: bytes, random: Random) -> bytes:
    """Flip up to eight bits."""
    mutant = bytearray(content or b"\0")
    for _ in range(random.randint(1, 8)):
        mutant[random.randrange(len(mutant))] ^= 1 << random.randrange(8)
    return bytes(mutant)


def overwrite(content: bytes, random: Random) -> bytes:
    """Replace up to 64 bytes by random bytes or by zeros."""
    start, size = random.randrange(len(content) + 1), random.randint(1, 64)
    new = random.randbytes(size) if random.random() < 0.5 else bytes(size)
    return content[:start] + new + content[start + size :]


def insert(content: bytes, random: Random) -> bytes:
    """Insert up to 16 random bytes."""
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.randint(1, 16)) + content[place:]


def delete(content: bytes, random: Random) -> bytes:
    """Remove a part of up to a tenth of a file."""
    start = random.randrange(len(content) + 1)
    return content[:start] + content[start + random.randint(1, 1 + len(content) // 10) :]


def duplicate(content: bytes, random: Random) -> bytes:
    """Repeat a part of a file."""
    start = random.randrange(len(content) + 1)
    end = start + random.randint(1, 1 + len(content) // 4)
    return content[:end] + content[start:]


def splice(content: bytes, random: Random) -> bytes:
    """Move a part of a file to another place."""
    a, b, c = sorted(random.randrange(len(content) + 1) for _ in range(3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def change_number(content: bytes, random: Random) -> bytes:
    """Replace a number by a hostile number."""
    return _replace(NUMBER, content, random.choice(NUMBERS), random)


def change_word(content: bytes, random: Random) -> bytes:
    """Replace a word by a hostile value."""
    return _replace(WORD, content, random.choice((*VALUES, *NUMBERS)), random)


def nest(content: bytes, random: Random) -> bytes:
    """Replace a word by deeply nested brackets."""
    opening, closing = random.choice(NESTS)
    depth = random.choice((60, 500, 5000))
    return _replace(WORD, content, opening * depth + b"1" + closing * depth, random)


def _replace(pattern: re.Pattern[bytes], content: bytes, new: bytes, random: Random) -> bytes:
    found = list(pattern.finditer(content))
    if not found:
        return content + new
    place = random.choice(found)
    return content[: place.start()] + new + content[place.end() :]


OPERATORS = (
    truncate, flip, overwrite, insert, delete, duplicate, splice, change_number, change_word, nest,
)  # fmt: skip
