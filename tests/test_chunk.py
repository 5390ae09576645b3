"""Cutting: no passage too long, none across a page or a heading, every word in one of them."""

from __future__ import annotations

import hashlib
import itertools
import re

import pytest
from embeddings_samples import settings_in
from ingest_samples import REPORT, SEEDS, Words, needs_data

from ingest.chunk import chunk_document, contextual_text, split_chunks
from ingest.clean import clean_pages
from ingest.load import load_document
from ingest.pack import pack, with_overlap
from ingest.sections import find_sections
from ingest.table_heads import table_heads
from ingest.units import MOST_CHARACTERS_PER_TOKEN, Unit, split_units
from rag_app.errors import UsageError
from rag_app.types import MARKDOWN, PDF, TEXT, ChunkingIdentity, Heading, LoadedDocument, Page

ID = hashlib.sha256(b"x").hexdigest()
SENTENCE = "The pump is checked by two people every {} weeks before the season begins. "


def cut(document, size=60, overlap=0, model=None):
    pages = clean_pages(document)
    chunking = ChunkingIdentity(size=size, overlap=overlap)
    sections = find_sections(document, pages)
    chunks = chunk_document(ID, document.media_type, [sections], model or Words(), chunking)
    return chunks, pages


def text_document(text, media_type=TEXT, headings=()):
    return LoadedDocument(media_type, (Page(1, text),), headings=tuple(headings))


def markdown(tmp_path, text):
    path = tmp_path / "a.md"
    path.write_text(text)
    return load_document(path)


def assert_sound(chunks, pages, model, size):
    limit = min(size, model.identity.max_tokens)
    texts = {page.number: page.text for page in pages}
    counts = model.count_tokens([contextual_text(chunk) for chunk in chunks])
    for ordinal, (chunk, tokens) in enumerate(zip(chunks, counts, strict=True)):
        assert chunk.ordinal == ordinal
        assert chunk.id == f"{chunk.document_id[:32]}-{ordinal:05d}"
        assert chunk.text == texts[chunk.page][chunk.start : chunk.end]
        assert chunk.text == chunk.text.strip()
        assert any(char.isalnum() for char in chunk.text)
        assert chunk.tokens == tokens <= limit
        assert not chunk.truncated
    for page in pages:
        covered = bytearray(len(page.text))
        for chunk in chunks:
            if chunk.page == page.number:
                covered[chunk.start : chunk.end] = b"\x01" * (chunk.end - chunk.start)
        left = [c for c, seen in zip(page.text, covered, strict=True) if not seen and c.isalnum()]
        assert not left, (page.number, "".join(left)[:80])


# --- borders


def test_passages_end_with_sentences_and_are_balanced():
    text = "".join(SENTENCE.format(n) for n in range(13))
    chunks, pages = cut(text_document(text), size=60)
    assert_sound(chunks, pages, Words(), 60)
    assert all(chunk.text.endswith("begins.") for chunk in chunks)
    lengths = [chunk.tokens for chunk in chunks]
    assert max(lengths) - min(lengths) <= 15  # one sentence


def test_paragraphs_are_kept_whole_where_that_costs_little():
    paragraph = SENTENCE.format("two") + SENTENCE.format("six")
    text = "\n\n".join(paragraph.strip() for _ in range(6))
    chunks, _ = cut(text_document(text), size=75)
    assert [chunk.text.count("\n\n") for chunk in chunks] == [1, 1, 1]
    assert all(
        chunk.text.startswith("The pump is checked by two people every two") for chunk in chunks
    )


def test_small_paragraphs_are_merged_up_to_the_size():
    text = "\n\n".join(f"Line {n} is short." for n in range(10))
    assert len(cut(text_document(text), size=60)[0]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "word " * 400,
        "clause one, clause two; " * 60,
        "a" * 3000,
        "中文没有空格。" * 200,
        "|".join("cell" for _ in range(500)),
    ],
)
def test_one_sentence_beyond_the_limit_is_cut(text):
    chunks, pages = cut(text_document(text), size=40)
    assert_sound(chunks, pages, Words(), 40)


def test_a_word_without_end_is_cut_though_the_model_takes_it_for_one_token():
    picture = "![](data:image/png;base64," + "iVBORw0KGgo" * 9000 + ")"
    chunks, pages = cut(text_document(f"{SENTENCE.format(2)}\n\n{picture}"), size=60)
    assert_sound(chunks, pages, Words(), 60)
    assert max(len(chunk.text) for chunk in chunks) <= 60 * MOST_CHARACTERS_PER_TOKEN
    assert SENTENCE.format(2).strip() in chunks[0].text


def test_a_clause_is_the_first_choice_for_a_cut():
    text = ", ".join("one two three four five six seven" for _ in range(12)) + "."
    chunks, _ = cut(text_document(text), size=50)
    assert all(chunk.text.startswith("one") for chunk in chunks)
    assert len(chunks) > 1


def test_abbreviations_and_figures_do_not_end_a_sentence():
    text = "Dr. Smith paid 3.2 million. He left the U.S. in May."
    units = split_units(text, 0, len(text), lines=False)
    assert [text[unit.start : unit.end] for unit in units] == [
        "Dr. Smith paid 3.2 million.",
        "He left the U.S. in May.",
    ]


def test_table_rows_are_borders_in_a_pdf():
    text = "Sales 1 2\nCosts 3 4\nProfit 5 6"
    units = split_units(text, 0, len(text), lines=True)
    assert [text[unit.start : unit.end] for unit in units] == text.split("\n")


# --- headings

MANUAL = f"""\
# Manual

Intro words stand here.

## Care

### Cleaning

{SENTENCE.format("two") * 8}

## Storage

Keep it dry.
"""


def test_a_heading_starts_a_passage_and_stays_above_it(tmp_path):
    chunks, pages = cut(markdown(tmp_path, MANUAL), size=60)
    assert_sound(chunks, pages, Words(), 60)
    assert [(chunk.headings, chunk.text[:12]) for chunk in chunks] == [
        (("Manual",), "# Manual\n\nIn"),
        (("Manual", "Care", "Cleaning"), "## Care\n\n###"),
        (("Manual", "Care", "Cleaning"), "The pump is "),
        (("Manual", "Care", "Cleaning"), "The pump is "),
        (("Manual", "Storage"), "## Storage\n\n"),
    ]


def test_what_is_embedded_names_the_headings_once(tmp_path):
    chunks, _ = cut(markdown(tmp_path, MANUAL), size=60)
    assert contextual_text(chunks[0]).startswith("# Manual\n\nIntro")
    assert contextual_text(chunks[2]).startswith("Manual > Care > Cleaning\nThe pump is")
    assert contextual_text(chunks[4]).startswith("Manual\n## Storage\n\nKeep")


def test_an_outline_names_only_the_page():
    pages = (Page(1, "Before.\r\n\r\nResults\r\n\r\nAll is well."), Page(2, "More of it."))
    marks = (Heading(1, 1, "Results"), Heading(2, 2, "Nowhere on the page"))
    chunks, _ = cut(LoadedDocument(PDF, pages, headings=marks))
    assert [(chunk.page, chunk.headings) for chunk in chunks] == [
        (1, ()),
        (1, ("Results",)),
        (2, ("Results", "Nowhere on the page")),
    ]


def test_a_heading_at_the_foot_of_a_page_is_no_passage_of_its_own():
    pages = (Page(1, "Some words here.\n\nNext part"), Page(2, "Its text."))
    mark = Heading(1, 1, "Next part", 18)
    chunks, _ = cut(LoadedDocument(PDF, pages, headings=(mark,)))
    assert [(chunk.page, chunk.headings) for chunk in chunks] == [(1, ()), (2, ("Next part",))]


def test_headings_too_long_for_the_passage_lose_their_outer_ones():
    titles = ["An outer title that goes on for very many words indeed", "Inner title"]
    headings = [Heading(1, level, title) for level, title in enumerate(titles, 1)]
    text = "\n\n".join(titles) + "\n\n" + SENTENCE.format("two") * 9
    chunks, pages = cut(text_document(text, PDF, headings), size=30)
    assert_sound(chunks, pages, Words(), 30)
    assert {chunk.headings for chunk in chunks} == {("Inner title",)}


# --- sizes


@pytest.mark.parametrize("size", [16, 50, 200, 500])
def test_never_longer_than_the_size_or_the_model(size):
    model = Words(max_tokens=120)
    text = "".join(SENTENCE.format(n) for n in range(80))
    chunks, pages = cut(text_document(text), size=size, model=model)
    assert_sound(chunks, pages, model, size)


def test_overlap_repeats_whole_sentences():
    text = "".join(SENTENCE.format(n) for n in range(20))
    chunks, pages = cut(text_document(text), size=80, overlap=20)
    assert_sound(chunks, pages, Words(), 80)
    for before, after in itertools.pairwise(chunks):
        shared = pages[0].text[after.start : before.end]
        assert shared.startswith("The pump")
        assert shared.endswith("begins.")


def test_no_overlap_by_default():
    text = "".join(SENTENCE.format(n) for n in range(20))
    chunks, _ = cut(text_document(text), size=80)
    assert all(a.end <= b.start for a, b in itertools.pairwise(chunks))


def test_overlap_must_leave_room():
    with pytest.raises(UsageError, match="chunk_overlap"):
        cut(text_document("x"), size=60, overlap=30)


def test_tokens_that_do_not_add_up_are_counted_again():
    class Jealous(Words):
        """A sentence costs more in company."""

        def count_tokens(self, texts):
            usual = super().count_tokens(texts)
            return [n + 10 * text.count(". ") for n, text in zip(usual, texts, strict=True)]

    text = "".join(SENTENCE.format(n) for n in range(40))
    chunks, pages = cut(text_document(text), size=60, model=Jealous())
    assert_sound(chunks, pages, Jealous(), 60)


def test_punctuation_alone_is_no_passage():
    assert cut(text_document("--- *** ---\n\n....."))[0] == []


def test_packing_prefers_no_small_remainder():
    units = [Unit(n, n + 1, tokens=10) for n in range(11)]
    ranges = pack(units, 100)
    assert [end - start for start, end in ranges] in ([6, 5], [5, 6])
    assert with_overlap(units, ranges, 15)[1][0] == ranges[1][0] - 1


def test_a_table_that_fits_a_passage_is_not_cut():
    rows = "\n".join(f"| Article {n} | {n},00 |" for n in range(8))
    text = f"{'One more word. ' * 8}\n\n{rows}\n\n{'And others. ' * 4}"
    units = split_units(text, 0, len(text), lines=True)
    for unit in units:
        unit.tokens = len(text[unit.start : unit.end].split())
    cuts = [text[units[start].start : units[end - 1].end] for start, end in pack(units, 60)]
    assert any(rows in one for one in cuts)
    longer = pack([Unit(n, n + 1, tokens=10, is_row=True) for n in range(20)], 60)
    assert all(end - start <= 6 for start, end in longer)


def test_the_same_content_gives_the_same_passages():
    document = text_document("".join(SENTENCE.format(n) for n in range(30)))
    assert cut(document) == cut(document)


# --- real documents, the real tokenizer


@pytest.fixture(scope="module")
def minilm(tmp_path_factory):
    from rag_app.embeddings import load_embeddings

    return load_embeddings("minilm", settings_in(tmp_path_factory.mktemp("model")))


@needs_data
@pytest.mark.parametrize(("size", "overlap"), [(64, 0), (200, 0), (256, 40)])
def test_a_real_report(minilm, size, overlap):
    document = load_document(REPORT)
    chunks, pages = cut(document, size, overlap, minilm)
    assert_sound(chunks, pages, minilm, size)
    if size == 200:
        full = sum(1 for chunk in chunks if chunk.tokens >= 100)
        assert full > 0.85 * len(chunks)
        assert len({chunk.headings for chunk in chunks}) > 50
        prose = [c.text for c in chunks if re.search(r"[a-z]{3}\. [A-Z]", c.text)]
        ends = sum(1 for text in prose if re.search(r"[.:;!?)”\"]$", text))
        assert ends > 0.7 * len(prose)


@needs_data
def test_seeds(minilm):
    for path in sorted(SEEDS.glob("*.*")):
        document = load_document(path)
        for size in (40, 200):
            chunks, pages = cut(document, size, 0, minilm)
            assert_sound(chunks, pages, minilm, size)
    assert document.media_type == MARKDOWN


# --- tables longer than a passage

TABLE_HEAD = "| Country | Hotel, limit a night | Meals |"


def table_of(rows, head=TABLE_HEAD):
    return "\n".join([head, *(f"| Country no. {n} | €1{n}.00 | €4{n}.00 |" for n in range(rows))])


def test_a_passage_that_begins_within_a_table_knows_its_columns():
    text = f"Rates are for a night.\n\n{table_of(14)}\n\nAsk the travel desk. It knows."
    chunks, pages = cut(text_document(text, PDF), size=60)
    assert_sound(chunks, pages, Words(), 60)
    assert len(chunks) > 3
    for chunk in chunks:
        within = chunk.text.startswith("| Country no.")
        assert chunk.columns == (TABLE_HEAD if within else "")
        assert chunk.section == ""
        assert contextual_text(chunk).startswith(TABLE_HEAD) == within


def test_columns_stand_below_the_headings_and_are_none(tmp_path):
    rows = "\n".join(f"| pump {n} | {n} bar of pressure |" for n in range(12))
    document = markdown(tmp_path, f"# Pumps\n\n| Name | What it gives |\n|---|---|\n{rows}\n")
    chunks, pages = cut(document, size=40)
    assert_sound(chunks, pages, Words(), 40)
    assert {chunk.section for chunk in chunks} == {"Pumps"}
    assert {chunk.columns for chunk in chunks[1:]} == {"| Name | What it gives |"}
    assert chunks[0].columns == ""


@pytest.mark.parametrize(
    "head",
    [
        "| Country no. 99 | €199.00 | €499.00 |",  # a row like the others
        f"| {'long ' * 60}| name |",
        "| Countries |",
        f"| {'a b c d e ' * 3}| {'f g h i j ' * 2}|",  # a third of a passage
    ],
)
def test_what_names_no_columns_goes_with_no_passage(head):
    chunks, _ = cut(text_document(table_of(14, head), PDF), size=60)
    assert len(chunks) > 2
    assert not any(chunk.columns for chunk in chunks)


def test_a_second_table_has_columns_of_its_own():
    other = table_of(9, "| Land | Pension je Nacht | Verpflegung |")
    chunks, _ = cut(text_document(f"{table_of(9)}\n\n{other}", PDF), size=60)
    seen = [chunk.columns for chunk in chunks if chunk.columns]
    assert list(dict.fromkeys(seen)) == [TABLE_HEAD, "| Land | Pension je Nacht | Verpflegung |"]


def two_pages(first, second):
    return LoadedDocument(PDF, (Page(1, first), Page(2, second)))


def test_a_table_that_goes_on_on_the_next_page_keeps_its_columns():
    rows = table_of(14).splitlines()
    first, second = "\n".join(rows[:8]), "\n".join(rows[8:])
    chunks, pages = cut(two_pages(f"Rates.\n\n{first}", f"{second}\n\nAsk."), size=60)
    assert_sound(chunks, pages, Words(), 60)
    assert next(chunk.columns for chunk in chunks if chunk.page == 2) == TABLE_HEAD
    own = table_of(3, "| Land | Pension je Nacht | Verpflegung |")
    chunks, _ = cut(two_pages(first, own), size=60)
    assert [chunk.columns for chunk in chunks if chunk.page == 2] == [""]
    chunks, _ = cut(two_pages(first, "| 1 | 2 |\n| 3 | 4 |"), size=60)  # other columns
    assert [chunk.columns for chunk in chunks if chunk.page == 2] == [""]
    chunks, _ = cut(two_pages(first, f"Other words.\n\n{second}"), size=60)
    assert next(chunk.columns for chunk in chunks if chunk.page == 2) == ""


def test_years_may_name_columns():
    assert table_heads_of("| Sales | 2025 | 2024 |") == "| Sales | 2025 | 2024 |"
    assert table_heads_of("| Sales | 61.8 | 57.2 |") == ""


def table_heads_of(head):
    text = table_of(3, head)
    units = split_units(text, 0, len(text), lines=True)
    return table_heads(text, units)[-1]


def test_passages_cut_again_keep_the_columns():
    text = f"Rates.\n\n{table_of(14)}"
    chunks, _ = cut(text_document(text, PDF), size=80)
    long = next(chunk for chunk in chunks if chunk.columns)
    smaller = ChunkingIdentity(size=44, overlap=0)
    pieces = split_chunks([long], Words(), smaller, lines=True)
    assert len(pieces) > 1
    assert {piece.columns for piece in pieces} == {TABLE_HEAD}
    assert {piece.headings for piece in pieces} == {(TABLE_HEAD,)}
