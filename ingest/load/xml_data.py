"""XML of any kind: the text of each element on a line with the element's name.

No entity is expanded and nothing is fetched (see ``xmltree``). Where text and elements are mixed,
as in prose, the element's whole text is one paragraph.
"""

from __future__ import annotations

import re

from ingest.load.options import LoadOptions, RawFile
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import Element, XmlError, local, parse_html, parse_xml
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import XML

_MARKUP = re.compile(r"</?(?:p|br|div|a|b|i|ul|li|img|strong|em|span|h\d)\b[^>]*>", re.IGNORECASE)
_DEEPEST = 300


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads XML as one page.

    Raises:
        DocumentSkippedError: No element has text.
        DocumentUnreadableError: It is not well-formed, or declares entities.
    """
    try:
        root = parse_xml(file.data.lstrip())
    except XmlError as error:
        raise DocumentUnreadableError(
            f"{file.name} is XML that cannot be read: {error}. Correct it, or export it again."
        ) from error
    writer = DocumentWriter()
    _write(writer, root, 0)
    if writer.is_blank:
        raise DocumentSkippedError(f"{file.name} has no text between its tags: nothing to ingest.")
    titles = (one.text for one in root.iter() if local(one) == "title" and one.text)
    return writer.document(XML, next(titles, None))


def _write(writer: DocumentWriter, element: Element, depth: int) -> None:
    inner = [one for one in element if local(one)]
    mixed = (element.text or "").strip() or any((one.tail or "").strip() for one in inner)
    if not inner or mixed or depth > _DEEPEST:
        text = one_line(_without_markup("".join(element.itertext())))
        if text:
            writer.line(f"{local(element)}: {text}")
        return
    writer.gap()
    for one in inner:
        _write(writer, one, depth + 1)
    writer.gap()


def _without_markup(text: str) -> str:
    """The words of web markup that feeds hold as text."""
    if not _MARKUP.search(text):
        return text
    root = parse_html(text)
    return text if root is None else " ".join(root.itertext())
