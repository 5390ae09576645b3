"""Files of word vectors as others publish them: read once, kept as arrays in the cache folder.

Text (GloVe, ``.txt`` and ``.vec``, with or without a header) and word2vec's binary form (``.bin``)
are told apart by their content, plain or in gzip; gensim's own (``.kv``) by their first byte. The
second load maps the arrays into memory and reads none of it.
"""

from __future__ import annotations

import gzip
import mmap
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.word_matrix import MatrixWriter

Block = tuple[list[bytes], Vectors]
Content = mmap.mmap | bytes

PICKLE = b"\x80"
GZIP = b"\x1f\x8b"
_HEADER = re.compile(rb"[ \t]*(\d{1,12})[ \t]+(\d{1,6})[ \t]*\r?\n")
_NUMBERS = re.compile(rb"[-+0-9.eEinfa \t\r]+")
_ENDS_IN_NUMBER = re.compile(rb" [-+]?\d*\.?\d+(?:[eE][-+]?\d+)?$")
_LINES = 4096
_LONGEST_WORD = 4096


class VectorFileError(ValueError):
    """What is wrong with a file of vectors, as the rest of a sentence that starts with its path."""


def read_vectors(path: Path, writer: MatrixWriter) -> None:
    """Reads a file of words and vectors, in text or in word2vec's binary form.

    Raises:
        VectorFileError: It is cut short, its header is wrong, or it is something else.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(2)
        if not start:
            raise VectorFileError("is empty. Download or copy it again")
        file.seek(0)
        if start == GZIP:
            try:
                content: Content = gzip.decompress(file.read())
            except (OSError, EOFError) as error:
                raise VectorFileError(f"is a damaged gzip file ({error})") from error
            _read(content, writer)
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _read(content, writer)


def is_vectors(path: Path) -> bool:
    """Whether ``path`` looks like text or word2vec's binary form, by its first bytes."""
    with path.open("rb") as file:
        start = file.read(_LONGEST_WORD)
    return start[:2] == GZIP or _HEADER.match(start) is not None or not _binary(start)


def _read(content: Content, writer: MatrixWriter) -> None:
    header = _HEADER.match(content)
    if header is None:
        if _binary(content[:_LONGEST_WORD]):
            raise VectorFileError(
                "holds no word vectors, neither as text nor in word2vec's binary form. If it is a "
                "fastText model, write fasttext:PATH"
            )
        _add(writer, _text_blocks(_lines(content, 0), None), None)
        return
    count, dimension = int(header[1]), int(header[2])
    if not count or not dimension:
        raise VectorFileError(f"has a header that says {count} words of {dimension} numbers")
    first = content[header.end() : header.end() + _LONGEST_WORD].partition(b" ")[2]
    if _NUMBERS.fullmatch(first[:24].partition(b"\n")[0]):
        blocks = _text_blocks(_lines(content, header.end()), dimension)
    else:
        blocks = _binary_blocks(content, header.end(), count, dimension)
    _add(writer, blocks, count)


def _binary(start: bytes) -> bool:
    return b"\0" in start or b" " not in start


def _add(writer: MatrixWriter, blocks: Iterable[Block], expected: int | None) -> None:
    read = 0
    for words, vectors in blocks:
        if not np.isfinite(vectors).all():
            raise VectorFileError(f"has numbers that are not finite after word {read + 1}")
        writer.add([word.decode("utf-8", "replace") for word in words], vectors)
        read += len(words)
    if not read:
        raise VectorFileError("has no vectors in it")
    if expected is not None and read != expected:
        raise VectorFileError(
            f"has {read} words where its header says {expected}. It may have been cut short: "
            "download or copy it again"
        )


def _lines(content: Content, start: int) -> Iterator[bytes]:
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        yield content[start:end].rstrip()
        start = end + 1


def _text_blocks(lines: Iterator[bytes], dimension: int | None) -> Iterator[Block]:
    number = 1
    while block := [line for line in islice(lines, _LINES) if line]:
        # A word may hold spaces (GloVe 840B has such), but the first line's is taken to have none.
        dimension = dimension or len(block[0].split(b" ")) - 1
        if not dimension:
            raise VectorFileError("has no numbers on its first line: it is no file of vectors")
        rows = [line.rsplit(b" ", dimension) for line in block]
        for row in rows:
            if len(row) != dimension + 1:
                word = row[0][:30].decode(errors="replace")
                raise VectorFileError(
                    f"has {len(row) - 1} numbers for the word '{word}' where {dimension} were "
                    "expected. Its header may be wrong, or it was cut short"
                )
        if number == 1 and all(_ENDS_IN_NUMBER.search(row[0]) for row in rows):
            raise VectorFileError(
                f"has more than the {dimension} numbers on a line that its header says. Correct "
                "the header: how many words, and how many numbers for each"
            )
        yield [row[0] for row in rows], _numbers(rows, number)
        number += len(rows)


def _numbers(rows: list[list[bytes]], number: int) -> Vectors:
    text = b" ".join(part for row in rows for part in row[1:])
    try:
        return np.fromstring(text, np.float32, sep=" ").reshape(len(rows), -1)
    except ValueError as error:
        raise VectorFileError(
            f"has something that is no number in one of the {len(rows)} lines after word {number}"
        ) from error


def _binary_blocks(content: Content, start: int, count: int, dimension: int) -> Iterator[Block]:
    size = 4 * dimension
    for first in range(0, count, _LINES):
        words: list[bytes] = []
        rows: list[Any] = []
        for _ in range(first, min(first + _LINES, count)):
            space = content.find(b" ", start, start + _LONGEST_WORD)
            if space < 0 or space + 1 + size > len(content):
                raise VectorFileError(
                    f"ends within word {first + len(words) + 1} of {count}. It was cut short, or "
                    "its header is wrong: download or copy it again"
                )
            words.append(content[start:space].lstrip(b"\n"))
            rows.append(content[space + 1 : space + 1 + size])
            start = space + 1 + size
        vectors = np.frombuffer(b"".join(rows), "<f4").reshape(len(rows), dimension)
        yield words, vectors
    if content[start : start + _LONGEST_WORD].strip():
        raise VectorFileError(
            f"goes on after the {count} words of {dimension} numbers that its header says: the "
            "header is wrong. Download or copy it again"
        )
