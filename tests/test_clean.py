"""Cleaning: what is removed, what stays, and that every character can be traced."""

from __future__ import annotations

import random
import re
import time
import unicodedata

import pytest
from ingest_samples import REPORT, SEEDS, needs_data

from ingest.clean import clean_pages
from ingest.furniture import repeated_edges
from ingest.load import load_document
from ingest.traced import TracedText, position_of, raw_range
from rag_app.types import MARKDOWN, PDF, TEXT, LoadedDocument, Page


def cleaned(*texts: str, media_type: str = PDF) -> list[str]:
    pages = tuple(Page(number, text) for number, text in enumerate(texts, 1))
    return [page.text for page in clean_pages(LoadedDocument(media_type, pages))]


def assert_traced(document: LoadedDocument) -> None:
    for raw, page in zip(document.pages, clean_pages(document), strict=True):
        offsets = list(page.offsets)
        assert len(offsets) == len(page.text) + 1
        assert offsets == sorted(offsets)
        assert offsets[-1] == len(raw.text)
        for index, char in enumerate(page.text):
            source = raw.text[offsets[index]]
            if char.isalnum():
                plain = unicodedata.normalize("NFKD", source)
                assert unicodedata.normalize("NFKD", char)[0] in plain, (page.number, index, char)


# --- characters


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("oﬃce ﬁnds ﬂoor", "office finds floor"),
        ("Cafe\u0301 A\u030angstro\u0308m", "Café Ångström"),
        ("soft\u00adware", "software"),
        ("a\u200bb\ufeffc\u2060d", "abcd"),
        ("a\x00b\x07c", "abc"),
        ("one\xa0two\u2009three   four", "one two three four"),
        ("\uf0b7 item", "• item"),
        ("x² ½ ™ № Ⅳ", "x² ½ ™ № Ⅳ"),
        ("می\u200cخواهم 👨\u200d👩\u200d👧", "می\u200cخواهم 👨\u200d👩\u200d👧"),
        ("한국", "한국"),
    ],
)
@pytest.mark.parametrize("media_type", [PDF, TEXT, MARKDOWN])
def test_characters(raw, clean, media_type):
    assert cleaned(raw, media_type=media_type) == [clean]


# --- hyphens


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("The informa\ufffetion is here.", "The information is here."),
        ("The informa\x02tion is here.", "The information is here."),
        ("The informa-\r\ntion is here.", "The information is here."),
        ("The infor\u00admation is here.", "The information is here."),
        ("A well-known fact. A well\ufffeknown man.", "A well-known fact. A well-known man."),
        ("Non\ufffeGAAP and 2015\ufffe2016", "Non-GAAP and 2015-2016"),
        ("An INFORMA\ufffeTION sign.", "An INFORMATION sign."),
        (
            "A cyber\ufffeattack. The attack on cyber space.",
            "A cyber-attack. The attack on cyber space.",
        ),
        ("Wortlänge, die Silben\ufffetrennung", "Wortlänge, die Silbentrennung"),
        ("real-time and e-mail", "real-time and e-mail"),
        ("a dash - here", "a dash - here"),
    ],
)
def test_hyphens_at_line_ends(raw, clean):
    assert cleaned(raw) == [clean]


# --- lines and paragraphs


def test_lines_of_a_pdf_paragraph_are_joined_and_paragraphs_stay():
    raw = (
        "This sentence is set in lines of about\r\nthe same length, as it is in all reports\r\n"
        "of this kind.\n\nA second paragraph begins after a gap."
    )
    assert cleaned(raw) == [
        (
            "This sentence is set in lines of about the same length, as it is in all reports "
            "of this kind.\n\nA second paragraph begins after a gap."
        )
    ]


def test_rows_of_a_table_keep_their_lines():
    raw = (
        "Sales by region 2018 2017\r\nEurope 1,520 1,480\r\n"
        "Asia and the Pacific 2,340 (120)\r\nTotal 3,860 1,360"
    )
    assert cleaned(raw) == [raw.replace("\r\n", "\n")]


def test_items_of_a_list_keep_their_lines():
    raw = (
        "Bring the following things along to the course:\r\n"
        "• a pen with blue ink and a pad of paper\r\n"
        "• your passport\r\n1. first of all\r\n(a) and also"
    )
    assert cleaned(raw) == [raw.replace("\r\n", "\n")]


@pytest.mark.parametrize("media_type", [TEXT, MARKDOWN])
def test_text_and_markdown_keep_all_lines(media_type):
    raw = "# Title\n\n\n\nShort line\nof a poem   here  \n    code = 1\n- item\n"
    expected = "# Title\n\nShort line\nof a poem here\n    code = 1\n- item"
    assert cleaned(raw, media_type=media_type) == [expected]


# --- headers and footers


def report_pages(count: int) -> list[str]:
    return [
        f"Acme Ltd. Annual Report {2018 + n}\r\n"
        f"The text of page {'abcdefghij'[n]} goes here.\r\nIt has two lines.\r\n"
        f"Page {n + 1} of {count}"
        for n in range(count)
    ]


def test_running_headers_and_footers_are_removed():
    first, *others = cleaned(*report_pages(5))
    assert first.startswith("Acme Ltd. Annual Report 2018")
    for page in others:
        assert "Acme" not in page
        assert page.startswith("The text of page")
    assert all("of 5" not in page for page in (first, *others))


def test_what_a_letterhead_says_stays_once():
    pages = [f"Invoice 4711\r\nItem {'ab'[n]}.\r\nPage {n + 1}" for n in range(2)]
    assert cleaned(*pages) == ["Invoice 4711 Item a.", "Item b."]


def test_a_single_page_keeps_its_edges():
    assert "Acme" in cleaned(*report_pages(1))[0]


def test_bare_page_numbers_go_but_other_numbers_stay():
    pages = [f"Words of page {'abcdefgh'[n]}.\r\n\r\n{n + 11}" for n in range(6)]
    pages[3] = "Sales in the year\r\n2018"
    found = cleaned(*pages)
    assert found[0] == "Words of page a."
    assert found[3].endswith("2018")


def test_roman_page_numbers_go():
    numerals = ("i", "ii", "iii", "iv", "v")
    pages = [f"Words of part {'abcde'[n]}.\r\n{roman}" for n, roman in enumerate(numerals)]
    assert cleaned(*pages)[2] == "Words of part c."


def test_a_line_that_repeats_inside_pages_stays():
    texts = [f"Start {'abcdef'[n]} x\n" + "y\n" * 6 + "same words\n" + "z\n" * 6 for n in range(6)]
    assert all("same words" in page for page in cleaned(*texts, media_type=TEXT))


def test_only_the_outermost_repeated_lines_are_taken():
    pages = [
        (n, f"Page {n}\nown line {'abc'[n - 1]}\nPage {n}\nlast {'xyz'[n - 1]}") for n in (1, 2, 3)
    ]
    for (_, text), ranges in zip(pages, repeated_edges(pages), strict=True):
        assert [text[start:end] for start, end in ranges] == [text[:6]]


def test_pages_that_say_the_same_keep_their_words():
    assert cleaned("Form 27\r\nSign here.", "Form 27\r\nSign here.") == ["Form 27 Sign here."] * 2
    assert cleaned("1", "2", "3") == ["1", "2", "3"]


# --- offsets


def test_replacements_compose():
    text = TracedText("aXXbYc")
    text.sub(re.compile("XX"), "--12")
    text.sub(re.compile("Y"), "")
    text.replace([(0, 1, "")])
    assert text.text == "--12bc"
    assert list(text.offsets) == [1, 2, 2, 2, 3, 5, 6]
    assert raw_range(text.offsets, 0, 5) == (1, 4)
    assert position_of(text.offsets, 4) == 5


@pytest.mark.parametrize("media_type", [PDF, TEXT, MARKDOWN])
def test_offsets_of_random_text_lead_back(media_type):
    chosen = random.Random(11)
    alphabet = (
        "abc XYZ 12 é\u0301 ﬁﬄ \r\n \n\n \xad \ufffe - \u200b\xa0\t. , • e\u0301 o\u0308 中文 한"
    )
    for _ in range(60):
        pages = tuple(
            Page(n, "".join(chosen.choices(alphabet, k=300)))
            for n in range(1, chosen.randint(2, 6))
        )
        assert_traced(LoadedDocument(media_type, pages))


@needs_data
def test_offsets_of_a_real_report_lead_back():
    document = load_document(REPORT)
    assert_traced(
        LoadedDocument(PDF, document.pages[:30], document.title, metadata=document.metadata)
    )


@needs_data
def test_a_real_report_is_cleaned_fast_and_keeps_its_words():
    document = load_document(REPORT)
    start = time.process_time()
    pages = clean_pages(document)
    assert time.process_time() - start < 2
    raw = "".join(page.text for page in document.pages)
    text = "\n\n".join(page.text for page in pages)
    assert not re.search("[\ufffe\x02\xad\r]", text)
    words = re.compile(r"[^\W\d_]{4,}")
    lost = set(words.findall(raw)) - set(words.findall(text))
    assert len(lost) <= 5, lost  # halves of words that were cut in two
    assert "Organic local-currency" in text or "organic local-currency" in text
    assert not any(page.text.startswith("Table of Contents") for page in pages[10:])


@needs_data
def test_seeds_keep_every_word():
    for path in sorted(SEEDS.glob("*.txt")):
        document = load_document(path)
        assert clean_pages(document)[0].text.split() == document.pages[0].text.split()
        assert_traced(document)
