"""Presentations (PPTX), read from their XML by lxml: one page for each slide.

The slide's number is the place to cite. Footers, dates and slide numbers are left out; speaker
notes and comments follow the slide's text, and tables and the figures behind charts are rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.load.charts import chart_rows, chart_title
from ingest.load.equations import equation_text
from ingest.load.options import LoadOptions, RawFile
from ingest.load.package import Package, open_package
from ingest.load.pptx_frames import diagram_texts, table_rows
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import Element, attribute, below, child, children, local
from rag_app.errors import DocumentSkippedError
from rag_app.types import LoadedDocument
from rag_app.types.media import PPTX

_FURNITURE = frozenset({"ftr", "sldNum", "dt", "hdr"})
_TITLES = frozenset({"title", "ctrTitle"})
_LISTS = frozenset({"body", "obj"})


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a presentation.

    Raises:
        DocumentSkippedError: No slide has text.
        DocumentUnreadableError: It is encrypted, in an older format, or broken.
    """
    package = open_package(file, "a PowerPoint presentation")
    slides = list(_slides(package))
    authors = _authors(package)
    writer = DocumentWriter()
    has_text = False
    for number, part in enumerate(slides, 1):
        root = package.optional_xml(part)
        if root is not None:
            has_text |= _Slide(package, part, writer, authors).write(root, number)
        writer.end_page()
    if not has_text:
        raise DocumentSkippedError(
            f"{file.name} has no text on its {len(slides)} slide(s): it holds only pictures, or "
            "nothing. Export it as PDF and run OCR on that."
        )
    return writer.document(PPTX, package.core_title())


def _slides(package: Package) -> Iterator[str]:
    main = package.main_part()
    parts = {one.id: one.target for one in package.relations(main)}
    for one in children(child(package.xml(main), "sldIdLst"), "sldId"):
        # The attribute without namespace is the slide's own number.
        id_ = next((value for key, value in one.attrib.items() if key.endswith("}id")), "")
        yield parts.get(id_, "")


def _authors(package: Package) -> dict[str, str]:
    main = package.main_part()
    part = package.related(main, "commentAuthors") or package.related(main, "authors")
    root = package.optional_xml(part)
    return {
        attribute(one, "id"): attribute(one, "name") for one in (root if root is not None else ())
    }


class _Slide:
    def __init__(
        self, package: Package, part: str, writer: DocumentWriter, authors: dict[str, str]
    ) -> None:
        self._package, self._part, self._writer = package, part, writer
        self._authors = authors
        self._related = {one.id: one.target for one in package.relations(part)}

    def write(self, root: Element, number: int) -> bool:
        """Writes everything on a slide; tells whether there was any text."""
        shapes = list(_shapes(child(root, "cSld", "spTree")))
        titles = [one for one in shapes if _placeholder(one) in _TITLES]
        title = one_line(" ".join(_shape_text(one) for one in titles))
        # A slide without a title would pass for a part of the one before.
        self._writer.heading(1, title or f"Slide {number}")
        before = len(title)
        for one in shapes:
            if one not in titles and _placeholder(one) not in _FURNITURE:
                before += self._shape(one)
        return before + self._notes() + self._comments() > 0

    def _shape(self, shape: Element) -> int:
        if local(shape) == "graphicFrame":
            return self._frame(shape)
        texts = [(one, text) for one in below(shape, "p") if (text := _paragraph(one))]
        listed = _placeholder(shape) in _LISTS and len(texts) > 1
        for paragraph, text in texts:
            properties = child(paragraph, "pPr")
            depth = attribute(properties, "lvl") if properties is not None else ""
            if listed or (properties is not None and _has_bullet(properties)):
                self._writer.item(text, int(depth) if depth.isdecimal() else 0)
            else:
                self._writer.paragraph(text)
        return len(texts)

    def _frame(self, frame: Element) -> int:
        rows: list[list[str]] = []
        for data in below(frame, "graphicData"):
            for one in data:
                if local(one) == "tbl":
                    rows += table_rows(one, _shape_text)
                elif local(one) == "chart":
                    rows += self._chart(one)
                elif local(one) == "relIds":
                    root = self._package.optional_xml(self._related.get(attribute(one, "dm")))
                    rows += [[text] for text in diagram_texts(root)]
        self._writer.rows(rows)
        return sum(any(row) for row in rows)

    def _chart(self, reference: Element) -> list[list[str]]:
        root = self._package.optional_xml(self._related.get(attribute(reference, "id")))
        if root is None:
            return []
        self._writer.paragraph(chart_title(root))
        return chart_rows(root)

    def _notes(self) -> int:
        root = self._package.optional_xml(self._package.related(self._part, "notesSlide"))
        if root is None:
            return 0
        shapes = _shapes(child(root, "cSld", "spTree"))
        text = "\n".join(_shape_text(one) for one in shapes if _placeholder(one) == "body").strip()
        if text:
            self._writer.paragraph(f"Speaker notes: {text}")
        return len(text)

    def _comments(self) -> int:
        found = 0
        for one in self._package.relations(self._part):
            root = self._package.optional_xml(one.target) if one.kind == "comments" else None
            for comment in (*below(root, "cm"), *below(root, "reply")) if root is not None else ():
                text = child(comment, "text")
                body = child(comment, "txBody")
                words = (text.text or "") if text is not None else ""
                words = words or (_shape_text(body) if body is not None else "")
                author = self._authors.get(attribute(comment, "authorId"), "")
                if words.strip():
                    by = f" by {author}" if author else ""
                    self._writer.paragraph(f"[Comment{by}: {one_line(words)}]")
                    found += 1
        return found


def _shapes(tree: Element | None) -> Iterator[Element]:
    """The shapes that can hold text, those of groups one by one."""
    for one in tree if tree is not None else ():
        name = local(one)
        if name in ("sp", "cxnSp", "graphicFrame"):
            yield one
        elif name in ("grpSp", "AlternateContent", "Choice"):
            yield from _shapes(one)


def _placeholder(shape: Element) -> str:
    """The role of a shape in the slide's layout; empty for a shape with none."""
    place = child(child(shape, "nvSpPr"), "nvPr", "ph")
    return "" if place is None else attribute(place, "type") or "obj"


def _has_bullet(properties: Element) -> bool:
    return any(local(one) in ("buChar", "buAutoNum") for one in properties)


def _shape_text(shape: Element) -> str:
    return "\n".join(text for one in below(shape, "p") if (text := _paragraph(one)))


def _paragraph(paragraph: Element) -> str:
    parts: list[str] = []
    _collect(paragraph, parts)
    return "".join(parts).strip()


def _collect(parent: Element, parts: list[str]) -> None:
    for one in parent:
        name = local(one)
        if name == "t":
            parts.append(one.text or "")
        elif name == "br":
            parts.append("\n")
        elif name in ("oMath", "oMathPara"):
            parts.append(f" {equation_text(one)} ")
        elif name not in ("Fallback", "p"):
            _collect(one, parts)
