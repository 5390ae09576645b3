"""Test sets in the BEIR layout: read, indexed once, measured as trec_eval does, and reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from cli_samples import Cli, one_sentence
from evaluation_samples import settings_for, texts

from rag_app.embeddings import cached, load_embeddings
from rag_app.embeddings.onnx_encoder import OnnxEncoder
from rag_app.errors import UsageError
from rag_app.evaluation import beir_index
from rag_app.evaluation.beir import measure_beir
from rag_app.evaluation.beir_files import BeirSet, read_beir
from rag_app.evaluation.beir_index import index_folder, opened_index
from rag_app.evaluation.beir_report import BeirReport
from rag_app.evaluation.run import Step
from rag_app.evaluation.run_files import save_runs
from rag_app.evaluation.trec import measure_names, measure_run, to_run, write_run
from rag_app.retrieval import Searcher
from rag_app.settings import Settings

TREC = {
    "ndcg@10": "ndcg_cut_10", "recall@10": "recall_10", "recall@100": "recall_100", "map": "map",
    "mrr@10": "recip_rank",
}  # fmt: skip
LONG = "The lighthouse keeper counts the ships that pass in the night. " * 60


def make_set(folder: Path) -> Path:
    """36 documents and 13 questions: about one place each, and one without any word."""
    places = {name.removesuffix(".txt"): own for name, own in texts().items()}
    documents = [
        {"_id": f"{place}-{n}", "title": place.title(), "text": text}
        for place, own in places.items()
        for n, text in enumerate(own)
    ]
    documents.append({"_id": "lighthouse", "title": None, "text": LONG})
    documents.append({"_id": "empty", "title": "Nothing", "text": ""})
    questions = [
        {"_id": f"q-{place}", "text": f"When are the {own[0].split()[17]} of the {place} checked?"}
        for place, own in places.items()
    ]
    questions += [{"_id": "signs", "text": "???"}, {"_id": "not judged", "text": "Who?"}]
    # Two questions that are documents' namesakes: one says the same, the other does not.
    questions.append({"_id": "harbour-0", "text": documents[0]["text"]})
    questions.append({"_id": "bakery-0", "text": "Who needs the bakery before noon?"})
    judged = [f"q-{place}\t{place}-{n}\t{2 - n}" for place in places for n in range(3)]
    judged += ["signs\tlighthouse\t1", "harbour-0\tharbour-1\t1", "bakery-0\tbakery-0\t1"]
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", documents), ("queries", questions)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    text = "\n".join(["query-id\tcorpus-id\tscore", *judged, ""])
    (folder / "qrels" / "test.tsv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_set(tmp_path_factory.mktemp("sets") / "places")


@pytest.fixture(scope="module")
def beir(folder: Path) -> BeirSet:
    return read_beir(folder)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(tmp_path_factory.mktemp("beir"))


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return []


@pytest.fixture(scope="module")
def report(beir: BeirSet, settings: Settings, steps: list[Step]) -> BeirReport:
    return measure_beir(
        beir, ["minilm", "nonsense:x", "tfidf"], settings, [1, 5], progress=steps.append
    )


@pytest.fixture
def without_encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Counts the texts that the bundled model embeds."""
    embedded: list[int] = []
    encode = OnnxEncoder.encode

    def counted(self: OnnxEncoder, given: list[str]) -> object:
        embedded.append(len(given))
        return encode(self, given)

    monkeypatch.setattr(OnnxEncoder, "encode", counted)
    return embedded


class TestMeasures:
    def test_they_equal_those_of_pytrec_eval_on_the_run_file(self, tmp_path: Path) -> None:
        random = np.random.default_rng(5)
        documents = [f"d{n}" for n in range(300)]
        grades = {
            f"q{n}": {d: int(random.integers(0, 4)) for d in random.choice(documents, 12, False)}
            for n in range(30)
        }
        # Coarse scores: many documents have equal ones.
        rankings = {
            q: sorted(
                ((str(d), float(random.integers(0, 9)) / 9) for d in random.permutation(documents)),
                key=lambda pair: -pair[1],
            )[:120]
            for q in list(grades)[:-1]
        }
        run = to_run(rankings | {"q29": []})
        ours = measure_run(grades, run, measure_names())
        write_run(tmp_path / "a.trec", run, "tag")
        with (tmp_path / "a.trec").open(encoding="utf-8") as file:
            read = pytrec_eval.parse_run(file)
        for name, theirs in TREC.items():
            if name == "mrr@10":  # trec_eval has no cut-off for it
                depth = {q: dict(list(found.items())[:10]) for q, found in read.items()}
            else:
                depth = read
            values = pytrec_eval.RelevanceEvaluator(grades, {theirs}).evaluate(depth)
            mean = sum(one[theirs] for one in values.values()) / len(grades)
            assert ours[name] == pytest.approx(mean, abs=1e-9), name

    def test_documents_of_equal_score_keep_their_order(self) -> None:
        grades = {"q": {"b": 1}}
        ranking = [("a", 0.5), ("b", 0.5), ("c", 0.5 - 1e-12)]
        run = to_run({"q": ranking})
        scores = np.float32(list(run["q"].values()))
        assert (np.diff(scores) < 0).all()
        assert measure_run(grades, run, ["mrr@10", "map"]) == {"mrr@10": 0.5, "map": 0.5}


class TestReading:
    def test_a_set(self, beir: BeirSet) -> None:
        assert (beir.name, beir.split, len(beir.documents)) == ("places", "test", 38)
        assert "not judged" not in beir.questions
        assert beir.documents["bakery-1"].whole.startswith("Bakery Work at the bakery")
        assert beir.grades["q-bakery"] == {"bakery-0": 2, "bakery-1": 1, "bakery-2": 0}

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("corpus.jsonl", None, "has no file corpus.jsonl"),
            ("qrels/test.tsv", None, "has no judgements qrels/test.tsv"),
            ("corpus.jsonl", '{"_id": "1", "text": "a"}\n{"_id": ', "Line 2 of .* is no JSON"),
            ("corpus.jsonl", '{"_id": "1"}', "no 'text'"),
            ("corpus.jsonl", '["1"]', "no '_id'"),
            ("corpus.jsonl", '{"_id": 1, "text": ""}\n{"_id": "1", "text": ""}', "second time"),
            ("corpus.jsonl", "\n", "is empty"),
            ("queries.jsonl", "", "is empty"),
            ("corpus.jsonl", b"\xff\xfe\x00", "cannot be read as text"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n", "judges no document relevant"),
            ("qrels/test.tsv", "q-bakery\tbakery-0\t0\n", "judges no document relevant"),
            ("qrels/test.tsv", "q-bakery bakery-0 1\n", "Line 1 of .* is no judgement"),
            ("qrels/test.tsv", "a\tb\tc\nq-bakery\tbakery-0\tgood\n", "Line 2 of"),
            ("qrels/test.tsv", "who\tbakery-0\t1\n", "names 1 question that is not in queries"),
            ("qrels/test.tsv", "q-bakery\tx\t1\nq-bakery\ty\t1\n", "names 2 documents that are"),
        ],
    )
    def test_what_is_wrong_with_a_set_is_said(
        self, tmp_path: Path, name: str, content: str | bytes | None, message: str
    ) -> None:
        path = make_set(tmp_path / "broken") / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(UsageError, match=message) as raised:
            read_beir(tmp_path / "broken")
        assert one_sentence(str(raised.value))

    def test_another_split_is_named(self, folder: Path) -> None:
        with pytest.raises(UsageError, match="--split takes test"):
            read_beir(folder, "dev")

    def test_there_is_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="There is no folder"):
            read_beir(tmp_path / "nowhere")


class TestMeasuring:
    def test_each_model_is_measured_in_four_ways(self, report: BeirReport) -> None:
        assert [one.spec for one in report.models] == ["minilm", "tfidf"]
        assert list(report.failures) == ["nonsense:x"]
        for one in report.models:
            assert list(one.measures) == ["dense", "keyword", "rrf", "hybrid"]
            assert {*TREC, "ndcg@1", "recall@5"} <= set(one.measures["dense"])
        minilm, tfidf = report.models
        assert minilm.measures["dense"] != tfidf.measures["dense"]
        assert minilm.measures["keyword"] == tfidf.measures["keyword"]
        assert minilm.measures["hybrid"]["ndcg@10"] > 0.6

    def test_json_has_the_first_model_above_all(self, report: BeirReport) -> None:
        told = json.loads(json.dumps(report.to_json()))
        assert (told["dataset"], told["queries"]) == ("places", 15)
        assert told["runs"] == told["models"][0]["runs"]
        assert told["models"][1]["spec"] == "tfidf"
        assert 0 < told["runs"]["hybrid"]["ndcg@10"] <= 1

    def test_hybrid_is_what_a_search_finds(
        self, report: BeirReport, beir: BeirSet, settings: Settings
    ) -> None:
        model = cached(load_embeddings("minilm", settings), settings)
        with opened_index(beir, model, settings) as collection:
            searcher = Searcher(collection, model)
            for id_ in ("q-railway", "bakery-0"):
                hits = searcher.search(beir.questions[id_], 50).hits
                assert [hit.chunk.id for hit in hits] == list(report.models[0].runs["hybrid"][id_])
        model.close()

    def test_first_ranks_are_those_of_an_answer_however_deep_the_run(
        self, beir: BeirSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # With lists of 4, the fusion of an answer is another than that of a run of 100.
        search = partialmethod(Searcher.__init__, candidates=4)
        monkeypatch.setattr(Searcher, "__init__", search)
        monkeypatch.setattr("rag_app.evaluation.beir.CANDIDATES", 4)
        run = measure_beir(beir, ["minilm"], settings).models[0].runs["hybrid"]
        model = cached(load_embeddings("minilm", settings), settings)
        with opened_index(beir, model, settings) as collection:
            searcher = Searcher(collection, model)
            for id_ in ("q-railway", "q-museum", "q-school", "bakery-0"):
                hits = searcher.search(beir.questions[id_], 4).hits
                assert [hit.chunk.id for hit in hits] == list(run[id_])[:4]
                assert len(run[id_]) > 30
        model.close()

    def test_the_setting_fusion_says_what_hybrid_is(
        self, report: BeirReport, beir: BeirSet, settings: Settings
    ) -> None:
        by_places = measure_beir(beir, ["minilm"], settings.override(fusion="rrf")).models[0]
        assert by_places.runs["hybrid"].keys() == by_places.runs["rrf"].keys()
        for question, found in by_places.runs["hybrid"].items():
            assert list(found) == list(by_places.runs["rrf"][question])
        ordinary = report.models[0]
        assert ordinary.runs["rrf"] == by_places.runs["rrf"]
        assert ordinary.runs["rrf"] != ordinary.runs["hybrid"]

    def test_documents_that_are_cut_off_are_counted(self, report: BeirReport) -> None:
        assert report.models[0].truncated == 1
        assert any("1 of 38 documents are cut off" in notice for notice in report.notices)

    def test_a_question_does_not_find_itself(self, report: BeirReport) -> None:
        for run in report.models[0].runs.values():
            assert "harbour-0" not in run["harbour-0"]
            assert "harbour-1" in run["harbour-0"]
            assert "bakery-0" in run["bakery-0"]  # a document that only has the same name

    def test_a_question_without_a_word_counts_as_not_found(self, report: BeirReport) -> None:
        assert report.models[0].runs["hybrid"]["signs"] == {}
        assert report.models[0].measures["hybrid"]["recall@100"] < 1

    def test_progress_is_told(self, report: BeirReport, steps: list[Step]) -> None:
        assert {step.stage for step in steps if step.spec == "minilm"} >= {"passages", "questions"}
        assert {step.number for step in steps if step.spec == "tfidf"} == {3}

    def test_a_second_run_embeds_no_document(
        self,
        report: BeirReport,
        beir: BeirSet,
        settings: Settings,
        tmp_path: Path,
        without_encoder: list[int],
    ) -> None:
        # Not even from the cache of vectors: that one is empty.
        other = settings_for(tmp_path).override(home=settings.home)
        again = measure_beir(beir, ["minilm"], other, [1, 5])
        assert again.models[0].measures == report.models[0].measures
        assert set(without_encoder) == {1}  # the questions, one by one

    def test_another_corpus_has_another_index(
        self, report: BeirReport, beir: BeirSet, settings: Settings, tmp_path: Path
    ) -> None:
        path = make_set(tmp_path / "places")
        with (path / "corpus.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"_id": "new", "text": "More."}\n')
        model = load_embeddings("minilm", settings)
        there = index_folder(beir, model.identity, settings)
        assert there.is_dir()
        assert index_folder(read_beir(path), model.identity, settings) != there

    def test_a_run_that_was_stopped_goes_on(
        self,
        report: BeirReport,
        beir: BeirSet,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        without_encoder: list[int],
    ) -> None:
        monkeypatch.setattr(beir_index, "_BATCH", 8)
        settings = settings_for(tmp_path)
        reached: list[Step] = []
        stopped = measure_beir(
            beir,
            ["minilm"],
            settings,
            progress=reached.append,
            cancelled=lambda: bool(reached) and reached[-1].done >= 8,
        )
        assert stopped.interrupted
        assert stopped.models == ()
        assert any("goes on from there" in notice for notice in stopped.notices)
        before = sum(without_encoder)
        assert 16 <= before < 38
        without_encoder.clear()
        (settings.cache / "vectors.sqlite3").unlink()
        whole = measure_beir(beir, ["minilm"], settings, [1, 5])
        assert sum(size for size in without_encoder if size > 1) == 38 - before
        assert whole.models[0].measures == report.models[0].measures

    def test_a_folder_may_have_any_name(
        self, report: BeirReport, beir: BeirSet, settings: Settings
    ) -> None:
        named = measure_beir(replace(beir, name="my set, é!"), ["tfidf"], settings, [1, 5])
        assert not named.failures
        assert named.models[0].measures == report.models[1].measures


class TestRunFiles:
    def test_trec_eval_gives_the_same(self, report: BeirReport, tmp_path: Path) -> None:
        saved = save_runs(report, tmp_path / "runs")
        assert [path.name for path in saved.run_files[:2]] == [
            "places-minilm-dense.trec",
            "places-minilm-keyword.trec",
        ]
        qrels = {q: dict(row) for q, row in report.beir.grades.items()}
        for path, (way, ours) in zip(
            saved.run_files, report.models[0].measures.items(), strict=False
        ):
            assert path.stem.endswith(way)
            with path.open(encoding="utf-8") as file:
                run = pytrec_eval.parse_run(file)
            values = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "map"}).evaluate(run)
            for name, theirs in (("ndcg@10", "ndcg_cut_10"), ("map", "map")):
                mean = sum(one[theirs] for one in values.values()) / len(qrels)
                assert ours[name] == pytest.approx(mean, abs=1e-9)


class TestCommand:
    @pytest.fixture
    def cli(self, tmp_path: Path) -> Cli:
        return Cli(tmp_path)

    def test_a_set_is_measured_and_its_runs_are_written(self, cli: Cli, folder: Path) -> None:
        told = cli.json("eval", "beir", folder, "--runs", "runs", "--k", "3")
        assert told["runs"].keys() == {"dense", "keyword", "rrf", "hybrid"}
        assert told["models"][0]["spec"] == "minilm"
        assert "ndcg@3" in told["runs"]["hybrid"]
        assert len(list((cli.folder / "runs").glob("places-minilm-*.trec"))) == 4
        own = cli.folder / "home" / "benchmarks" / "runs" / "places-test"
        assert not own.exists()
        shown = cli.rag("eval", "beir", folder, "--models", "bow")
        assert shown.returncode == 0, shown.stderr
        ways = ("dense", "hybrid", "keyword", "rrf")
        assert sorted(path.name for path in own.iterdir()) == [f"places-bow-{w}.trec" for w in ways]
        assert f"Wrote 4 run files to {own}" in shown.stderr
        assert "38 documents, 15 questions" in shown.stdout
        assert [line.split()[:2] for line in shown.stdout.splitlines()[3:]] == [
            ["bow", "dense"],
            ["bow", "keyword"],
            ["bow", "rrf"],
            ["bow", "hybrid"],
        ]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["nowhere"], "There is no folder"),
            (["SET", "--k", "ten"], "--k ten"),
            (["SET", "--models", "openai:text-embedding-3-small"], "Add --yes"),
        ],
    )
    def test_wrong_usage(self, cli: Cli, folder: Path, arguments: list[str], message: str) -> None:
        given = [str(folder) if one == "SET" else one for one in arguments]
        done = cli.rag("eval", "beir", *given)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr

    def test_ids_with_white_space_fit_no_run_file(self, cli: Cli, tmp_path: Path) -> None:
        path = make_set(tmp_path / "odd")
        with (path / "corpus.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"_id": "two words", "text": "More."}\n')
        done = cli.rag("eval", "beir", path, "--runs", "runs")
        assert done.returncode == 2
        assert one_sentence(done.stderr)
        assert "'two words' has white space" in done.stderr
        told = cli.rag("eval", "beir", path, "--models", "bow")  # nobody asked for files
        assert told.returncode == 0
        assert "No run files were written. The id 'two words'" in told.stderr

    def test_figures_are_told_though_runs_cannot_be_written(self, cli: Cli, folder: Path) -> None:
        own = cli.folder / "home" / "benchmarks" / "runs" / "places-test"
        own.parent.mkdir(parents=True)
        own.write_text("in the way")
        for more, status in (([], 0), (["--runs", "full"], 1)):
            (cli.folder / "full" / "places-bow-rrf.trec").mkdir(parents=True, exist_ok=True)
            done = cli.rag("eval", "beir", folder, "--models", "bow", *more)
            assert done.returncode == status
            assert "hybrid" in done.stdout
            assert "The run cannot be written to" in done.stderr

    def test_no_model_could_be_measured(self, cli: Cli, folder: Path) -> None:
        done = cli.rag("eval", "beir", folder, "--models", "nonsense:x", "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["failures"][0]["spec"] == "nonsense:x"
