"""What is written on a PDF page but not in it: values of form fields, and notes of readers.

PDFium's text has neither. Each is a line of its own at the end of the page's text. Nothing that an
annotation points to is followed, and no script of a form is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_ushort, sizeof
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_MOST = 2000
"""Annotations of a page that are looked at."""
_LONGEST = 20_000
_NAME = re.compile(r"[^\W\d_][^\n\[\]{}#]{1,120}")
_GENERATED = re.compile(
    r"(?i)(?:text|check|radio|combo|list|drop|field|undefined|[a-z])"
    r"[ _-]?(?:box|field|down|button)?[ _-]?\d*"
)
_AGAIN = re.compile(r"(?:_\d+)?:?\s*$")
_BARE = re.compile(r"[\W_]+")
_OFF = frozenset({"", "Off"})
_SILENT = frozenset({2, 16})
"""Links and the windows of notes, which say what their notes say."""
_HIDDEN, _PASSWORD = 2, 1 << 13


def notes_on(page: PdfPage, text: str) -> tuple[str, ...]:
    """A line for each thing that is filled in or noted on a page.

    Args:
        page: A page of an open document; the caller holds PDFium's lock.
        text: The text that it has; what is quoted from it is not said twice.
    """
    from pypdfium2 import raw

    found: dict[str, None] = {}
    known = ""
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        with _annotation(page, index) as one:
            kind = raw.FPDFAnnot_GetSubtype(one) if one else raw.FPDF_ANNOT_LINK
            if kind in _SILENT or raw.FPDFAnnot_GetFlags(one) & _HIDDEN:
                continue
            if kind == raw.FPDF_ANNOT_WIDGET:
                line = _field(page.formenv, one) if page.formenv else ""
            else:
                known = known or _bare(text)
                line = _said(partial(raw.FPDFAnnot_GetStringValue, one, b"Contents"))
                line = "" if _bare(line) in known else line
        if _bare(line):
            found[line] = None
    return tuple(found)


def _field(form: object, one: object) -> str:
    """The value of a field behind its name; empty if nothing is filled in."""
    from pypdfium2 import raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, one)
    is_box = kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)
    secret = _PASSWORD if kind == raw.FPDF_FORMFIELD_TEXTFIELD else 0
    if kind in (raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE):
        return ""
    if raw.FPDFAnnot_GetFormFieldFlags(form, one) & secret:
        return ""
    if is_box and not raw.FPDFAnnot_IsChecked(form, one):
        return ""
    value = _said(partial(raw.FPDFAnnot_GetFormFieldValue, form, one))
    name = _name(form, one)
    if value in _OFF or (is_box and not name):
        return ""
    return f"{name}: {value}" if name else value


def _name(form: object, one: object) -> str:
    """What a field is called for people; empty if only a program has named it."""
    from pypdfium2 import raw

    for ask in (raw.FPDFAnnot_GetFormFieldAlternateName, raw.FPDFAnnot_GetFormFieldName):
        name = _AGAIN.sub("", _said(partial(ask, form, one)))
        if _NAME.fullmatch(name) and not _GENERATED.fullmatch(name):
            return name
    return ""


def _said(ask: Callable[..., int]) -> str:
    """A text of PDFium's, which tells its length in bytes first."""
    size = ask(None, 0)
    if not 2 < size <= sizeof(c_ushort) * _LONGEST:
        return ""
    buffer = (c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    return " ".join(bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").split())


@contextmanager
def _annotation(page: PdfPage, index: int) -> Iterator[object]:
    from pypdfium2 import raw

    one = raw.FPDFPage_GetAnnot(page, index)
    try:
        yield one
    finally:
        if one:
            raw.FPDFPage_CloseAnnot(one)


def _bare(text: str) -> str:
    return _BARE.sub("", text.casefold())
