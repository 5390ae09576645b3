"""A found passage with the passages around it, as one longer passage.

What is joined is a slice of one page again, so that a quotation from it is still located by its
place on the page, and cited with it. For the same reason nothing is joined across pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag_app.retrieval.search import SearchResult
from rag_app.retrieval.steps import NEIGHBOURS, Step, Stepped
from rag_app.types import Chunk, Hit

GAP = 16
"""Characters between two passages of a page that follow each other: white space, or a rule."""

Between = Callable[[str, int, int], list[Chunk]]
"""The passages of a document from one position to another, in order."""


@dataclass(frozen=True, slots=True)
class Room:
    """What fits into the prompt.

    Attributes:
        tokens: For all passages together.
        count: Tokens of a text.
    """

    tokens: int
    count: Callable[[str], int]


def widening(around: int, between: Between, room: Room) -> Step:
    """The step that joins each passage with those around it, and with others of its page.

    Args:
        around: How many before and how many after it.
        between: Reads passages of a document.
        room: Passages are widened, the best first, while all of them fit.
    """

    def apply(search: SearchResult, hits: Sequence[Hit], k: int) -> Stepped:
        del search
        found = list(hits[:k])
        left = room.tokens - sum(room.count(hit.chunk.text) for hit in found)
        done: list[Hit] = []
        while found:
            hit = found.pop(0)
            page = [other for other in found if _same_page(hit, other)]
            wide, covered = _widened(hit, page, around, between)
            alone = sum(room.count(one.chunk.text) for one in (hit, *covered))
            cost = room.count(wide.chunk.text) - alone
            if cost <= left:
                left -= cost
                found = [other for other in found if other not in covered]
                hit = wide
            done.append(hit)
        return Stepped(tuple(done))

    return Step(NEIGHBOURS, apply)


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Passages of one page that follow each other as one; its id is that of the first.

    Between two of them there is white space that no passage has; line ends stand for it, as many
    as there are characters, so that every word keeps its place on the page.
    """
    first = chunks[0]
    text, end = first.text, first.end
    for chunk in chunks[1:]:
        text += "\n" * (chunk.start - end) + chunk.text[max(0, end - chunk.start) :]
        end = max(end, chunk.end)
    return replace(
        first,
        text=text,
        end=end,
        headings=_shared([chunk.headings for chunk in chunks]),
        tokens=sum(chunk.tokens for chunk in chunks),
        truncated=any(chunk.truncated for chunk in chunks),
    )


def _same_page(hit: Hit, other: Hit) -> bool:
    one, two = hit.chunk, other.chunk
    return (one.document_id, one.page) == (two.document_id, two.page)


def _widened(hit: Hit, page: Sequence[Hit], around: int, between: Between) -> tuple[Hit, list[Hit]]:
    """A hit with what is around it, and the other hits of its page that this covers.

    A page of a document that has pages is short, and all that lies between its hits is joined; a
    document without pages is one long page, of which only what touches is.
    """
    reach = None if hit.document.paginated else 2 * around + 1
    places = _within_reach(hit.chunk.ordinal, [other.chunk.ordinal for other in page], reach)
    first, last = max(0, min(places) - around), max(places) + around
    run = _touching(between(hit.chunk.document_id, first, last), hit.chunk)
    ids = {chunk.id for chunk in run}
    if len(run) == 1:
        return hit, []
    # The id stays that of the best hit: by it the passage is ranked, explained and cited.
    wide = replace(hit, chunk=replace(joined(run), id=hit.chunk.id, ordinal=hit.chunk.ordinal))
    return wide, [other for other in page if other.chunk.id in ids]


def _within_reach(place: int, others: Sequence[int], reach: int | None) -> list[int]:
    """``place`` and those of ``others`` that a chain of steps of at most ``reach`` leads to."""
    if reach is None:
        return [place, *others]
    places, left = [place], sorted(others, key=lambda other: abs(other - place))
    for other in left:  # the nearest first, so that a chain is met from its beginning
        if min(abs(other - one) for one in places) <= reach:
            places.append(other)
    return places


def _touching(chunks: Sequence[Chunk], middle: Chunk) -> list[Chunk]:
    """The run of passages around ``middle`` on its page in which each touches the next."""
    at = next((n for n, chunk in enumerate(chunks) if chunk.id == middle.id), None)
    if at is None:  # deleted in the meantime
        return [middle]
    before = list(_run(chunks[at::-1]))[::-1]
    return [*before, middle, *_run(chunks[at:])]


def _run(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """Those after the first, in the order given, for as long as each touches the one before."""
    for one, two in pairwise(chunks):
        left, right = (one, two) if one.ordinal < two.ordinal else (two, one)
        if left.page != right.page or right.start - left.end > GAP or right.start < left.start:
            return
        yield two


def _shared(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The headings that all of the passages stand under."""
    shared: list[str] = []
    for titles in zip(*paths, strict=False):
        if len(set(titles)) > 1:
            break
        shared.append(titles[0])
    return tuple(shared)
