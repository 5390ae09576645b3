"""Words that the embedding model does not know: counted file by file, and said when many."""

from __future__ import annotations

from pathlib import Path

import pytest
from embeddings_samples import settings_in
from static_samples import save_static

from ingest import ingest_paths
from rag_app.cli.ingest_report import say_report


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What ingesting the same files tells with a model of six words, and with the bundled one."""
    folder = tmp_path_factory.mktemp("unknown")
    (folder / "known.txt").write_text("pump filter warranty two years word " * 5)
    (folder / "half.txt").write_text("pump zebra filter giraffe " * 5)
    (folder / "strange.txt").write_text("zebra giraffe " * 5)
    files = [folder / f"{name}.txt" for name in ("half", "known", "strange")]
    settings = settings_in(folder / "settings", threads=1)
    own = settings.override(embedding=f"static:{save_static(folder / 'model')}")
    return {
        "words": ingest_paths(files, own, collection="words"),
        "any": ingest_paths(files[:1], settings, collection="any"),
    }


def test_each_file_has_its_share(reports):
    # Documents are told of as they are finished, in any order.
    by_name = {Path(outcome.path).stem: outcome for outcome in reports["words"].outcomes}
    half, known, strange = (by_name[name] for name in ("half", "known", "strange"))
    assert half.unknown_words == pytest.approx(0.5)
    assert (known.unknown_words, known.blank_chunks) == (0, 0)
    assert strange.unknown_words == 1
    assert strange.blank_chunks == strange.chunks == 1
    assert half.to_json()["unknown_words"] == 0.5


def test_the_report_has_the_share_of_all(reports):
    totals = reports["words"].to_json()["totals"]
    assert 0.2 < totals["unknown_words"] < 0.5
    assert totals["blank_chunks"] == 1


def test_a_model_that_reads_any_text_counts_nothing(reports):
    (outcome,) = reports["any"].outcomes
    assert outcome.unknown_words is None
    assert reports["any"].to_json()["totals"]["unknown_words"] is None
    assert outcome.blank_chunks == 0


def test_it_is_said(reports, capsys):
    say_report(reports["words"], quiet=True)
    said = capsys.readouterr().err
    assert "does not know" in said
    assert "% of the words" in said
    assert "1 passage without any word that the embedding model knows" in said
    say_report(reports["any"], quiet=False)
    assert "know" not in capsys.readouterr().err
