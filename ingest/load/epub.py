"""E-books (EPUB): a page for each chapter, in the order of the book's spine.

Read with the standard library's zipfile and lxml: ebooklib, the usual library, is under the AGPL.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from ingest.load.markup import write_markup
from ingest.load.options import LoadOptions, RawFile
from ingest.load.package import Package, open_package
from ingest.load.webpage import decode_markup
from ingest.load.writer import DocumentWriter
from ingest.load.xmltree import Element, attribute, below, child, children, local, parse_html
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import EPUB

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_MARKUP = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_MOST_CHAPTER_BYTES = 50_000_000


class _Chapter(NamedTuple):
    part: str
    label: str


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads an e-book.

    Raises:
        DocumentSkippedError: No chapter has text.
        DocumentUnreadableError: It is protected against copying, or broken.
    """
    package = open_package(file, "an EPUB e-book")
    _check_protection(file, package)
    root_file = next(
        (attribute(one, "full-path") for one in below(package.xml(_CONTAINER), "rootfile")), ""
    )
    book = package.xml(root_file)
    writer = DocumentWriter()
    written = 0
    for chapter in _chapters(package, book, posixpath.dirname(root_file)):
        written += _write(writer, package, chapter)
    if not written:
        raise DocumentSkippedError(
            f"{file.name} has no text in its chapters: it holds only pictures. There is nothing "
            "to ingest."
        )
    properties = child(book, "metadata")
    title = next((one.text for one in children(properties, "title") if one.text), None)
    authors = ", ".join(one.text for one in children(properties, "creator") if one.text)
    return writer.document(EPUB, title, {"Author": authors} if authors else {})


def _check_protection(file: RawFile, package: Package) -> None:
    root = package.optional_xml(_ENCRYPTION)
    for one in below(root, "CipherReference") if root is not None else ():
        # Fonts are scrambled in many free books; only text that is counts.
        if attribute(one, "URI").lower().endswith((".xhtml", ".html", ".htm", ".xml")):
            raise DocumentUnreadableError(
                f"{file.name} is protected against copying (DRM). Only an unprotected copy can be "
                "ingested."
            )


def _chapters(package: Package, book: Element, folder: str) -> list[_Chapter]:
    items = {attribute(one, "id"): one for one in children(child(book, "manifest"), "item")}
    labels = _labels(package, items, child(book, "spine"), folder)
    found = []
    for one in children(child(book, "spine"), "itemref"):
        item = items.get(attribute(one, "idref"))
        if item is None or attribute(item, "media-type") not in _MARKUP:
            continue
        part = package.resolve(folder, attribute(item, "href"))
        if "nav" not in attribute(item, "properties").split() and part in package:
            found.append(_Chapter(part, labels.get(part, "")))
    return found


def _labels(
    package: Package, items: dict[str, Element], spine: Element | None, folder: str
) -> dict[str, str]:
    """What the book's table of contents calls its parts."""
    toc = items.get(attribute(spine, "toc")) if spine is not None else None
    part = package.resolve(folder, attribute(toc, "href")) if toc is not None else None
    root = package.optional_xml(part)
    labels: dict[str, str] = {}
    for point in below(root, "navPoint") if root is not None else ():
        text, content = child(point, "navLabel", "text"), child(point, "content")
        if text is not None and content is not None:
            target = unquote(attribute(content, "src").partition("#")[0])
            name = package.resolve(posixpath.dirname(part or ""), target)
            labels.setdefault(name, text.text or "")
    return labels


def _write(writer: DocumentWriter, package: Package, chapter: _Chapter) -> int:
    file = RawFile(Path(chapter.part), package.read(chapter.part, _MOST_CHAPTER_BYTES))
    try:
        root = parse_html(decode_markup(file))
    except DocumentSkippedError:  # a cover, or white space
        root = None
    body = next((one for one in below(root, "body")), root) if root is not None else None
    if body is not None and chapter.label and not any(_is_heading(one) for one in body.iter()):
        writer.heading(1, chapter.label)
    titled = writer.length
    if body is not None:
        write_markup(writer, body)
    written = writer.length - titled
    if written:
        writer.end_page()
    return written


def _is_heading(element: Element) -> bool:
    return local(element) in ("h1", "h2", "h3")
