"""Models compared on a real collection: in Python, in the terminal and as a page."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cli_samples import SAMPLES, Cli, one_sentence
from evaluation_samples import built, passages, settings_for

from rag_app.embeddings import embeddings_for
from rag_app.errors import UsageError
from rag_app.evaluation import (
    Choice,
    Comparison,
    Material,
    compare_models,
    costs_of,
    differences,
    gather,
    most_different,
    save_questions,
    to_html,
)
from rag_app.evaluation.keyword_index import memory_index
from rag_app.evaluation.measures import Interval
from rag_app.evaluation.notices import RULES_WARNING
from rag_app.evaluation.questions import saved_path
from rag_app.evaluation.recommend import recommend
from rag_app.evaluation.switched import compare_switched
from rag_app.retrieval import Searcher
from rag_app.settings import Settings
from rag_app.store import Store

MODELS = ["minilm", "tfidf", "bow"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(tmp_path_factory.mktemp("compare"))


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with built(settings) as store:
        yield store


@pytest.fixture(scope="module")
def material(store: Store, settings: Settings) -> Material:
    return gather(store.get("town"), settings, Choice(sample=40))


@pytest.fixture(scope="module")
def compared(material: Material, settings: Settings) -> Comparison:
    return compare_models(material, [*MODELS, "nonsense:x", "minilm"], settings)


def test_every_model_is_measured_once_and_the_failing_one_says_why(compared: Comparison) -> None:
    assert sorted(model.spec for model in compared.models) == sorted(MODELS)
    (failure,) = compared.failures
    assert failure.spec == "nonsense:x"
    assert "There is no embedding provider" in failure.reason
    best = {
        way: max(model.scores(way).measures["ndcg@10"].mean for model in compared.models)
        for way in ("hybrid", "dense")
    }
    for model in compared.models:
        for way, highest in best.items():
            scores = model.scores(way)
            assert (scores.p_value is None) == (scores.to_leader is None) == scores.leads
            if scores.to_leader is not None and scores.p_value is not None:
                behind = highest - scores.measures["ndcg@10"].mean
                assert scores.to_leader.mean == pytest.approx(-behind)
                assert scores.surely_worse == (scores.p_value < 0.05)
            for one in scores.measures.values():
                assert 0 <= one.low <= one.mean <= one.high <= 1
        costs = model.costs
        assert costs.index_bytes == 36 * costs.dimension * 4
        assert costs.chunks_per_second
        assert costs.chunks_per_second > 0
        assert 0 < costs.query_ms_p50 <= costs.query_ms_p95
        assert (costs.usd, costs.destination, costs.truncated) == (None, None, 0)
    assert compared.models[0].hybrid.leads


def test_what_a_model_fitted_here_does_not_know_is_counted(compared: Comparison) -> None:
    by_spec = {model.spec: model for model in compared.models}
    assert by_spec["minilm"].unknown is None
    assert by_spec["tfidf"].unknown is not None
    assert by_spec["tfidf"].model.startswith("tfidf:town-")


@pytest.mark.parametrize("fusion", ["convex", "rrf"])
def test_without_hidden_sentences_it_ranks_as_the_search_does(
    material: Material, settings: Settings, fusion: str
) -> None:
    settings = settings.override(fusion=fusion)
    shown = replace(material, questions=[q for q in material.questions if not q.hidden][:10])
    done = compare_models(shown, ["minilm"], settings)
    searcher = Searcher(material.collection, embeddings_for(settings, None), fusion=fusion)
    for one in done.questions:
        hits = searcher.search(one.question.question, 10).hits
        found = one.hybrid["minilm"]
        assert found.first == hits[0].chunk.id
        places = [n for n, hit in enumerate(hits, 1) if hit.chunk.id in one.question.chunk_ids]
        assert found.rank == (places[0] if places else None)


def test_the_index_in_memory_finds_what_the_collections_own_finds(
    store: Store, material: Material
) -> None:
    asked = [question.question for question in material.questions[:15]]
    town = store.get("town")
    with memory_index(material.passages) as index:
        for question in asked:
            ours = index.search_keywords(question, 50)
            theirs = town.search_keywords(question, 50)
            ids = [id_ for id_, _ in theirs]
            assert [id_ for id_, _ in ours] == ids
            assert [score for _, score in ours] == pytest.approx([score for _, score in theirs])
            assert index.nearness(question, ids) == pytest.approx(town.nearness(question, ids))


def test_a_comparison_that_is_stopped_reports_the_models_that_are_done(
    material: Material, settings: Settings
) -> None:
    seen: list[str] = []
    done = compare_models(
        material,
        ["bow", "minilm"],
        settings,
        progress=lambda step: seen.append(step.spec),
        cancelled=lambda: "minilm" in seen,
    )
    assert done.interrupted
    assert [model.spec for model in done.models] == ["bow"]
    assert any("1 of 2 models" in notice for notice in done.notices)


def test_a_model_that_breaks_half_way_lets_the_others_report(
    material: Material, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "breaking.py").write_text(
        "from langchain_core.embeddings import DeterministicFakeEmbedding\n"
        "class Breaking(DeterministicFakeEmbedding):\n"
        "    def embed_query(self, text):\n"
        "        raise ZeroDivisionError('half-way')\n"
        "def make():\n"
        "    return Breaking(size=8)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    done = compare_models(material, ["python:breaking:make", "bow"], settings)
    assert [model.spec for model in done.models] == ["bow"]
    assert [failure.spec for failure in done.failures] == ["python:breaking:make"]


def test_a_sample_of_passages_keeps_those_asked_for_and_says_so(
    store: Store, settings: Settings
) -> None:
    some = gather(store.get("town"), settings, Choice(sample=5, limit=12))
    assert len(some.passages.all) == 12
    assert {id_ for one in some.questions for id_ in one.chunk_ids} <= some.passages.by_id.keys()
    done = compare_models(some, ["bow"], settings)
    assert any("12 of 36 passages" in notice for notice in done.notices)


def test_nothing_to_compare_is_refused(material: Material, settings: Settings) -> None:
    with pytest.raises(UsageError, match="No model"):
        compare_models(material, [], settings)
    with pytest.raises(UsageError, match="no questions"):
        compare_models(replace(material, questions=()), ["bow"], settings)


def test_a_saved_set_is_used_from_then_on(
    store: Store, material: Material, settings: Settings
) -> None:
    path = save_questions(material, settings)
    try:
        again = gather(store.get("town"), settings)
        assert str(path) in again.question_set
        assert [q.question for q in again.questions] == [q.question for q in material.questions]
        fresh = gather(store.get("town"), settings, Choice(new=True, sample=5))
        assert "by rules" in fresh.question_set
    finally:
        path.unlink()


def with_scores(done: Comparison, *scores: tuple[float, float | None]) -> list:
    """The models with other hybrid scores: mean, and the upper end of the interval to the best."""
    values = dict(zip(MODELS, scores, strict=True))
    best = max(mean for mean, _ in scores)
    models = []
    for model in done.models:
        mean, high = values[model.spec]
        measures = dict(model.hybrid.measures)
        measures["ndcg@10"] = replace(measures["ndcg@10"], mean=mean)
        behind = None if high is None else Interval(mean - best, mean - best - 0.05, high)
        own = replace(
            model.hybrid, measures=measures, p_value=None, to_leader=behind, leads=high is None
        )
        models.append(replace(model, hybrid=own))
    return sorted(models, key=lambda model: -model.hybrid.measures["ndcg@10"].mean)


def test_a_clear_winner_is_recommended_with_the_reason(compared: Comparison) -> None:
    models = with_scores(compared, (0.9, None), (0.7, -0.1), (0.5, -0.3))
    said = recommend(models, 100, "hybrid")
    assert (said.spec, said.cheapest, said.tied) == ("minilm", None, ("minilm",))
    assert "0.900" in said.sentence
    assert "No 95 % interval of a difference to it includes 0" in said.sentence
    assert "the next is tfidf, -0.200 [-0.250 to -0.100]" in said.sentence


def test_models_that_cannot_be_told_apart_give_the_cheapest_and_no_winner(
    compared: Comparison,
) -> None:
    models = with_scores(compared, (0.9, None), (0.89, 0.02), (0.5, -0.3))
    said = recommend(models, 100, "hybrid")
    assert (said.spec, said.cheapest, said.tied) == (None, "tfidf", ("minilm", "tfidf"))
    assert (
        "the 95 % interval of the difference to minilm includes 0 for tfidf (-0.010 [-0.060 "
        "to +0.020]), so it may be chance. The cheapest of those and minilm is tfidf."
    ) in said.sentence
    assert "bow" not in said.sentence


def test_several_that_cannot_be_told_apart_are_listed(compared: Comparison) -> None:
    models = with_scores(compared, (0.9, None), (0.89, 0.02), (0.88, 0.01))
    said = recommend(models, 100, "hybrid").sentence
    assert "for tfidf (-0.010 [-0.060 to +0.020]) and bow (-0.020 [-0.070 to +0.010]), so" in said


def test_a_hosted_model_is_never_the_cheapest_of_equals(compared: Comparison) -> None:
    models = with_scores(compared, (0.9, None), (0.89, 0.1), (0.88, 0.1))
    models = [
        replace(m, costs=replace(m.costs, destination="api.example", chunks_per_second=1e9))
        if m.spec == "tfidf"
        else m
        for m in models
    ]
    assert recommend(models, 100, "hybrid").cheapest == "bow"


def test_nobody_wins_on_few_questions(compared: Comparison) -> None:
    models = with_scores(compared, (0.9, None), (0.1, -0.5), (0.1, -0.5))
    said = recommend(models, 29, "hybrid")
    assert said.spec is None
    assert "too few" in said.sentence


def test_the_difference_view_says_who_was_right(compared: Comparison) -> None:
    pair = most_different(compared)
    assert pair is not None
    found = differences(compared, "minilm", "bow", "dense")
    assert found
    assert [one.gap for one in found] == sorted((one.gap for one in found), reverse=True)
    for one in found:
        assert one.first.first != one.second.first
        ranks = {"minilm": one.first.rank or 99, "bow": one.second.rank or 99}
        if one.right is None:
            assert ranks["minilm"] == ranks["bow"]
        else:
            assert ranks[one.right] == min(ranks.values()) < max(ranks.values())
        for id_ in (one.first.first, one.second.first, one.question.question.chunk_ids[0]):
            assert id_ is None or compared.shown[id_].text


def test_json_holds_all_and_nothing_else(compared: Comparison) -> None:
    whole = json.loads(json.dumps(compared.to_json()))
    assert whole["models"][0]["hybrid"]["leads"] is True
    assert set(whole["models"][0]["dense"]["measures"]) == {
        "ndcg@10", "mrr@10", "recall@1", "recall@5", "recall@10",
    }  # fmt: skip
    assert set(whole["questions"][0]["hybrid"]) == set(MODELS)


def test_the_warning_tells_the_limits_that_were_measured() -> None:
    """Whoever measures again, or improves the rules, is told to write the new figures there."""
    results = Path(__file__).parents[1] / "benchmarks" / "results" / "compare_trust.json"
    cranfield = json.loads(results.read_text(encoding="utf-8"))["figures"]["cranfield"]
    dense, hybrid = cranfield["dense"], cranfield["hybrid"]
    for said in (
        f"{hybrid['models']} models",
        f"tau of {dense['tau']:.2f} by vectors alone",
        f"put {dense['best_by_offline']} first where people put {dense['best_by_real']}",
        f"tau of {hybrid['tau']:.2f} with keywords",
        f"both put {hybrid['best_by_real']} first",
    ):
        assert said in RULES_WARNING
    assert hybrid["best_by_offline"] == hybrid["best_by_real"]


def test_the_page_asks_no_server_and_cannot_be_broken_by_a_document(compared: Comparison) -> None:
    evil = "</script><script>alert(1)</script>"
    shown = {id_: replace(one, text=evil) for id_, one in compared.shown.items()}
    page = to_html(replace(compared, shown=shown, collection="<b>town</b>"))
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=", page)
    assert "alert(1)</script>" not in page
    assert "<b>town</b>" not in page
    assert page.count("<script") == page.count("</script>") == 3


def test_only_hosted_models_have_a_price(settings: Settings) -> None:
    specs = ["minilm", "tfidf", "openai:text-embedding-3-small"]
    (cost,) = costs_of(specs, passages(), settings)
    assert cost.spec == "openai:text-embedding-3-small"
    assert cost.dollars
    assert 0 < cost.dollars < 0.01
    own = [f"python:custom_samples:{name}" for name in ("factory", "Telling", "broken")]
    (cost,) = costs_of(own, passages(), settings)  # the user's code may send text, too
    assert (cost.spec, cost.dollars) == ("python:custom_samples:Telling", None)


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    cli = Cli(tmp_path_factory.mktemp("cli"))
    names = ("customer-faq.md", "onboarding-guide.md", "tern-cloud-api.md")
    done = cli.ingest(*(SAMPLES / name for name in names), "--quiet")
    assert done.returncode == 0, done.stderr
    return cli


def test_the_command_shows_tables_that_fit_and_a_recommendation(cli: Cli, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = cli.rag(
        "compare", "-m", "minilm,tfidf", "--sample", "30", "--html", page, "--differences", "1"
    )
    assert done.returncode == 0, done.stderr
    assert all(len(line) <= 100 for line in done.stdout.splitlines()), done.stdout
    assert "nDCG@10 minus the best" in done.stdout
    assert "passages/s" in done.stdout
    assert "made by rules" in " ".join(done.stdout.split())
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    kept = cli.folder / "home" / "comparisons"
    assert [one.name for one in kept.iterdir()] == ["default.json"]  # the page Compare shows it
    assert cli.rag("collections", "rename", "default", "other").returncode == 0
    assert [one.name for one in kept.iterdir()] == ["other.json"]
    assert cli.rag("collections", "rename", "other", "default").returncode == 0


def test_the_users_questions_are_asked_and_unanswerable_ones_said(cli: Cli) -> None:
    file = cli.folder / "mine.jsonl"
    rows = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    wanted = ("customer-faq", "onboarding", "tern-cloud", "null, ")
    file.write_text("\n".join(row for row in rows if any(name in row for name in wanted)))
    whole = cli.json("compare", "-m", "bow", "--questions", file)
    assert isinstance(whole, dict)
    assert whole["questions"]
    assert all(one["source"] == "user" for one in whole["questions"])
    assert any("left out" in notice for notice in whole["notices"])


def test_bad_questions_are_dropped_and_the_rest_is_kept(cli: Cli) -> None:
    shown = cli.rag("compare", "--show-questions", "--sample", "6").stdout
    first = next(line for line in shown.splitlines() if line.startswith("   1  "))[6:]
    done = cli.rag("compare", "--show-questions", "--sample", "6", "--drop", "1", "--keep")
    assert done.returncode == 0, done.stderr
    saved = cli.folder / "home" / "questions" / "default.jsonl"
    kept = [json.loads(line)["question"] for line in saved.read_text().splitlines()]
    assert len(kept) == 5
    assert first not in kept
    again = cli.rag("compare", "--show-questions").stdout
    assert str(saved) in again
    refused = cli.rag("compare", "--show-questions", "--drop", "7")
    assert refused.returncode == 2
    assert one_sentence(refused.stderr)
    saved.unlink()


def test_a_hosted_model_is_not_asked_before_the_user_agrees(cli: Cli) -> None:
    done = cli.rag("compare", "-m", "openai:text-embedding-3-small", "--sample", "5")
    assert done.returncode == 2
    assert "would cost" in done.stderr
    assert "--yes" in done.stderr
    done = cli.rag("compare", "-m", "openai:text-embedding-3-small", "--sample", "5", "--yes")
    assert done.returncode == 1  # no key: the model could not be compared
    assert "OPENAI_API_KEY" in done.stdout


def test_ctrl_c_reports_the_models_that_are_done(cli: Cli) -> None:
    process = cli.start(
        "-m", "rag_app", "compare", "-m", "bow,minilm?precision=float32", "--sample", "30"
    )
    assert process.stderr is not None
    while "2 of 2" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped: 1 of 2 models" in " ".join(output.split())
    assert "bow" in output


def test_before_a_switch_nothing_is_compared_without_questions_or_at_the_price_of_sending_again(
    material: Material, settings: Settings
) -> None:
    def compared(*, sends_again: bool) -> object:
        return compare_switched(
            material.collection,
            ("minilm", "tfidf"),
            settings,
            sends_again=sends_again,
            cancelled=lambda: False,
        )

    assert compared(sends_again=False) == "no questions"
    path = saved_path(settings, material.collection.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    try:
        assert compared(sends_again=True) == "sent again"
    finally:
        path.unlink()
