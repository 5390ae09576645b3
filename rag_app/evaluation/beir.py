"""Measures of retrieval on a test set: by vectors, by keywords, and by both.

``rrf`` is reciprocal rank fusion, which much of the literature reports; ``hybrid`` is as the
application searches, which is the same where the setting ``fusion`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag_app.embeddings import cached, fitted_for, load_embeddings, needs_fit
from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.errors import RagError, UsageError
from rag_app.evaluation.beir_files import BeirSet
from rag_app.evaluation.beir_index import Tell, opened_index, truncated_in
from rag_app.evaluation.beir_report import BeirModel, BeirReport
from rag_app.evaluation.run import Interrupted, Step
from rag_app.evaluation.trec import depth_of, measure_names, measure_run, to_run
from rag_app.retrieval.fuse import Ranking, reciprocal_rank_fusion
from rag_app.retrieval.search import CANDIDATES, Searcher, SearchResult
from rag_app.settings import Settings

WAYS = ("dense", "keyword", "rrf", "hybrid")
"""The kinds of runs, in the order of reports."""


def measure_beir(
    beir: BeirSet,
    specs: Sequence[str],
    settings: Settings,
    cutoffs: Sequence[int] = (),
    *,
    progress: Callable[[Step], None] = lambda _step: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> BeirReport:
    """Indexes a set with each model and measures what is found.

    Args:
        beir: The set.
        specs: Embedding models.
        settings: Where indexes, fitted models and cached vectors are kept.
        cutoffs: Further cut-offs of nDCG and recall.
        progress: Told how far it is.
        cancelled: Asked whether to stop; models that are done are reported.
    """
    names = measure_names(cutoffs)
    models: list[BeirModel] = []
    failures: dict[str, str] = {}
    interrupted = False

    def check() -> None:
        if cancelled():
            raise Interrupted

    for number, spec in enumerate(specs, start=1):

        def tell(stage: str, done: int, total: int, spec: str = spec, number: int = number) -> None:
            progress(Step(spec, number, len(specs), stage, done, total))

        try:
            check()
            models.append(_measured(spec, beir, settings, names, (tell, check)))
        except Interrupted:
            interrupted = True
            break
        except RagError as error:
            failures[spec] = str(error)
    notices = _notices(beir, models, interrupted=interrupted)
    return BeirReport(beir, depth_of(names), tuple(models), failures, notices, interrupted)


def _measured(
    spec: str,
    beir: BeirSet,
    settings: Settings,
    names: Sequence[str],
    ears: tuple[Tell, Callable[[], None]],
) -> BeirModel:
    embeddings = _loaded(spec, beir, settings, ears[0])
    try:
        with opened_index(beir, embeddings, settings, *ears) as collection:
            searcher = Searcher(collection, embeddings, fusion=settings.fusion)
            found = _rankings(searcher, beir, depth_of(names), ears)
            truncated = truncated_in(collection)
    finally:
        embeddings.close()
    runs = {way: to_run(found[way]) for way in WAYS}
    measures = {way: measure_run(beir.grades, runs[way], names) for way in WAYS}
    identity = embeddings.identity
    return BeirModel(spec, identity.spec, measures, runs, truncated, identity.max_tokens)


def _loaded(spec: str, beir: BeirSet, settings: Settings, tell: Tell) -> IdentifiedEmbeddings:
    """The model, fitted on the documents where it needs a fit, with the vector cache."""
    if needs_fit(spec):
        tell("fit", 0, 0)
    fitted = fitted_for(
        spec,
        lambda: [document.whole for document in beir.documents.values()],
        settings,
        collection=re.sub(r"[^A-Za-z0-9]+", "-", beir.name),
        progress=lambda share: tell("fit", round(100 * share), 100),
    )
    tell("load", 0, 0)
    return cached(load_embeddings(fitted, settings), settings)


def _rankings(
    searcher: Searcher,
    beir: BeirSet,
    depth: int,
    ears: tuple[Tell, Callable[[], None]],
) -> dict[str, dict[str, Ranking]]:
    """Way → question → what is found, best first."""
    tell, check = ears
    found: dict[str, dict[str, Ranking]] = {way: {} for way in WAYS}
    for number, (id_, question) in enumerate(beir.questions.items()):
        check()
        tell("questions", number, len(beir.questions))
        # One more is asked for than counts: the question itself may be among the documents.
        own = id_ if _is_itself(id_, beir) else None
        for way, ranking in _search(searcher, question, depth + 1).items():
            found[way][id_] = [hit for hit in ranking if hit[0] != own][:depth]
    return found


def _search(searcher: Searcher, question: str, k: int) -> dict[str, Ranking]:
    """Way → the ranking of a question.

    Fusion depends on how long the two lists are. So the first ranks of what is fused are what a
    search for an answer gives, and only those after them what a deeper one does.
    """
    try:
        result = searcher.search(question, min(k, CANDIDATES))
    except UsageError:  # there is no word in it: nothing can be found
        return dict.fromkeys(WAYS, ())
    dense = searcher.collection.search_dense(result.vector, k)
    keywords = searcher.collection.search_keywords(result.question, k)
    fused: Ranking = reciprocal_rank_fusion(dense[:CANDIDATES], keywords[:CANDIDATES])
    hybrid = _pairs(result)
    if k > CANDIDATES:
        fused = _continued(fused, reciprocal_rank_fusion(dense, keywords))
        hybrid = _continued(hybrid, _pairs(searcher.search(question, k)))
    ways = (dense, keywords, fused[:k], hybrid[:k])
    return dict(zip(WAYS, ways, strict=True))


def _pairs(result: SearchResult) -> Ranking:
    return [(hit.chunk.id, hit.score) for hit in result.hits]


def _continued(first: Ranking, deeper: Ranking) -> Ranking:
    """What stands in the first list, and after it what only the deeper one has."""
    known = dict(first)
    return [*first, *(pair for pair in deeper if pair[0] not in known)]


def _is_itself(question_id: str, beir: BeirSet) -> bool:
    """Whether the question is one of the documents, as in ArguAna; finding it counts for nothing.

    BEIR leaves out every document with the question's id; in sets that count both from 1, such
    as Cranfield, that would be another document.
    """
    document = beir.documents.get(question_id)
    question = _plain(beir.questions[question_id])
    return document is not None and question in {_plain(document.text), _plain(document.whole)}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _notices(beir: BeirSet, models: Sequence[BeirModel], *, interrupted: bool) -> tuple[str, ...]:
    told = [
        f"{one.spec} reads {one.max_tokens} tokens; the ends of {one.truncated:,} of "
        f"{len(beir.documents):,} documents are cut off."
        for one in models
        if one.truncated
    ]
    if own := sum(_is_itself(id_, beir) for id_ in beir.questions):
        told.append(f"{own:,} questions are documents of the set; they were not let find those.")
    if wordless := sum(not any(map(str.isalnum, text)) for text in beir.questions.values()):
        told.append(f"{wordless:,} questions have no word in them and found nothing.")
    if interrupted:
        told.append("Stopped. What was embedded is kept; the same command goes on from there.")
    return tuple(told)
