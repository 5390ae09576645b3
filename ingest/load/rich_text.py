"""Rich text (RTF), read by striprtf: the text as one page, without headings."""

from __future__ import annotations

import re

from ingest.load.options import LoadOptions, RawFile
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument, Page
from rag_app.types.media import RTF

_ROW = re.compile(r"^(.*\|.*)\|$", re.MULTILINE)
_WORD = re.compile(r"\w")


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads an RTF document; cells of a table's row are set apart by bars.

    Raises:
        DocumentSkippedError: It has no text.
        DocumentUnreadableError: It is not RTF, or damaged.
    """
    if not file.data.lstrip().startswith(b"{\\rtf"):
        raise DocumentUnreadableError(
            f"{file.name} is not an RTF document. Give it the file name ending of its real type."
        )
    from striprtf.striprtf import rtf_to_text

    try:
        # Bytes beyond ASCII are escaped in RTF; where a writer did not, cp1252 is what it meant.
        text = str(
            rtf_to_text(  # type: ignore[no-untyped-call]
                file.data.decode("cp1252", "replace"), errors="replace"
            )
        )
    except Exception as error:
        raise DocumentUnreadableError(
            f"{file.name} is a damaged RTF document. Open it in an office program and save it "
            "again."
        ) from error
    if not _WORD.search(text):
        raise DocumentSkippedError(f"{file.name} has no text: nothing to ingest.")
    text = _ROW.sub(lambda match: f"| {match.group(1).replace('|', ' | ')} |", text)
    return LoadedDocument(RTF, (Page(1, text),))
