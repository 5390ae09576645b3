"""Source code: plain text, whose definitions at the left edge are headings."""

from __future__ import annotations

import re

from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from rag_app.types import Heading, LoadedDocument, Page
from rag_app.types.media import SOURCE_CODE

_DEFINITION = re.compile(
    r"^(?:(?:export|default|public|private|protected|internal|static|abstract|final|async|pub|"
    r"unsafe|sealed|data|open|override)[ \t]+)*"
    r"(?:class|def|function|func|fn|interface|struct|enum|trait|impl|module|namespace|object|"
    r"record|protocol|sub)[ \t]+[A-Za-z_]\w*(?:(?:\.|::)\w+)*",
    re.MULTILINE,
)


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a file of source code as one page.

    Raises:
        DocumentSkippedError: It is binary, or holds nothing but white space.
    """
    text = decode(file)
    headings = tuple(
        Heading(1, 1, match.group(), match.start()) for match in _DEFINITION.finditer(text)
    )
    return LoadedDocument(SOURCE_CODE, (Page(1, text),), headings=headings)
