"""Small files of many formats, made on the spot, some of them by the libraries that know them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ingest.load import LoadOptions, RawFile, load_file
from rag_app.types import LoadedDocument

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def ole(*names: str, shift: int = 9, sector: int = 0) -> bytes:
    """An old Office file or message: its head, and a directory with streams of these names."""
    head = bytearray(OLE.ljust(512, b"\0"))
    head[30:32] = shift.to_bytes(2, "little")
    head[48:52] = sector.to_bytes(4, "little")
    data = bytes(head).ljust((sector + 1) << shift, b"\0")
    for name in ("Root Entry", *names):
        written = name.encode("utf-16-le")
        data += written.ljust(64, b"\0") + (len(written) + 2).to_bytes(2, "little") + bytes(62)
    return data


def load(name: str, data: bytes | str) -> LoadedDocument:
    """Reads bytes as a file of that name."""
    raw = data.encode() if isinstance(data, str) else data
    return load_file(RawFile(Path(name), raw), LoadOptions())


def text_of(document: LoadedDocument) -> str:
    return "\n\f\n".join(page.text for page in document.pages)


def headings_of(document: LoadedDocument) -> list[tuple[int, int, str]]:
    """Page, level and title of each heading, which must stand where it says."""
    for one in document.headings:
        assert one.offset is not None
        here = document.pages[one.page - 1].text[one.offset :].lstrip("#=* ")
        assert here.startswith(one.title), one
    return [(one.page, one.level, one.title) for one in document.headings]


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def relations(*targets: tuple[str, str]) -> str:
    """The relations of a part: kind and target of each."""
    rows = "".join(
        f'<Relationship Id="r{number}" Type="http://x/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{rows}</Relationships>'


def word(body: str, more: Mapping[str, str] | None = None) -> bytes:
    """A Word document from the XML within its body."""
    more = more or {}
    related = [(Path(name).stem, Path(name).name) for name in more]
    return zipped(
        {
            "_rels/.rels": relations(("officeDocument", "word/document.xml")),
            "word/_rels/document.xml.rels": relations(*related),
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body>'
            "</w:document>",
            **more,
        }
    )


def open_document(kind: str, body: str, manifest: str = "<manifest/>") -> bytes:
    """An OpenDocument file from the XML within its body."""
    spaces = " ".join(
        f'xmlns:{name}="{_ODF}:{name}:1.0"'
        for name in ("office", "text", "table", "draw", "presentation")
    )
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    return zipped(
        {
            "mimetype": media_type,
            "META-INF/manifest.xml": manifest,
            "content.xml": f"<office:document-content {spaces}><office:body><office:{kind}>{body}"
            f"</office:{kind}></office:body></office:document-content>",
        }
    )


def book(chapters: Mapping[str, str], more: Mapping[str, str] | None = None) -> bytes:
    """An e-book with these chapters: file name and XHTML body."""
    items = "".join(
        f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/book.opf"/>'
            "</rootfiles></container>",
            "OPS/book.opf": "<package><metadata><title>The Lake</title><creator>A. Ng</creator>"
            '</metadata><manifest><item id="toc" href="toc.ncx" '
            f'media-type="application/x-dtbncx+xml"/>{items}</manifest><spine toc="toc">{spine}'
            "</spine></package>",
            **{
                f"OPS/{name}": f"<!DOCTYPE html><html><body>{body}</body></html>"
                for name, body in chapters.items()
            },
            **(more or {}),
        }
    )
