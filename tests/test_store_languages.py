"""The language of a text: told where it is plain, left open where it is not, and its stemmer."""

from __future__ import annotations

import errno

import pytest
import snowballstemmer
from store_samples import document, make, put, settings

from rag_app.errors import StoreUnavailableError
from rag_app.store import Store, languages
from rag_app.store.languages import SAMPLE, sample, stemmer_of, told
from rag_app.types.kinds import LANGUAGES

PASSAGES = {
    "bg": "Помпата е в мазето на къщата и уплътнението ѝ трябва да се смени през есента.",
    "ca": "La bomba és al soterrani de la casa i cal canviar-ne la junta a la tardor.",
    "cs": "Čerpadlo je ve sklepě domu a jeho těsnění je třeba na podzim vyměnit.",
    "da": "Pumpen står i husets kælder, og dens pakning skal skiftes til efteråret.",
    "de": "Die Pumpe steht im Keller des Hauses, und ihre Dichtung muss im Herbst erneuert werden.",
    "el": "Η αντλία βρίσκεται στο υπόγειο του σπιτιού και το παρέμβυσμα αλλάζει το φθινόπωρο.",
    "en": "The pump is in the cellar of the house, and its seal has to be replaced in autumn.",
    "es": "La bomba está en el sótano de la casa y su junta se debe cambiar en otoño.",
    "fi": "Pumppu on talon kellarissa, ja sen tiiviste on vaihdettava syksyllä.",
    "fr": "La pompe est dans la cave de la maison et son joint doit être changé en automne.",
    "hu": "A szivattyú a ház pincéjében van, a tömítését ősszel ki kell cserélni.",
    "it": "La pompa si trova nella cantina della casa e la guarnizione va cambiata in autunno.",
    "ja": "ポンプは家の地下室にあり、秋にはパッキンを交換しなければなりません。",
    "ko": "펌프는 집의 지하실에 있으며 가을에는 패킹을 교체해야 합니다.",
    "nl": "De pomp staat in de kelder van het huis en de pakking moet dit najaar worden vervangen.",
    "no": "Pumpen står i kjelleren i huset, og pakningen må skiftes til høsten.",
    "pl": "Pompa stoi w piwnicy domu, a jej uszczelkę trzeba wymienić jesienią.",
    "pt": "A bomba está na cave da casa e a sua junta tem de ser substituída no outono.",
    "ro": "Pompa se află în pivnița casei, iar garnitura ei trebuie schimbată în toamnă.",
    "ru": "Насос стоит в подвале дома, и осенью нужно заменить его прокладку.",
    "sv": "Pumpen står i husets källare och dess packning måste bytas till hösten.",
    "tr": "Pompa evin bodrumunda duruyor ve contasının sonbaharda değiştirilmesi gerekiyor.",
    "uk": "Насос стоїть у підвалі будинку, і восени треба замінити його прокладку.",
    "zh": "水泵在房子的地下室里，秋天必须更换它的密封件。",
}  # fmt: skip


@pytest.mark.parametrize("code", PASSAGES)
def test_the_language_of_a_sentence_is_told(code):
    assert told(PASSAGES[code]) == code
    assert told(PASSAGES[code].upper()) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pump",
        "北京大学",
        "Revenue 2018 2017 2016 12,345",
        "12 40 99 17 3 4711 " * 40,
        " ".join(f"DX-{n} BY-{n + 7} EZ-{n * 3}" for n in range(100, 160)),
        "TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24s" * 5,
        "Anna Schmidt 42 Berlin\nJohn Smith 17 London\nMaría García 33 Madrid\n" * 5,
        "\ud800 \0 " * 50,
    ],
)
def test_what_is_no_text_or_too_short_has_no_language(text):
    assert told(text) == ""


def test_a_text_in_two_languages_has_that_of_most_of_it():
    assert told((PASSAGES["en"] + "\n") * 6 + PASSAGES["de"]) == "en"
    assert told((PASSAGES["de"] + "\n") * 6 + PASSAGES["en"]) == "de"


def test_the_beginning_of_a_document_is_enough():
    assert sample(["one", "two"]) == "one\ntwo"
    whole = sample(f"{n:04}" for n in range(5000))
    assert SAMPLE - 5 <= len(whole) <= SAMPLE
    assert whole.startswith("0000\n0001\n")
    assert len(sample(["x" * 3 * SAMPLE])) == SAMPLE


def test_each_language_has_the_stemmer_of_its_name_or_the_english_one():
    algorithms = set(snowballstemmer.algorithms())
    chosen = {code: stemmer_of(code) for code in LANGUAGES}
    assert set(chosen.values()) <= algorithms
    for code, name in LANGUAGES.items():
        assert chosen[code] == (
            name if name in algorithms - {"hindi", "nepali", "tamil"} else "english"
        )
    assert chosen["fi"] == "finnish"
    assert stemmer_of("") == stemmer_of("zh") == "english"


def test_a_document_is_found_by_other_forms_of_its_words(tmp_path):
    finnish = "Talon kellarissa on kaksi pumppua, joiden tiivisteet on vaihdettava joka syksy."
    danish = "Kælderen har to pumper, og deres pakninger skal skiftes hvert efterår af en montør."
    english = "The cellar has two of them, and they are looked after by the company every year."
    with Store(settings(tmp_path)) as store:
        collection = make(store)
        for seed, text in enumerate([finnish, danish, english], 1):
            put(collection, document(seed, [text]))
        told = {one.id: one.language for one in collection.documents()}
        assert told == {document(n)[0].id: code for n, code in enumerate(["fi", "da", "en"], 1)}
        ids = {seed: document(seed)[1][0].id for seed in range(1, 4)}
        for question, seed in (("pumput", 1), ("kellarit", 1), ("pakningerne", 2), ("montører", 2)):
            assert [id_ for id_, _ in collection.search_keywords(question, 3)] == [ids[seed]]


def test_no_room_for_the_model_is_said(monkeypatch):
    from py3langid.langid import LanguageIdentifier

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LanguageIdentifier, "from_model_file", full)
    languages._unpacked.cache_clear()
    with pytest.raises(StoreUnavailableError, match="no space left"):
        told(PASSAGES["en"])
