"""How much each question counts, so that its form does not tell whether it has an answer.

Whoever writes questions falls into habits: those with an answer came out in the words of people,
those without one as plain "How many". From the form alone (function words, marks, and an x for each
other word) a regression tells the two sorts of the written collections apart with an AUROC of 0.76,
and a reader would learn that. Rephrasing the 5,950 that gave themselves away most left it at 0.76,
by other habits. With these weights it is 0.51: a form counts for less among the sort in which it is
the commoner one (Li, Morgan and Zaslavsky 2018, overlap weights).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag_app.answering.words import is_function_word

FOLDS = 5
_PART = re.compile(r"[^\W\d_]+|\d+|[?.,!]")


def form(question: str) -> str:
    """The question without its subject: ``how x is the x of the x ?`` ("long" may be a subject)."""
    parts = _PART.findall(question.lower())
    return " ".join(part if is_function_word(part) or part in "?.,!" else "x" for part in parts)


def overlap_weights(questions: Sequence[str], answerable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A weight for each question, with a mean of 1 in either sort."""
    likely = answerable_by_form(questions, answerable)
    weights = np.where(answerable, 1 - likely, likely)
    for sort in (answerable, ~answerable):
        weights[sort] /= weights[sort].mean()
    return weights


def answerable_by_form(
    questions: Sequence[str], answerable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The probability that a question has an answer, as its form tells; fitted on the others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 3), min_df=5, token_pattern=r"\S+", sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=1000),
    )
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    forms = [form(question) for question in questions]
    return cross_val_predict(model, forms, answerable, cv=folds, method="predict_proba")[:, 1]
