"""Rows of tables in PDFs beside what the documents say that the PDFs were made from.

    .venv/bin/python benchmarks/pdf_tables.py [--keep FOLDER] [--show]

The office documents of the shared data's ``formats/docling`` are printed by LibreOffice and its
web pages by Chromium, so that the tables on the pages are those of programs that people use. What
is true is docling's Markdown of the sources. Counted are rows with text in two cells at least: a
row is found if some row that we read has the same cells in the same order; empty ones are left out,
and so is what docling repeats of a cell that spans several, white space and signs of markup. A row
that we read and that no source has is counted beside them.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from measure import DATA, ROOT, save

from ingest.load import load_document

SOURCES = DATA / "formats" / "docling"
OFFICE = ("docx", "odt", "ods", "odp", "pptx", "xlsx")
WEB = ("html",)
_MARKUP = re.compile(r"<[^>]*>|!?\[([^\]]*)\]\([^)]*\)|&[a-z]+;|[*_`~\\\W]+")
_RULE = re.compile(r"\|[\s|:-]*\|")

Row = tuple[str, ...]


def main() -> None:
    """Prints what is found, and saves it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--keep", type=Path, help="where the PDFs are, or are to be, kept")
    parser.add_argument("--show", action="store_true", help="print the rows that are missing")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        report(options.keep, options.show)
        return
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), options.show)


def report(folder: Path, show: bool) -> None:
    """Reads every PDF and compares its rows with those of its source."""
    figures: dict[str, object] = {}
    for name, suffixes, printer in (
        ("LibreOffice", OFFICE, _by_libreoffice),
        ("Chromium", WEB, _by_chromium),
    ):
        wanted = found = more = files = 0
        for source, truth in sources(suffixes):
            pdf = folder / f"{source.name}.pdf"
            if not pdf.exists() and not printer(source, pdf):
                continue
            ours = Counter(rows_of("\n".join(page.text for page in load_document(pdf).pages)))
            true = Counter(truth)
            files += 1
            wanted += true.total()
            found += (true & ours).total()
            more += (ours - true).total()
            if show:
                _print(source.name, true, ours)
        figures[name] = {
            "documents": files,
            "rows": wanted,
            "found": round(found / wanted, 3) if wanted else None,
            "rows in no source": more,
        }
    save("pdf_tables", f"python {Path(__file__).relative_to(ROOT)}", figures)


def sources(suffixes: tuple[str, ...]) -> Iterator[tuple[Path, list[Row]]]:
    """The documents whose Markdown has tables, with the rows of these."""
    for source in sorted(SOURCES.glob("*/sources/*")):
        truth = source.parents[1] / "groundtruth" / f"{source.name}.md"
        if source.suffix[1:] in suffixes and truth.exists():
            rows = list(rows_of(truth.read_text(encoding="utf-8")))
            if rows:
                yield source, rows


def rows_of(text: str) -> Iterator[Row]:
    """The cells of each row of Markdown that has two with text."""
    for line in text.splitlines():
        words = line.strip()
        if words.startswith("|") and not _RULE.fullmatch(words):
            cells = (_plain(cell) for cell in re.split(r"(?<!\\)\|", words.strip("|")))
            row = tuple(cell for cell, _ in groupby(cell for cell in cells if cell))
            if len(row) > 1:
                yield row


def _plain(cell: str) -> str:
    return " ".join(_MARKUP.sub(r" \1 ", cell).split()).casefold()


def _print(name: str, true: Counter[Row], ours: Counter[Row]) -> None:
    print(f"\n== {name}: {(true & ours).total()} of {true.total()}")
    for sign, rows in (("missing", true - ours), ("no source", ours - true)):
        for row in list(rows.elements())[:5]:
            print(f"  {sign}: {' | '.join(row)[:160]}")


def _by_libreoffice(source: Path, pdf: Path) -> bool:
    command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(pdf.parent)]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=120)
    made = pdf.parent / f"{source.stem}.pdf"
    if made.exists():
        made.rename(pdf)
    return pdf.exists()


def _by_chromium(source: Path, pdf: Path) -> bool:
    browser = shutil.which("chromium") or "chromium"
    command = [browser, "--headless", "--no-sandbox", "--no-pdf-header-footer"]
    subprocess.run(
        [*command, f"--print-to-pdf={pdf}", source.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return pdf.exists()


if __name__ == "__main__":
    main()
