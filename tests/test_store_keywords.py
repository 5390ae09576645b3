"""The keyword index: what a question finds, and that no question breaks it."""

from __future__ import annotations

import pytest
from store_samples import document, make, put, settings

from rag_app.store import Store, keyword_search
from rag_app.store.asked import MAX_TERMS, asked_terms
from rag_app.store.terms import terms, words
from rag_app.types.languages import guess

NASTY = [
    "",
    " ",
    "?!…",
    '"',
    '""',
    "'",
    "'; DROP TABLE chunks; --",
    '" OR 1=1 --',
    "* ^ : ( ) { } [ ] + - / \\ ~ & | < > = @ # $ %",
    "AND",
    "OR NOT AND NEAR",
    "NEAR(a b, 5)",
    "body: names:x {headings body}: y",
    "alpha* ^alpha -alpha +alpha",
    "(((((((",
    '"unclosed phrase',
    "“unclosed",
    "a\x00b",
    "\ud800",
    "\N{ZERO WIDTH JOINER}\N{COMBINING ACUTE ACCENT}",
    "😀 🤖",
    "ß ẞ İ ı ſ ﬃ ½ ² ⅷ",
    "中文問題", "한국어 질문", "سؤال بالعربية", "प्रश्न",
    "a" * 50_000,
    "word " * 10_000,
    " ".join(f"w{n}" for n in range(10_000)),
    '"' + "phrase " * 7000 + '"',
    "x-" * 25_000,
    '"' * 50_000,
    "(" * 50_000,
]  # fmt: skip


@pytest.fixture
def collection(tmp_path):
    with Store(settings(tmp_path)) as store:
        yield make(store)


def found(collection, question, k=10):
    """Numbers of the passages that a question finds, best first."""
    return [id_.rpartition("-")[2] for id_, _ in collection.search_keywords(question, k)]


@pytest.mark.parametrize("question", NASTY, ids=range(len(NASTY)))
def test_any_text_is_a_safe_question(collection, question):
    put(collection, document(1, ["alpha beta", "gamma or not and near"]))
    hits = collection.search_keywords(question, 5)
    assert len(hits) <= 2
    assert all(score > 0 for _, score in hits)
    assert collection.document_frequencies([question]).keys() == {question}
    assert collection.info.chunks == 2
    assert len(asked_terms(question, ["english", "german"])) <= MAX_TERMS


@pytest.mark.parametrize("question", ["", "?!… -- ()", '""', "\N{ZERO WIDTH JOINER}"])
def test_question_without_a_word_finds_nothing(collection, question):
    put(collection, document(1))
    assert collection.search_keywords(question, 5) == []


def test_scores_are_larger_for_better_and_k_is_kept(collection):
    put(collection, document(1, ["profit profit growth", "profit of the year", "loss", "growth"]))
    hits = collection.search_keywords("profit growth", 10)
    assert len(hits) == 3
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    assert found(collection, "profit growth")[0] == "0"
    assert collection.search_keywords("profit growth", 2) == hits[:2]


def test_words_are_found_in_their_other_forms(collection):
    put(collection, document(1, ["The committees were deciding quickly.", "Nothing of the kind."]))
    assert found(collection, "Which committee decided?") == ["0"]


def test_function_words_are_dropped_when_others_remain(collection):
    put(collection, document(1, ["what is it to be", "turbine", "who are they"]))
    assert found(collection, "What is the turbine?") == ["1"]
    assert found(collection, "who are they") == ["2"]
    assert found(collection, "is it?") == ["0"]


def test_numbers_and_codes_are_exact(collection):
    texts = [
        "Part AB-1234 costs 1,577 dollars.",
        "Part AB-1235 costs 1,578 dollars, part AC-1234 nothing.",
        "Version 3.5 of the form 10-K",
        "Version 5.3 of the form 8-K, 3 pages and 5 tables",
        "RAG_HOME is a variable",
    ]
    put(collection, document(1, texts))
    assert found(collection, "AB-1234")[0] == "0"
    assert found(collection, "ab 1234")[0] == "0"
    assert found(collection, "1577") == ["0"]
    assert found(collection, "1,578") == ["1"]
    assert found(collection, "3.5") == ["2"]
    assert found(collection, "form 10-K")[0] == "2"
    assert found(collection, "RAG_HOME")[0] == "4"


CODES = {
    "Fault E-1001 stops the pump.": ("E1001", "e1001", "E-1001", "E 1001", "E_1001", "(E‑1001)"),
    "Fault E1002 stops the pump.": ("E1002", "e-1002", "E-1002", "E 1002", "E–1002?"),
    "Fault E 1003 stops the pump.": ("E1003", "E-1003", "E 1003"),
    "The IL-6R binds the pump.": ("IL-6R", "IL6R", "il6r"),
    "The NFkB stops the pump.": ("NF-kB", "NFkB"),
    "The form 10-K is of the pump.": ("10K", "10-K"),
}


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for text, codes in CODES.items() for code in codes]
)
def test_a_code_is_found_with_and_without_what_parts_it(collection, code, text):
    others = ["Fault E 1001b stops the pump.", "Pump 1001 of type E, the size 35", "Faults 3.5, 35"]
    texts = [*CODES, *others]
    put(collection, document(1, texts))
    best = collection.search_keywords(f"Why did the pump stop with {code}", 2)
    assert best[0][0].endswith(f"-{texts.index(text)}")
    assert best[0][1] > 2 * best[1][1]


def test_matched_words_are_codes_and_figures_as_they_were_asked(collection):
    texts = ["E-1001 and E-1002 stop pumps.", "E 1001b, version 3.5", "E1001 is in 35 or 3 pages"]
    put(collection, document(1, texts))
    ids = sorted(collection.chunk_ids())

    def matched(question):
        return list(collection.matched_words(question, ids).values())

    assert matched("Does E1001 stop the pump?") == [("E1001", "stop", "pump"), (), ("E1001",)]
    assert matched("Which pump stops with (E-1002)?") == [("E-1002", "pump", "stops"), (), ()]
    assert matched("What is E 1001 in 3.5?") == [("E 1001",), ("3.5",), ("E 1001",)]


def test_numbers_have_no_spelling_without_their_point(collection):
    put(collection, document(1, ["a size of 35", "a size of 3.5", "the years 20182019"]))
    assert found(collection, "3.5") == ["1"]
    assert found(collection, "2018-2019") == []


def test_spellings_of_a_code_share_one_rarity():
    asked = asked_terms("E-1001 pump", ["english", "german"])
    assert asked == {"e 1001": "e1001", "e1001": "e1001", "pump": "pump"}
    assert list(asked_terms("3f2a9c1e77aa4b1f", ["english"])) == ["3f2a9c1e77aa4b1f"]


@pytest.mark.parametrize(
    "question",
    ['"working capital"', "“working capital”", "«working capital»", 'the "Working Capital" ratio'],
)
def test_quoted_phrase_comes_first(collection, question):
    texts = ["capital working capital is not", "working for capital and working on capital gains"]
    put(collection, document(1, ["capital capital working on it", texts[1], texts[0]]))
    assert found(collection, question)[0] == "2"


def test_headings_and_file_names_are_searched(collection):
    put(collection, document(1, ["same text"], ("/x/3M_2018_10K.pdf",), ("Income taxes",)))
    put(collection, document(2, ["same text"], ("/x/Pfizer_2021.pdf",), ("Inventories",)))
    first, second = document(1)[1][0].id, document(2)[1][0].id
    assert collection.search_keywords("text on tax", 1)[0][0] == first
    assert collection.search_keywords("text of Pfizer 2021", 1)[0][0] == second
    with collection.writer(1) as writer:
        writer.point("/y/Moderna.pdf", document(2)[0].id)
        assert collection.search_keywords("Moderna", 5)[0][0] == second
        writer.forget("/x/Pfizer_2021.pdf")
    assert collection.search_keywords("Pfizer", 5) == []
    assert collection.search_keywords("Moderna", 5)[0][0] == second


def test_each_language_is_stemmed_in_its_own_way(collection):
    spanish = "Las empresas que contrataron trabajadores para la fábrica no han pagado."
    german = "Die Häuser, die von den Arbeitern gebaut wurden, sind nicht mehr in der Stadt."
    chinese = "这家公司的总部位于北京，成立于一九九八年。"
    english = "The company hired its workers when the factories were built in this city."
    for seed, text in enumerate([spanish, german, chinese, english], 1):
        put(collection, document(seed, [text]))
    ids = {seed: document(seed)[1][0].id for seed in range(1, 5)}

    def best(question: str) -> str:
        return collection.search_keywords(question, 1)[0][0]

    assert best("¿Qué empresa contrató al trabajador?") == ids[1]
    assert best("Welches Haus hat der Arbeiter gebaut?") == ids[2]
    assert best("公司总部在哪里？") == ids[3]
    assert best("Who built a factory?") == ids[4]


def test_document_frequencies(collection):
    assert collection.document_frequencies(["bank"]) == {"bank": 0}  # there are no documents
    put(
        collection,
        document(1, ["banks lend", "a bank lends money", "river bank", "money", "1,577"]),
    )
    counts = collection.document_frequencies(
        ["Bank", "lending", "money", "tax", "1577", "a-bank", ""]
    )
    assert counts == {
        "Bank": 3, "lending": 2, "money": 2, "tax": 0, "1577": 1, "a-bank": 1, "": 0,
    }  # fmt: skip
    put(collection, document(1, ["nothing"]))
    assert collection.document_frequencies(["bank"]) == {"bank": 0}


def test_collections_have_frequencies_of_their_own(tmp_path):
    with Store(settings(tmp_path)) as store:
        one, two = make(store, "one"), make(store, "two")
        put(one, document(1, ["turbine"]))
        put(two, document(2, ["turbine", "turbine blade"]))
        assert one.document_frequencies(["turbine"]) == {"turbine": 1}
        assert len(two.search_keywords("turbine", 5)) == 2


def test_terms():
    assert list(words("Don't stop: 1,577.50 €/m² in ŁÓDŹ")) == [
        "don", "t", "stop", "1577", "50", "m2", "in", "łódź",
    ]  # fmt: skip
    assert terms("naïve Cafés", "english") == ["naiv", "cafe"]
    assert list(words("北京大学 AI")) == ["北京", "京大", "大学", "ai"]
    assert list(words("한국어 질문")) == ["한국어", "질문"]
    assert terms("が", "english") == ["が"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("english", "It is the best of what we have in this world"),
        ("english", "Revenue 2018 2017 2016 12,345"),
        ("spanish", "La casa de los señores que no han venido"),
        ("german", "Das ist nicht der Hund, den ich mit dir gesehen habe"),
        ("french", "Les enfants ne sont pas dans la maison avec nous"),
        ("italian", "Questo non è il libro che ho letto della storia"),
        ("portuguese", "Não há mais nada para fazer com os outros"),
        ("dutch", "Het is niet de man die ik heb gezien bij ons"),
        ("swedish", "Det är inte den bok som jag har läst om"),
        ("russian", "Это не то, что я хотел, но так было и у нас"),
        ("english", "北京大学"),
        ("english", ""),
    ],
)
def test_the_list_of_function_words_is_that_of_the_text(language, text):
    assert guess(words(text)) == language


SPANISH = (
    "La bomba tiene una garantía de dos años y el cliente puede pedir una extensión. En la lista "
    "de precios esta extensión se llama warranty y cuesta treinta euros por cada año."
)


@pytest.mark.parametrize("most_scored", [10_000, 0], ids=["few", "many"])
def test_a_word_is_no_rarer_for_being_in_a_document_of_another_language(
    collection, monkeypatch, most_scored
):
    """The English stem is "warranti", the Spanish one stands in the only Spanish document."""
    monkeypatch.setattr(keyword_search, "_SCORED", most_scored)
    about = [f"The warranty of pump {n} is long. This warranty is for its parts." for n in range(9)]
    others = [f"The pump number {n} is checked by two people every week." for n in range(30)]
    spanish = document(3, [SPANISH])
    put(collection, document(1, about), document(2, others), spanish)
    hits = dict(collection.search_keywords("warranty", 20))
    assert len(hits) == 10
    assert hits[spanish[1][0].id] == min(hits.values())
