"""Where a question is searched for: the collection, and a filter that is always in sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import PurePath
from typing import Any, cast

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.types import DocumentRecord, Filter
from rag_app.types.kinds import KINDS, LANGUAGES, kind_of
from rag_app.ui import state, wording
from rag_app.ui.markup import quoted, shortened
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key

_DATES = (date(1970, 1, 1), date(2999, 12, 31))
_LONGEST = 34
"""Characters of a name in a chip."""

Options = dict[Key, list[Any]]
"""For each field that is a choice, what there is to choose from."""

_KIND_NAMES = {"pdf": "PDF", "web": "Web page", "mail": "E-mail"}


def where() -> Filter:
    """The filter that is chosen on the page."""
    first, last = state.get(Key.FIRST_PAGE), state.get(Key.LAST_PAGE)
    pages: tuple[tuple[int, int | None], ...] = ()
    if first or last:
        first = first or 1
        pages = ((min(first, last or first), max(first, last) if last else None),)
    since, until = state.get(Key.SINCE), state.get(Key.UNTIL)
    if since and until:
        since, until = min(since, until), max(since, until)
    return Filter(
        documents=tuple(state.get(Key.SCOPE) or ()),
        folders=tuple(state.get(Key.FOLDERS) or ()),
        types=tuple(state.get(Key.TYPES) or ()),
        languages=tuple(state.get(Key.LANGUAGES) or ()),
        since=since,
        until=until,
        pages=pages,
        metadata=tuple(state.get(Key.SAID) or ()),
    )


def popover(shared: Resources, filled: Sequence[CollectionInfo]) -> list[DocumentRecord]:
    """Draws the button that says what is searched, and what opens at a click on it.

    Returns:
        The documents of the collection that is chosen.
    """
    collection = shared.store.get(state.get(Key.COLLECTION))
    records = collection.documents()
    offered = _offered(records)
    for key, options in offered.items():
        state.put(key, [one for one in state.get(key) or () if one in options])
    passing = collection.passing(where()).documents if where() else len(records)
    scope = "all documents" if not where() else f"{passing:,} of {len(records):,} documents"
    with st.popover(
        f"{collection.name} · {scope}", icon=":material/library_books:", type="tertiary"
    ):
        st.selectbox(
            "Collection",
            [info.name for info in filled],
            help="Each collection is searched on its own.",
            **state.mirror(Key.COLLECTION),
        )
        _fields(records, offered)
    return records


def chips(records: Sequence[DocumentRecord]) -> None:
    """Draws what the search is limited to, each with a way to lift it; nothing without a limit."""
    if not where():
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key="scope_chips"
    ):
        shown = _shown(records)
        for number, (text, keys) in enumerate(shown):
            st.button(
                quoted(text),
                icon=":material/close:",
                icon_position="right",
                key=f"scope_chip_{number}",
                on_click=lift,
                args=keys,
            )
        if len(shown) > 1:
            st.button("Search everything", type="tertiary", key="scope_clear", on_click=lift)


def lift(*keys: Key) -> None:
    """Lifts limits; all of them if none is named."""
    for key in keys or _LIMITS:
        state.put(key, None)


_LIMITS = (
    Key.SCOPE,
    Key.TYPES,
    Key.FOLDERS,
    Key.LANGUAGES,
    Key.SAID,
    Key.SINCE,
    Key.UNTIL,
    Key.FIRST_PAGE,
    Key.LAST_PAGE,
)


def _offered(records: Sequence[DocumentRecord]) -> Options:
    """What can be chosen for each field that is a choice."""
    kinds = {kind_of(record.media_type) for record in records}
    folders = {str(PurePath(source).parent) for record in records for source in record.sources}
    languages = {record.language for record in records}
    said = {pair for record in records for pair in record.metadata}
    return {
        Key.SCOPE: [record.id for record in records],
        Key.TYPES: [kind for kind in KINDS if kind in kinds],
        Key.FOLDERS: sorted(folders),
        Key.LANGUAGES: sorted(languages - {""}),
        Key.SAID: sorted(said),
    }


def _fields(records: Sequence[DocumentRecord], offered: Options) -> None:
    names = {record.id: record.name for record in records}
    _choice(Key.SCOPE, "Only in these documents", offered, "All documents", names.__getitem__)
    _choice(Key.TYPES, "Types", offered, "All types", _kind_name, least=2)
    _choice(Key.FOLDERS, "Folders", offered, "All folders", _folder_name, least=2)
    _choice(Key.LANGUAGES, "Languages", offered, "All languages", _language_name, least=2)
    _choice(Key.SAID, "Metadata", offered, "Anything", _said_name)
    with st.container(horizontal=True, gap="small", key="scope_dates"):
        _day("Changed since", "or later", Key.SINCE)
        _day("Changed until", "or earlier", Key.UNTIL)
    if any(record.paginated for record in records):
        with st.container(horizontal=True, gap="small", key="scope_pages"):
            _page("From page", Key.FIRST_PAGE)
            _page("To page", Key.LAST_PAGE)


def _day(label: str, side: str, key: Key) -> None:
    st.date_input(
        label,
        value=None,
        format="YYYY-MM-DD",
        min_value=_DATES[0],
        max_value=_DATES[1],
        help=f"Files that were last changed on this day {side}, by their own dates when they "
        "were added.",
        **state.mirror(key),
    )


def _page(label: str, key: Key) -> None:
    st.number_input(
        label,
        min_value=1,
        max_value=999_999,
        value=None,
        step=1,
        placeholder="any",
        **state.mirror(key),
    )


def _choice(
    key: Key,
    label: str,
    offered: Options,
    nothing: str,
    name: Callable[[Any], str],
    least: int = 1,
) -> None:
    """A field with several values, where there are enough to choose from."""
    if len(offered[key]) >= least:
        st.multiselect(
            label, offered[key], format_func=name, placeholder=nothing, **state.mirror(key)
        )


def limits(records: Sequence[DocumentRecord]) -> list[str]:
    """What the search is limited to, in words."""
    return [text for text, _ in _shown(records)]


def _shown(records: Sequence[DocumentRecord]) -> list[tuple[str, tuple[Key, ...]]]:
    """The text of each chip, and what it stands for."""
    names = {record.id: record.name for record in records}
    asked = where()
    pages = [
        f"page {first}" if first == last else f"pages {first}–{last or ''}"
        for first, last in asked.pages
    ]
    texts = (
        (_together([names.get(one, one) for one in asked.documents], "document"), (Key.SCOPE,)),
        (_together([_kind_name(one) for one in asked.types], "type"), (Key.TYPES,)),
        (_together([_folder_name(one) for one in asked.folders], "folder"), (Key.FOLDERS,)),
        (_together([_language_name(one) for one in asked.languages], "language"), (Key.LANGUAGES,)),
        (_together([_said_name(one) for one in asked.metadata], "label"), (Key.SAID,)),
        (_days(asked.since, asked.until), (Key.SINCE, Key.UNTIL)),
        ("".join(pages), (Key.FIRST_PAGE, Key.LAST_PAGE)),
    )
    return [(text, keys) for text, keys in texts if text]


def _days(since: date | None, until: date | None) -> str:
    if since and until:
        return f"{since}" if since == until else f"{since} – {until}"
    return f"since {since}" if since else f"until {until}" if until else ""


def _together(names: Sequence[str], noun: str) -> str:
    joined = ", ".join(names)
    return (
        joined
        if len(joined) <= _LONGEST
        else (wording.count(len(names), noun) if len(names) > 1 else shortened(joined, _LONGEST))
    )


def _kind_name(kind: object) -> str:
    return _KIND_NAMES.get(str(kind), str(kind).capitalize())


def _folder_name(folder: object) -> str:
    return "/".join(PurePath(str(folder)).parts[-2:])


def _language_name(code: object) -> str:
    return LANGUAGES[str(code)].capitalize()


def _said_name(pair: object) -> str:
    return ": ".join(cast("tuple[str, str]", pair))
