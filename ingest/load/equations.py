"""Equations of Office documents on one line: ``(a+b)/c``, ``x^2``, ``√(y)``."""

from __future__ import annotations

from collections.abc import Callable

from ingest.load.xmltree import Element, attribute, child, children, local


def equation_text(element: Element) -> str:
    """An equation, or a part of one, as characters."""
    form = _FORMS.get(local(element))
    if form is not None:
        return form(element)
    if local(element) == "t":
        return element.text or ""
    return "".join(equation_text(one) for one in element if not local(one).endswith("Pr"))


def _part(element: Element, name: str) -> str:
    part = child(element, name)
    return "" if part is None else equation_text(part).strip()


def _grouped(text: str) -> str:
    return text if len(text) < 2 or text.isalnum() else f"({text})"


def _fraction(element: Element) -> str:
    return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"


def _script(element: Element) -> str:
    lower, upper = _part(element, "sub"), _part(element, "sup")
    base = _part(element, "e")
    if child(element, "e", "f") is not None:  # a fraction as a whole is raised
        base = f"({base})"
    low = f"_{_grouped(lower)}" if lower else ""
    return f"{base}{low}" + (f"^{_grouped(upper)}" if upper else "")


def _root(element: Element) -> str:
    return f"{_part(element, 'deg')}√({_part(element, 'e')})"


def _nary(element: Element) -> str:
    sign = child(element, "naryPr", "chr")
    lower, upper = _part(element, "sub"), _part(element, "sup")
    low = f"_{_grouped(lower)}" if lower else ""
    high = f"^{_grouped(upper)}" if upper else ""
    return f"{attribute(sign, 'val') if sign is not None else '∫'}{low}{high} {_part(element, 'e')}"


def _delimited(element: Element) -> str:
    properties = child(element, "dPr")
    first, last = child(properties, "begChr"), child(properties, "endChr")
    opened = attribute(first, "val") if first is not None else "("
    closed = attribute(last, "val") if last is not None else ")"
    return opened + ", ".join(equation_text(one) for one in children(element, "e")) + closed


def _function(element: Element) -> str:
    return f"{_part(element, 'fName')} {_part(element, 'e')}"


_FORMS: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSup": _script,
    "sSub": _script,
    "sSubSup": _script,
    "rad": _root,
    "nary": _nary,
    "d": _delimited,
    "func": _function,
}
