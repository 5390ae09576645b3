"""The map of a collection: projections, groups, the question on it, the page and the picture."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from cli_samples import Cli, one_sentence
from embeddings_samples import CountingEmbeddings
from store_samples import CHUNKING, IDENTITY, Item, document, settings

from rag_app.errors import MissingExtraError, UsageError
from rag_app.evaluation.clusters import cluster, name_groups
from rag_app.evaluation.collection_map import CollectionMap, Passage, add_model, draw_map
from rag_app.evaluation.map_chart import CONFIG, figure
from rag_app.evaluation.map_groups import groups
from rag_app.evaluation.map_image import save_image
from rag_app.evaluation.map_page import page
from rag_app.evaluation.map_question import ask_map
from rag_app.evaluation.project import project
from rag_app.store import Collection, Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SUBJECTS = (
    "The pump lifts water from the borehole into the tank",
    "Holiday leave is agreed with the supervisor every spring",
    "The controller sends telemetry packets over the radio",
)
TRICKY = (
    "Tom & <script>alert('x')</script> pay $5 for a $6 lunch <a href='http://evil.test'>here</a>"
)


def planted(count: int = 20, spread: float = 0.05) -> np.ndarray:
    """Three bundles of directions in 16 dimensions, ``count`` vectors each, one after the other."""
    random = np.random.default_rng(3)
    middles = np.eye(16, dtype=np.float32)[:3]
    return np.concatenate([m + spread * random.normal(size=(count, 16)) for m in middles]).astype(
        np.float32
    )


def subjects(count: int = 20) -> list[Item]:
    """Three documents, each about one thing; their vectors are ``planted``."""
    made = []
    for number, vectors in enumerate(np.split(planted(count), 3)):
        texts = [f"{SUBJECTS[number]}; passage {n}." for n in range(count)]
        record, chunks, _ = document(number, texts, (f"/docs/{'abc'[number]}.txt",))
        made.append((record, chunks, vectors))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with Store(settings(tmp_path / "home")) as opened:
        yield opened


def filled(store: Store, *items: Item, name: str = "default") -> Collection:
    collection = store.create(name, IDENTITY, CHUNKING)
    with collection.writer(5) as writer:
        for item in items:
            writer.put(*item)
    return collection


@pytest.fixture
def drawn(store: Store) -> CollectionMap:
    return draw_map(filled(store, *subjects()))


# --- projections


def test_pca_places_what_it_was_made_of_where_it_stands() -> None:
    vectors = planted()
    drawing = project(vectors, "pca", 3)
    assert drawing.points.shape == (60, 3)
    assert np.allclose(drawing.place(vectors), drawing.points, atol=1e-5)
    # Two axes hold three bundles apart; the third keeps noise.
    assert sum(drawing.explained[:2]) > 0.8
    assert drawing.explained[2] < 0.1
    assert drawing.trustworthiness is not None
    assert 0.5 < drawing.trustworthiness < 1


@pytest.mark.parametrize("dimensions", [2, 3])
def test_tsne_keeps_neighbours_together_and_is_the_same_each_time(dimensions: int) -> None:
    vectors = planted(12)
    drawing = project(vectors, "tsne", dimensions, seed=5)
    middles = [part.mean(axis=0) for part in np.split(drawing.points, 3)]
    nearest = np.linalg.norm(drawing.points[:, None] - np.array(middles), axis=2).argmin(axis=1)
    assert nearest.tolist() == [0] * 12 + [1] * 12 + [2] * 12
    assert (project(vectors, "tsne", dimensions, seed=5).points == drawing.points).all()
    new = drawing.place(np.eye(16, dtype=np.float32)[1:2])[0]
    assert np.linalg.norm(new - middles, axis=1).argmin() == 1


def test_umap_draws_and_tells_of_nothing_that_is_missing(tmp_path: Path) -> None:
    # Compiling it would take half a minute; interpreted it does the same.
    code = (
        "import sys, numpy as np; sys.path[:0] = ['tests']\n"
        "from test_evaluation_map import planted\n"
        "from rag_app.evaluation.project import project\n"
        "points = project(planted(8), 'umap').points\n"
        "middles = np.array([part.mean(axis=0) for part in np.split(points, 3)])\n"
        "gaps = np.linalg.norm(points[:, None] - middles, axis=2)\n"
        "print((gaps.argmin(axis=1) == np.repeat([0, 1, 2], 8)).all(), points.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-W", "error::ImportWarning", "-c", code],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stdout.strip() == "True (24, 2)", done.stderr


def test_umap_and_pictures_need_the_extra(
    monkeypatch: pytest.MonkeyPatch, drawn: CollectionMap, tmp_path: Path
) -> None:
    found = importlib.util.find_spec

    def without(name: str) -> object:
        return None if name in {"umap", "matplotlib"} else found(name)

    monkeypatch.setattr("rag_app.evaluation.project.find_spec", without)
    monkeypatch.setattr("rag_app.evaluation.map_image.find_spec", without)
    with pytest.raises(MissingExtraError, match=r"rag-app\[map\]"):
        project(planted(), "umap")
    with pytest.raises(MissingExtraError, match=r"rag-app\[map\]"):
        save_image(drawn, tmp_path / "map.png")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_pca_draws_even_a_few_vectors(count: int) -> None:
    drawing = project(planted()[:count], "pca", 3)
    assert drawing.points.shape == (count, 3)
    assert drawing.trustworthiness is None
    assert np.isfinite(drawing.points).all()


def test_vectors_that_are_all_the_same_are_one_point() -> None:
    drawing = project(np.ones((20, 8), np.float32))
    assert np.ptp(drawing.points) < 1e-6
    assert drawing.explained == (0.0, 0.0)


@pytest.mark.parametrize(
    ("vectors", "method", "dimensions", "told"),
    [
        (planted()[:9], "tsne", 2, "needs at least 10 passages; there are 9. Choose pca"),
        (planted()[:0], "pca", 2, "Ingest"),
        (planted(), "mds", 2, "Choose pca, tsne, umap"),
        (planted(), "pca", 4, "2 or 3 dimensions, not 4"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    vectors: np.ndarray, method: str, dimensions: int, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        project(vectors, method, dimensions)  # type: ignore[arg-type]


# --- groups


def test_clusters_find_planted_groups_and_name_them_by_their_own_words() -> None:
    texts = [f"{subject} number {n}" for subject in SUBJECTS for n in range(20)]
    found = cluster(planted(), texts)
    assert found.labels == (0,) * 20 + (1,) * 20 + (2,) * 20
    for names, subject in zip(found.names, SUBJECTS, strict=True):
        assert set(names) <= set(subject.split())
    assert not {"the", "number"} & {word for words in found.names for word in words}
    assert len({word for words in found.names for word in words}) == 9


def test_one_group_is_named_by_what_it_says_most() -> None:
    texts = ["Water pumps", "Water tanks", "Water meters"]
    assert name_groups([0, 0, 0], texts)[0][0] == "Water"
    assert cluster(planted()[:3], texts).labels == (0, 0, 0)


def test_documents_have_a_colour_each_and_the_smallest_share_one(store: Store) -> None:
    collection = filled(store, *(document(n, 2, (f"/docs/{n:02}.txt",)) for n in range(25)))
    made = groups(draw_map(collection))
    assert len(made) == 20
    assert len({(group.colour, group.symbol) for group in made}) == 20
    assert made[-1].name == "6 other documents"
    assert sorted(m for group in made for m in group.members) == list(range(50))


def test_documents_of_one_name_are_told_apart_by_their_folder(store: Store) -> None:
    collection = filled(
        store, document(1, sources=("/x/a.txt",)), document(2, sources=("/y/a.txt",))
    )
    assert {group.name for group in groups(draw_map(collection))} == {"x/a.txt", "y/a.txt"}


# --- the map


def test_a_map_draws_the_stored_vectors_and_says_how_far_to_believe_it(
    drawn: CollectionMap,
) -> None:
    assert len(drawn.passages) == drawn.total == 60
    assert [group.name for group in groups(drawn)] == ["a.txt", "b.txt", "c.txt"]
    (note,) = drawn.notes
    assert "of the variance" in note
    assert "trustworthiness" in note
    points = drawn.views[0].projection.points
    for group in groups(drawn, "cluster"):
        assert len({drawn.passages[m].document.name for m in group.members}) == 1
        own = points[list(group.members)]
        others = np.delete(points, group.members, axis=0)
        middle = own.mean(axis=0)
        assert (
            np.linalg.norm(own - middle, axis=1).max()
            < np.linalg.norm(others - middle, axis=1).min()
        )


def test_a_sample_is_said_and_drawn_the_same_again(store: Store) -> None:
    collection = filled(store, *subjects())
    first, again = draw_map(collection, sample=30), draw_map(collection, sample=30)
    assert len(first.passages) == 30
    assert first.passages == again.passages
    assert "30 of 60 passages" in first.notes[0]
    # The same passages in another order of ingestion give the same sample.
    other = filled(store, *reversed(subjects()), name="other")
    ids = [passage.chunk.id for passage in draw_map(other, sample=30).passages]
    assert ids == [passage.chunk.id for passage in first.passages]


def test_passages_without_a_known_word_are_left_out_and_counted(store: Store) -> None:
    items = subjects()
    items[0][2][:5] = 0
    drawn = draw_map(filled(store, *items))
    assert len(drawn.passages) == 55
    assert "knows no word of 5 of the passages" in drawn.notes[0]


def test_a_collection_without_passages_says_what_to_do(store: Store) -> None:
    with pytest.raises(UsageError, match=r"nothing to map in the collection 'default'.*Ingest"):
        draw_map(filled(store))


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_question_stands_among_its_hits_and_moves_nothing(store: Store, method: str) -> None:
    collection = filled(store, *subjects())
    drawn = draw_map(collection, method, sample=50)  # type: ignore[arg-type]
    shown = {passage.chunk.id for passage in drawn.passages}
    inside, outside = min(shown), min(set(collection.chunk_ids()) - shown)
    stored, found = collection.vectors([inside, outside]), collection.fetch([inside, outside])
    hits = {id_: (Passage(*found[id_]), stored[id_]) for id_ in (outside, inside)}
    vector = np.eye(16, dtype=np.float32)[2]
    asked = ask_map(drawn, "Which packets?", [vector], hits)
    view = asked.views[0]
    assert (view.projection.points == drawn.views[0].projection.points).all()
    assert [mark.passage.chunk.id for mark in view.hits if mark.passage] == [outside, inside]
    place = [passage.chunk.id for passage in drawn.passages].index(inside)
    assert (view.hits[1].point == view.projection.points[place]).all()
    assert "1 of them was not in the sample and was added" in asked.notes[-1]
    # Of the third bundle, like the question: nearer to it than any other bundle's middle is.
    names = np.array([passage.document.name for passage in drawn.passages])
    gaps = {
        name: np.linalg.norm(
            view.projection.points[names == name].mean(axis=0) - view.question.point
        )
        for name in ("a.txt", "b.txt", "c.txt")
    }
    assert min(gaps, key=gaps.__getitem__) == "c.txt"
    assert any("weighted mean of the five" in note for note in asked.notes) == (method == "tsne")


def test_a_second_model_shows_the_same_passages_beside_the_first(drawn: CollectionMap) -> None:
    model = CountingEmbeddings()
    both = add_model(drawn, model)
    assert [view.model for view in both.views] == ["test:small", "counting"]
    assert [len(view.projection.points) for view in both.views] == [60, 60]
    assert len(model.asked) == 60
    vectors = [np.eye(16, dtype=np.float32)[0], model.encode_query("pump")]
    asked = ask_map(both, "pump", vectors, k=3)
    assert [len(view.hits) for view in asked.views] == [3, 3]
    assert {mark.passage.document.name for mark in asked.views[0].hits} == {"a.txt"}
    first, second = (figure(asked, number).to_dict()["data"] for number in (0, 1))
    assert [trace["customdata"] for trace in first[:3]] == [
        trace["customdata"] for trace in second[:3]
    ]
    assert page(asked).count('class="chart"') == 2
    # One that knows no word of the question shows nothing, rather than its first passages.
    lost = ask_map(both, "Wo?", [vectors[0], np.zeros_like(vectors[1])], k=3)
    assert [len(view.hits) for view in lost.views] == [3, 0]
    assert lost.views[1].question is None
    assert "counting knows no word of the question" in lost.notes[-1]


# --- figure, page and picture


def test_a_figure_has_a_trace_for_each_group_then_hits_and_question(drawn: CollectionMap) -> None:
    asked = ask_map(drawn, "Where is <b>water</b>?", [np.eye(16, dtype=np.float32)[0]])
    data = figure(asked).to_dict()["data"]
    assert [trace["name"] for trace in data] == [
        "a.txt (20)", "b.txt (20)", "c.txt (20)", "hits", "question",
    ]  # fmt: skip
    assert "Hit 1 · cosine" in data[3]["hovertext"][0]
    assert "&lt;b&gt;water" in data[4]["hovertext"][0]
    assert data[0]["hovertext"][0].startswith("<b>a.txt</b>")
    deep = figure(draw_map_in_space(drawn), colour="cluster", dark=True).to_dict()
    assert {trace["type"] for trace in deep["data"]} == {"scatter3d"}
    assert len(deep["layout"]["scene"]["annotations"]) == 3


def draw_map_in_space(drawn: CollectionMap) -> CollectionMap:
    """The same map in three dimensions."""
    from dataclasses import replace

    view = replace(drawn.views[0], projection=project(planted(), "pca", 3))
    return replace(drawn, views=(view,))


def tricky(store: Store) -> CollectionMap:
    texts = [f"{TRICKY} {n}" for n in range(12)]
    return draw_map(filled(store, document(1, texts, ("/docs/<img src=x> $a$ 文書.txt",))))


def test_text_of_documents_is_never_markup_or_script(store: Store) -> None:
    drawn = tricky(store)
    text = figure(drawn).to_dict()["data"][0]["hovertext"][0]
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "<a " not in text
    html = page(drawn)
    ours = html[html.rindex("const views") :]
    assert ours.count("</script>") == 1  # the one that ends our own
    assert "<img" not in html.replace(html[html.index("<script>") : html.rindex("const views")], "")


def test_a_page_asks_nothing_of_the_network_and_offers_to_send_nothing(
    drawn: CollectionMap,
) -> None:
    html = page(drawn)
    assert "default-src 'none'" in html
    assert json.loads(html.split("const config = ")[1].split(";\n")[0]) == CONFIG
    assert CONFIG["showSendToCloud"] is False
    assert CONFIG["plotlyServerURL"] == ""
    # The library has addresses in it; what we write around it has none.
    around = html[: html.index("<script>")] + html[html.rindex("const views") :]
    assert "http" not in around.replace("http-equiv", "")


def test_a_picture_is_written_whatever_the_names_are(store: Store, tmp_path: Path) -> None:
    asked = ask_map(tricky(store), TRICKY, [np.eye(16, dtype=np.float32)[0]])
    save_image(asked, tmp_path / "map.png", "cluster")
    content = (tmp_path / "map.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1350, 1200)
    assert len(content) > 20_000


@pytest.mark.browser
def test_the_page_shows_the_passage_under_the_pointer(
    drawn: CollectionMap, tmp_path: Path, browser: Browser
) -> None:
    file = tmp_path / "map.html"
    both = add_model(drawn, CountingEmbeddings())
    file.write_text(page(both), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="dark")
    faults: list[str] = []
    asked: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(file.as_uri())
    tab.locator("#view0 .point").nth(3).hover(force=True)
    # In both views: the second shows where it has the same passage.
    for view in ("#view0", "#view1"):
        tab.wait_for_function(
            f"document.querySelector('{view} .hovertext')?.textContent.length > 40"
        )
    assert "a.txt" in tab.locator("#view0 .hovertext").text_content()
    assert (
        tab.locator("#view0 .hovertext").text_content()
        == tab.locator("#view1 .hovertext").text_content()
    )
    assert tab.locator("#view0 .point").count() == 60
    tab.get_by_role("button", name="b.txt").click()
    tab.wait_for_function("document.querySelectorAll('#view1 .point').length === 40")
    assert not tab.locator("[data-title^='Share']").count()
    assert asked == [file.as_uri()]
    assert not faults
    tab.close()


# --- the command


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("map")
    for number, subject in enumerate(SUBJECTS):
        text = "\n\n".join(f"# Part {n}\n\n{subject}, case {n}." for n in range(6))
        (folder / f"{'abc'[number]}.md").write_text(text, encoding="utf-8")
    made = Cli(folder)
    done = made.ingest("a.md", "b.md", "c.md")
    assert done.returncode == 0, done.stderr
    return made


def test_the_command_writes_a_page_with_the_question_on_it(cli: Cli) -> None:
    question = ["-q", "Who agrees to a holiday?"]
    report = cli.json("map", "--out", "map.html", *question, "--with", "tfidf:")
    assert [view["model"].split(":")[0] for view in report["views"]] == ["minilm", "tfidf"]
    assert all(len(view["hits"]) == 5 for view in report["views"])
    html = (cli.folder / "map.html").read_text(encoding="utf-8")
    assert "Who agrees to a holiday?" in html
    done = cli.rag("map", "--out", "map.png", *question, "--method", "tsne")
    assert done.returncode == 0, done.stderr
    assert "what a search finds" in done.stderr
    assert done.stdout == ""
    assert (cli.folder / "map.png").stat().st_size > 20_000


def test_no_passage_is_sent_before_the_user_agrees(cli: Cli) -> None:
    hosted = "ollama:all-minilm?base_url=http://192.0.2.1"
    done = cli.rag("map", "--out", "hosted.html", "--with", hosted)
    assert done.returncode == 2
    assert "18 passages and the question would be sent to 192.0.2.1" in done.stderr
    assert "not known here" in done.stderr
    assert "Add --yes" in done.stderr
    assert not (cli.folder / "hosted.html").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--out", "map.pdf"], 2, "must end in .html or .png"),
        (["--out", "map.html", "--method", "mds"], 2, "Choose pca, tsne, umap"),
        (["--out", "map.html", "--colour", "size"], 2, "coloured by document or cluster"),
        (["--out", "map.html", "-c", "none"], 1, "no collection 'none'"),
        (["--out", "no/such/map.html"], 2, "no folder no/such"),
        (["--out", "map.html", "-q", "???"], 2, "question is empty"),
        (["--out", "map.html", "--with", "minlm"], 2, "Did you mean 'minilm'"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    cli: Cli, arguments: list[str], status: int, told: str
) -> None:
    done = cli.rag("map", *arguments)
    assert done.returncode == status
    assert told in done.stderr
    assert one_sentence(done.stderr)
