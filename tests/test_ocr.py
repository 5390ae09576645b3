"""Text on images and scanned pages: really recognised, on small pictures drawn here."""

from __future__ import annotations

import io
import struct
import zlib
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from embeddings_samples import CountingEmbeddings, settings_in
from ingest_samples import picture_pdf
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest import IngestReport, ingest_paths
from ingest.load import LoadOptions, load_document, ocr, tesseract
from ingest.load.garbage import is_garbage
from ingest.load.ocr import TextBox
from ingest.load.ocr_lines import page_text
from ingest.locate import locate_quote
from ingest.plan import Task
from ingest.reading import read_document
from ingest.text_estimate import tokens_in
from ingest.window import Job
from rag_app.cli.ingest_report import say_report
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError, RagError
from rag_app.types import FileOutcome
from rag_app.types.media import PDF, TIFF

OTTER = "The river otter eats four eels"
BADGER = "A badger digs a hole in May"
SHUFFLED = "Xqz tkv rdfl pwm. " * 20


def drawn(*lines: str) -> Image.Image:
    """A page in grey, as a scanner gives it."""
    image = Image.new("L", (500, 40 + 40 * len(lines)), 245)
    font = ImageFont.load_default(size=26)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((30, 20 + 40 * number), line, 20, font=font)
    return image


def scan(path: Path, *pages: tuple[str, Image.Image | None]) -> Path:
    """A PDF whose pages have text that is not seen, below an image of the whole page."""
    canvas = Canvas(str(path), pagesize=(360, 200), invariant=1)
    for text, image in pages:
        if image is not None:
            canvas.drawImage(ImageReader(image), 0, 0, 360, 200)
        lines = canvas.beginText(20, 150)
        lines.setTextRenderMode(0 if image is None else 3)
        for start in range(0, len(text), 50):
            lines.textLine(text[start : start + 50])
        canvas.drawText(lines)
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package were not installed."""
    monkeypatch.setattr(ocr, "PACKAGE", "a_package_that_is_not_there")


# --- images


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_an_image_of_text_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"page.{suffix}"
    drawn(OTTER).convert("RGB").save(path)
    loaded = load_document(path)
    assert [(page.text, page.recognised) for page in loaded.pages] == [(OTTER, True)]


def test_each_image_of_a_tiff_is_a_page_and_each_is_told(tmp_path: Path) -> None:
    path, told = tmp_path / "fax.tif", []
    drawn(OTTER).convert("1").save(path, save_all=True, append_images=[drawn(BADGER).convert("1")])
    loaded = load_document(path, LoadOptions(on_page=lambda: told.append(1)))
    assert [(page.number, page.text) for page in loaded.pages] == [(1, OTTER), (2, BADGER)]
    assert loaded.media_type == TIFF
    assert len(told) == 2


def test_transparent_and_sixteen_bit_images(tmp_path: Path) -> None:
    ink = Image.eval(drawn(OTTER), lambda grey: 255 - grey)
    clear = Image.merge("LA", (Image.new("L", ink.size, 0), ink))
    clear.save(tmp_path / "clear.png")
    deep = drawn(OTTER).convert("I").point(lambda grey: grey * 200).convert("I;16")
    deep.save(tmp_path / "deep.png")
    for name in ("clear.png", "deep.png"):
        assert load_document(tmp_path / name).pages[0].text == OTTER


@pytest.mark.parametrize("angle", [90, 180, 270, 3])
def test_a_page_that_lies_on_its_side_or_askew_is_read(tmp_path: Path, angle: int) -> None:
    lines = [OTTER, BADGER, "Both of them sleep by day"]
    drawn(*lines).rotate(angle, expand=True, fillcolor=245).save(tmp_path / "turned.png")
    assert load_document(tmp_path / "turned.png").pages[0].text == "\r\n".join(lines)


def test_lines_that_look_upside_down_do_not_turn_an_upright_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The classifier often takes small type for type on its head."""
    reader = ocr.recogniser(LoadOptions())

    def all_turned(lines: list[object]) -> tuple[list[object], SimpleNamespace]:
        return lines, SimpleNamespace(cls_res=[("180", 0.9)] * len(lines))

    monkeypatch.setattr(reader._engine, "cls_and_rotate", all_turned)
    assert page_text(reader.read(np.array(drawn(OTTER, BADGER)))) == f"{OTTER}\r\n{BADGER}"


def test_images_without_text_broken_ones_and_bombs_are_refused(tmp_path: Path) -> None:
    Image.new("L", (200, 100), 255).save(tmp_path / "blank.png")
    with pytest.raises(DocumentSkippedError, match="no text was recognised"):
        load_document(tmp_path / "blank.png")
    whole = (tmp_path / "blank.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:50])
    with pytest.raises(DocumentUnreadableError, match="broken image"):
        load_document(tmp_path / "cut.png")
    for side in (12_000, 60_000):
        header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
        bomb = whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:]
        (tmp_path / "bomb.png").write_bytes(bomb)
        with pytest.raises(DocumentUnreadableError, match="more pixels than any page"):
            load_document(tmp_path / "bomb.png")


def test_a_text_under_the_name_of_an_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(DocumentUnreadableError, match="save it as PNG"):
        load_document(tmp_path / "a.png")


def test_a_cited_image_is_shown_and_so_is_a_scanned_page(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    drawn(OTTER).save(path, save_all=True, append_images=[drawn(BADGER, OTTER)])
    shown, marked = locate_quote(path, 2, BADGER)
    assert (Image.open(io.BytesIO(shown)).size, marked) == ((500, 120), False)
    with pytest.raises(DocumentUnreadableError, match=r"Page 3 of fax\.tif"):
        locate_quote(path, 3, BADGER)
    shown, marked = locate_quote(scan(tmp_path / "a.pdf", ("", drawn(OTTER))), 1, OTTER)
    assert (shown[:4], marked) == (b"\x89PNG", False)


# --- pages of a PDF


def test_only_the_scanned_page_of_a_pdf_is_recognised(tmp_path: Path) -> None:
    own = "This page says in letters of its own: herons nap."
    path = scan(tmp_path / "mixed.pdf", (own, None), ("", drawn(OTTER, BADGER)), ("", None))
    loaded = load_document(path)
    assert [page.recognised for page in loaded.pages] == [False, True, False]
    assert " ".join(loaded.pages[0].text.split()) == own
    assert loaded.pages[1].text == f"{OTTER}\r\n{BADGER}"
    assert (loaded.media_type, loaded.warning) == (PDF, "")


@pytest.mark.parametrize(
    ("text", "mode", "recognised"),
    [
        (SHUFFLED, "auto", True),
        ("Scanned by X", "auto", True),
        (SHUFFLED, "off", False),
        (BADGER * 9, "auto", False),
        (BADGER * 9, "always", True),
    ],
)
def test_whose_word_counts_on_a_scan_with_a_text_layer(
    tmp_path: Path, text: str, mode: str, recognised: bool
) -> None:
    path = scan(tmp_path / "layer.pdf", (text, drawn(OTTER, OTTER)))
    page = load_document(path, LoadOptions(ocr=mode)).pages[0]
    assert page.recognised == recognised
    assert (OTTER in page.text) == recognised


def test_what_garbage_is() -> None:
    assert is_garbage("\ue012\ue013\ue014 \ue011" * 9)
    assert is_garbage("\ufffd" * 15 + "and so on")
    assert is_garbage("#$%&'()* +,/:;<>? @[]^`{}~ " * 20)
    assert is_garbage(SHUFFLED)
    for fine in (
        BADGER * 20,
        "12.5 3,400 (17)\n" * 40,
        "Contents ............ 7\n" * 40,
        "НАСОС И ВОДА. " * 40,
        "水泵和过滤器的说明书。" * 40,
        "\uf0b7 Clean the filter",
        "#!?",
    ):
        assert not is_garbage(fine), fine


def test_a_drawing_without_text_is_skipped_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(DocumentSkippedError, match=r"OCR, which reads print in .* recognises none"):
        load_document(picture_pdf(tmp_path / "a.pdf"))
    with pytest.raises(DocumentSkippedError, match="--set ocr=auto"):
        load_document(picture_pdf(tmp_path / "a.pdf"), LoadOptions(ocr="off"))


# --- the order of what was recognised


def column(left: float, top: float, *lines: str, step: float = 20) -> list[TextBox]:
    return [
        TextBox(left, top + step * number, left + 8 * len(line), top + step * number + 18, line)
        for number, line in enumerate(lines)
    ]


def test_columns_of_prose_are_read_one_after_the_other_and_rows_of_tables_across() -> None:
    left = [f"the left side, line number {n}" for n in range(5)]
    right = [f"and the right side, line {n} of" for n in range(5)]
    title = column(60, 10, "A title that runs across both of the columns of the page")
    page = [*column(300, 53, *right), *column(10, 50, *left), *title]
    assert page_text(page).split() == " ".join([title[0].text, *left, *right]).split()
    cells = [*column(300, 50, *"12345"), *column(10, 52, *"abcde")]
    assert page_text(cells) == "a 1\r\nb 2\r\nc 3\r\nd 4\r\ne 5"


def test_a_wide_step_ends_a_paragraph() -> None:
    page = [*column(10, 10, "one", "two"), *column(10, 90, "three", "four", "five")]
    assert page_text(page) == "one\r\ntwo\n\nthree\r\nfour\r\nfive"
    assert page_text([]) == ""


# --- without the package


def test_without_the_package_each_file_says_what_to_install(tmp_path: Path, without: None) -> None:
    install = r"pip install 'rag-app\[ocr\]'"
    drawn(OTTER).save(tmp_path / "page.png")
    for path in (tmp_path / "page.png", scan(tmp_path / "scan.pdf", ("", drawn(OTTER)))):
        with pytest.raises(DocumentSkippedError, match=install):
            load_document(path)


def test_without_the_package_the_outcome_says_which_pages_are_missing(
    tmp_path: Path, without: None, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = (("Words of its own.", None), ("", drawn(OTTER)), ("", None))
    path = scan(tmp_path / "mixed.pdf", *pages)
    *_, summary = read_document(path, LoadOptions())
    assert (summary.pages, summary.empty_pages, summary.ocr_pages) == (3, 2, 0)
    job = Job(Task(summary.document_id, (path,)), parsed=summary)
    (outcome,) = job.outcomes({}, "", CountingEmbeddings())
    assert outcome.state == "added"
    assert outcome.reason.startswith("1 page(s) are images")
    assert "pip install 'rag-app[ocr]'" in outcome.reason
    say_report(IngestReport((outcome,), "x", 1.0), quiet=False)
    assert f"incomplete: {path}: 1 page(s)" in capsys.readouterr().err


# --- by Tesseract

RUSSIAN = LoadOptions(ocr_languages="rus")
needs_tesseract = pytest.mark.skipif(
    tesseract.recogniser("rus", 1) is None, reason="Tesseract with Russian is not installed"
)
SEA = "Маяк стоит на скале"
FISH = "Щука живёт в озере"


def in_russian(*lines: str) -> Image.Image:
    matplotlib = pytest.importorskip("matplotlib")

    image = Image.new("L", (600, 60 + 50 * len(lines)), 245)
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(str(fonts / "DejaVuSans.ttf"), 32)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((30, 20 + 50 * number), line, 20, font=font)
    return image


@needs_tesseract
def test_a_script_that_the_bundled_models_do_not_read(tmp_path: Path) -> None:
    in_russian(SEA, FISH).save(tmp_path / "sea.png")
    scan(tmp_path / "sea.pdf", ("", in_russian(SEA, FISH)))
    for name in ("sea.png", "sea.pdf"):
        (page,) = load_document(tmp_path / name, RUSSIAN).pages
        assert page.text.split("\r\n") == [SEA, FISH]
        assert page.recognised
    in_russian(OTTER, SEA).save(tmp_path / "both.png")
    assert SEA not in load_document(tmp_path / "both.png").pages[0].text


@needs_tesseract
def test_a_worker_process_may_use_tesseract(tmp_path: Path) -> None:
    in_russian(SEA, FISH).save(tmp_path / "sea.png")
    settings = settings_in(tmp_path / "rag").override(ocr_languages="rus")
    (found,) = ingest_paths([tmp_path / "sea.png"], settings).outcomes
    assert (found.state, found.ocr_pages, found.reason) == ("added", 1, "")


@needs_tesseract
def test_a_language_without_its_data_is_not_passed_over(tmp_path: Path) -> None:
    in_russian(SEA).save(tmp_path / "sea.png")
    with pytest.raises(DocumentSkippedError, match="apt install tesseract-ocr-rus tesseract-ocr-x"):
        load_document(tmp_path / "sea.png", LoadOptions(ocr_languages="rus+xyz"))


def test_without_tesseract_each_file_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "_LIBRARIES", ("no-such-library",))
    tesseract.recogniser.cache_clear()
    drawn(OTTER).save(tmp_path / "page.png")
    scan(tmp_path / "scan.pdf", ("", drawn(OTTER)))
    for name in ("page.png", "scan.pdf"):
        with pytest.raises(DocumentSkippedError, match="apt install tesseract-ocr-chi-sim"):
            load_document(tmp_path / name, LoadOptions(ocr_languages="chi_sim"))
    tesseract.recogniser.cache_clear()


def test_words_of_tesseract_are_put_together_line_by_line() -> None:
    table = (
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
        "4\t1\t1\t1\t1\t0\t10\t10\t90\t20\t-1\t\n"
        "5\t1\t1\t1\t1\t1\t10\t12\t40\t18\t96.1\tOne\n"
        "5\t1\t1\t1\t1\t2\t60\t10\t40\t20\t95.0\tline\n"
        "5\t1\t1\t1\t1\t3\t110\t10\t5\t5\t12.0\t~\n"
        "5\t1\t1\t1\t2\t1\t10\t40\t40\t20\t96.1\tNext\n"
    )
    assert tesseract._lines(table) == [
        TextBox(10, 10, 100, 30, "One line"),
        TextBox(10, 40, 50, 60, "Next"),
    ]


@pytest.mark.parametrize("value", ["../etc", "rus++deu", "rus deu", "-l"])
def test_what_names_no_languages_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(RagError, match="ocr_languages"):
        settings_in(tmp_path).override(ocr_languages=value)


# --- the whole way


def test_a_scan_is_ingested_by_a_worker_process_and_reported(tmp_path: Path) -> None:
    """A worker may open no connection and start no program: recognising needs neither."""
    folder = tmp_path / "papers"
    folder.mkdir()
    scan(folder / "mixed.pdf", ("Herons have words of their own.", None), ("", drawn(OTTER)))
    drawn(BADGER).save(folder / "photo.png")
    message = EmailMessage()
    message["From"], message["Subject"], message["Date"] = "a@a.example", "Seen", "1 May 2026"
    message.set_content("See the picture.")
    picture = (folder / "photo.png").read_bytes()
    message.add_attachment(picture, maintype="image", subtype="png", filename="badger.png")
    (folder / "seen.eml").write_bytes(bytes(message))
    report = ingest_paths([folder], settings_in(tmp_path / "rag"))
    found = {Path(one.path).name: one for one in report.outcomes}
    assert [found[name].state for name in sorted(found)] == ["added"] * 3, report.outcomes
    assert (found["mixed.pdf"].pages, found["mixed.pdf"].ocr_pages) == (2, 1)
    assert (found["photo.png"].ocr_pages, found["photo.png"].reason) == (1, "")
    assert (found["seen.eml"].pages, found["seen.eml"].ocr_pages) == (2, 1)
    assert report.to_json()["totals"]["ocr_pages"] == 3


def test_scans_count_before_text_is_sent_to_a_hosted_model(tmp_path: Path) -> None:
    """Nothing is recognised for that; but without an estimate nobody would be asked."""
    drawn(OTTER).save(tmp_path / "photo.png")
    scan(tmp_path / "scan.pdf", ("", drawn(OTTER)), ("", drawn(BADGER)))
    assert tokens_in([tmp_path], LoadOptions()) == (2, 1000)
    assert tokens_in([tmp_path], LoadOptions(ocr="off")) == (2, 0)


def test_the_summary_says_how_many_pages_were_recognised(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = FileOutcome("a.pdf", "added", pages=9, chunks=3, ocr_pages=4)
    say_report(IngestReport((outcome,), "x", 1.0), quiet=False)
    assert "The text of 4 pages was recognised on images (OCR)." in capsys.readouterr().err


def test_the_models_are_in_the_package() -> None:
    """With their paths given, none is ever looked for elsewhere."""
    for task in ("det", "cls", "rec"):
        assert Path(ocr._model(task)).stat().st_size > 100_000
