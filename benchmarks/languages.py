"""How often the language of a text is told rightly: right, left open, wrong.

    .venv/bin/python benchmarks/languages.py

Paragraphs, sentences and questions of XQuAD, and the translated messages of the programs on this
machine (``/usr/share/locale``, as many languages as are there): single ones of 60 characters and
more, and a dozen together, which is as much as a short document. Half a minute.
"""

from __future__ import annotations

import gettext
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from measure import DATA, save

from rag_app.store.languages import told
from rag_app.types.kinds import LANGUAGES

LOCALES = Path("/usr/share/locale")
NAMED_OTHERWISE = {"zh": "zh_CN", "no": "nb"}
_FORM = re.compile(
    r"%[-#0 +]*\d*\.?\d*[hlqjzt]*[a-zA-Z]|<[^>]+>|\$\{?\w+\}?|--?[\w-]+|_(?=\w)|[\w./-]*/[\w./-]*"
)
_TOGETHER, _LEAST = 12, 60


def of_xquad(code: str) -> dict[str, list[str]]:
    """Texts of one language by kind."""

    def read(name: str) -> list[str]:
        lines = (DATA / "beir" / f"xquad-{code}" / name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines]

    passages = read("corpus.jsonl")
    sentences = [one for text in passages for one in re.split(r"(?<=[.!?。])\s*", text)]
    return {
        "paragraphs": passages,
        "sentences": [one for one in sentences if len(one) >= 20],
        "questions": read("queries.jsonl"),
    }


def of_messages(code: str) -> dict[str, list[str]]:
    """The same of what programs say; nothing where none speaks it."""
    said: dict[str, None] = {}
    for path in sorted((LOCALES / NAMED_OTHERWISE.get(code, code)).glob("LC_MESSAGES/*.mo")):
        try:
            with path.open("rb") as file:
                catalog = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
        except (OSError, ValueError, LookupError):  # some are damaged
            continue
        for key, text in catalog.items():
            if key and isinstance(text, str) and text != key:
                plain = " ".join(_FORM.sub(" ", text).split())
                if len(plain) >= _LEAST and re.search(r"[^\W\d_]{3}", plain):
                    said.setdefault(plain)
    texts = list(said)
    random.Random(0).shuffle(texts)
    groups = [texts[at : at + _TOGETHER] for at in range(0, len(texts) - _TOGETHER, _TOGETHER)]
    return {"messages": texts[:200], "a dozen messages": [" ".join(one) for one in groups[:60]]}


def count(code: str, texts: Sequence[str]) -> Counter[str]:
    """How many are right, open and wrong."""
    found = (told(text) for text in texts)
    return Counter("right" if one == code else "wrong" if one else "open" for one in found)


def main() -> None:
    """Counts over all languages, and says which are mistaken most."""
    totals: dict[str, Counter[str]] = {}
    languages: dict[str, set[str]] = {}
    wrong: Counter[str] = Counter()
    samples = [(code, of_xquad(code)) for code in ("en", "es", "de", "zh")]
    samples += [(code, of_messages(code)) for code in LANGUAGES if code != "en"]
    for code, kinds in samples:
        for kind, texts in kinds.items():
            if not texts:
                continue
            counted = count(code, texts)
            totals.setdefault(kind, Counter()).update(counted)
            languages.setdefault(kind, set()).add(code)
            wrong[f"{kind}: {code}"] += counted["wrong"]
    figures: dict[str, object] = {
        kind: {"languages": len(languages[kind]), "texts": sum(one.values())} | dict(one)
        for kind, one in totals.items()
    }
    save(
        "languages",
        "python benchmarks/languages.py",
        figures | {"wrong most often": dict((+wrong).most_common(8))},
    )


if __name__ == "__main__":
    main()
