"""XML and HTML from untrusted files: no entities expanded, no file or address opened, any depth.

lxml is told to load no DTD, to touch no network and to leave entities alone; a document that
declares entities of its own is refused, since only bombs and attacks on files do so. Names are
compared without their namespace: Office writes the same elements in two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Element = Any
"""An element of lxml, which has no types of its own."""

_ENCODINGS = ("ascii", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


class XmlError(Exception):
    """It is not well-formed, or declares entities; the message says which."""


def parse_xml(data: bytes, *, recover: bool = False) -> Element:
    """The root element.

    Args:
        data: The bytes with their declaration.
        recover: Whether to read on after an error.

    Raises:
        XmlError: No tree comes out of it.
    """
    from lxml import etree

    typed = _has(data, "<!DOCTYPE")
    if typed and _has(data, "<!ENTITY"):
        raise XmlError("it declares entities, which are not expanded")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        recover=recover,
        # One text of more than 10 MB is allowed, unless libxml2's guards might be needed after all.
        huge_tree=not typed and data[:1] in (b"<", b"\xef"),
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError(str(error)) from error
    if root is None:
        raise XmlError("it has no element")
    return root


def _has(data: bytes, mark: str) -> bool:
    return any(mark.encode(encoding) in data for encoding in _ENCODINGS)


def parse_html(text: str) -> Element | None:
    """The root element of a page, however badly written; None where there is none."""
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        # As bytes: a declaration of another encoding within the text would be an error.
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def local(element: Element) -> str:
    """An element's name without namespace; empty for what is not an element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute by its name without namespace; empty where it is missing."""
    value = element.get(name)
    if value is None:
        for key, other in element.attrib.items():
            if key.rpartition("}")[2] == name:
                return str(other)
    return "" if value is None else str(value)


def child(element: Element | None, *names: str) -> Element | None:
    """The first child of that name, and so on down."""
    for name in names:
        if element is None:
            return None
        element = next((one for one in element if local(one) == name), None)
    return element


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The children of that name."""
    return (one for one in (element if element is not None else ()) if local(one) == name)


def below(element: Element, name: str) -> Iterator[Element]:
    """The descendants of that name."""
    return element.iter(f"{{*}}{name}")  # type: ignore[no-any-return]
