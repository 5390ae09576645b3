"""What the rule about unknown codes does: a question about H12 where the documents know only H8.

    .venv/bin/python benchmarks/unknown_codes.py --home FOLDER

Questions of SciFact and SQuAD that name a code (letters and digits, as in IL6 or B52) and whose
answering passage is found, each asked twice: as it is, and with another number in its code, which
makes a question that looks the same and has no answer. Counts how often the product abstains from
either, with the rule (``relevance.UNKNOWN_CODE``) and without it. FOLDER may be that of
fit_relevance.py.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from pathlib import Path
from unittest.mock import patch

from corpora import Corpus, Question, opened, scifact, squad, squad_reported
from measure import ROOT, save
from relevance_examples import gathered, read

from rag_app.answering import relevance
from rag_app.answering.codes import named_codes
from rag_app.answering.evidence import Evidence

MOST = 120
BORDER = 0.5


def abstains(evidence: Evidence, *, rule: bool) -> bool:
    """Whether the product would abstain."""
    with patch.object(relevance, "UNKNOWN_CODE", relevance.UNKNOWN_CODE if rule else 1.0):
        return relevance.answer_probability(evidence, "minilm", read(evidence)) < BORDER


def altered(question: str, chance: random.Random) -> str:
    """The question with another number in its first code."""
    code = named_codes(question)[0]
    other = re.sub(r"\d+", lambda d: str(int(d[0]) + chance.choice((3, 7, 13))), code, count=1)
    return question.replace(code, other)


def measure(name: str, corpus: Corpus, questions: list[Question], home: Path) -> dict[str, int]:
    """Counts over one corpus."""
    collection = opened(home, name, corpus.documents)
    chance = random.Random(3)
    counts: Counter[str] = Counter()
    for question in chance.sample(questions, min(MOST, len(questions))):
        own = gathered(collection, question.text)
        if not any(hit.document.name in question.documents for hit in own.hits):
            continue
        counts["questions"] += 1
        other = gathered(collection, altered(question.text, chance))
        for rule in (False, True):
            label = "with" if rule else "without"
            counts[f"answerable, abstained {label} the rule"] += abstains(own, rule=rule)
            counts[f"altered, abstained {label} the rule"] += abstains(other, rule=rule)
    return dict(counts)


def main() -> None:
    """Measures both corpora."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the collections are kept")
    home = parser.parse_args().home
    reported = {question.text for question in squad_reported(squad())}
    figures: dict[str, object] = {}
    for name, corpus in (("scifact", scifact()), ("squad", squad())):
        coded = [q for q in corpus.questions if named_codes(q.text) and q.text not in reported]
        figures[name] = measure(name, corpus, coded, home)
    save("unknown_codes", f"python {Path(__file__).relative_to(ROOT)} --home FOLDER", figures)


if __name__ == "__main__":
    main()
