"""What the text of odd and hostile PDFs looks like beside that of poppler's ``pdftotext``.

    .venv/bin/python benchmarks/pdf_text.py

Every file of the shared data's ``pdfs`` is read as ingestion reads it: in a worker process, within
its limits. Text recognition is off and attached files are left out, for ``pdftotext`` has neither.
Words are compared after NFKC (both
write ligatures and full-width letters in their own way) and without control characters; a word is a
run of letters and digits, any other sign, or one character of a script without spaces. The
similarity is 2·LCS / (all words of both), LCS being the longest common subsequence: a word that is
missing, added or spelt in another way counts once, and so does one in another place of the reading
order. Beside it stands the share of words that both have in whatever order, which tells one cause
from the other.

Bars: every file read or refused in words; median 0.95; each file below 0.7 explained (README.md).
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from measure import DATA, ROOT, save

from ingest import load
from ingest.isolate import Worker, WorkerDied
from ingest.limits import Limits
from ingest.load import LoadOptions
from ingest.messages import Part, Refused, Summary
from ingest.worker import Job

FOLDER = DATA / "pdfs"
LIMITS = Limits(seconds=60.0)
LOW = 0.7
PAGE_END = "\f"
WORD = re.compile(
    "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|[^\\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    "|[^\\w\\s]"
)
PASSWORDS = {
    "pdfminer-six__encryption__": "foo",
    "pypdf-resources__encryption__": "asdfzxcv",
    "pypdf-resources__libreoffice-writer-password": "openpassword",
    "pypdf-resources__crazyones-encrypted-256": "password",
    "pypdf-resources__encrypted-file": "test",
}


def words(text: str) -> list[str]:
    """What is compared."""
    composed = unicodedata.normalize("NFKC", text)
    return WORD.findall("".join(one for one in composed if one.isspace() or not is_unseen(one)))


def without_bars(text: str) -> str:
    """Our text without what makes rows of tables Markdown."""
    lines = (line.replace("|", " ") if line[:1] == "|" else line for line in text.split("\n"))
    return "\n".join(lines)


@cache
def is_unseen(char: str) -> bool:
    """Whether a character is a control code, or stands for none."""
    return unicodedata.category(char).startswith("C")


def common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, one bit for each word of ``a`` (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for index, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << index
    mask = (1 << len(a)) - 1
    row = mask
    for word in b:
        met = row & places.get(word, 0)
        row = (row + met | row - met) & mask
    return len(a) - row.bit_count()


def share(same: int, a: Sequence[str], b: Sequence[str]) -> float:
    """Words that are the same, of all words of both."""
    return round(2 * same / max(1, len(a) + len(b)), 3)


def password(path: Path) -> str | None:
    """What opens the file, if it is one of those that are locked."""
    return next((word for start, word in PASSWORDS.items() if path.name.startswith(start)), None)


def theirs(path: Path) -> str:
    """The text by ``pdftotext``; empty if it cannot read the file."""
    locked = ["-upw", word] if (word := password(path)) else []
    command = ["pdftotext", "-enc", "UTF-8", *locked, str(path), "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMITS.seconds, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace")


class Reader:
    """Our side: one worker process after the other."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def read(self, path: Path, pages: int) -> tuple[str, str]:
        """The cleaned text of the first pages, and why there is none."""
        if self._worker is None or not self._worker.is_alive:
            self._worker = Worker(LIMITS)
        options = replace(LoadOptions(), password=password(path), ocr="off")
        self._worker.ask(Job(path, options, load.FORMATS))
        texts: dict[int, str] = {}
        try:
            while not isinstance(message := self._worker.answer(), Summary):
                if isinstance(message, Refused):
                    return "", message.reason
                if isinstance(message, Part):
                    texts |= {one.page.number: one.page.text for one in message.sections}
        except WorkerDied as death:
            self._worker.stop()
            return "", f"{path.name} {death}"
        own = (text for number, text in texts.items() if number <= pages)
        return without_bars("\n".join(own)), ""

    def close(self) -> None:
        """Ends the process."""
        if self._worker is not None:
            self._worker.stop()


def measured(reader: Reader, path: Path) -> dict[str, object]:
    """What there is to say of one file."""
    reference = theirs(path)
    start = time.perf_counter()
    text, reason = reader.read(path, reference.count(PAGE_END))
    seconds = round(time.perf_counter() - start, 2)
    mine, other = words(text), words(reference)
    return {
        "file": path.name,
        "words": [len(mine), len(other)],
        "similarity": share(common(mine, other), mine, other) if other else None,
        "in_any_order": share((Counter(mine) & Counter(other)).total(), mine, other),
        "reason": reason,
        "seconds": seconds,
    }


def main() -> None:
    """Measures every file and saves what each came to."""
    for missing, is_there in (("pdftotext", shutil.which("pdftotext")), (FOLDER, FOLDER.is_dir())):
        if not is_there:
            sys.exit(f"{missing} is not there: nothing to compare with, so nothing was measured.")
    reader = Reader()
    try:
        rows = [measured(reader, path) for path in sorted(FOLDER.glob("*.pdf"))]
    finally:
        reader.close()
    found = {str(row["file"]): row for row in rows if row["similarity"] is not None}
    values = {name: float(str(row["similarity"])) for name, row in found.items()}
    save(
        "pdf_text",
        f"python {Path(__file__).relative_to(ROOT)}",
        {
            "files": len(rows),
            "read": sum(1 for row in rows if not row["reason"]),
            "refused in words": sum(1 for row in rows if row["reason"]),
            "slowest_s": max(float(str(row["seconds"])) for row in rows),
            "with text by pdftotext": len(found),
            "median similarity": round(statistics.median(values.values()), 3),
            "at least 0.95": sum(1 for value in values.values() if value >= 0.95),
            "below 0.7": [
                found[name]
                for name in sorted(values, key=lambda n: values[n])
                if values[name] < LOW
            ],
            "similarity": values,
        },
    )


if __name__ == "__main__":
    main()
