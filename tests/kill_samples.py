"""Runs of the document flow that are killed: what they read, what they leave, how they are started.

Run as a script it is such a run: ``python kill_samples.py HOME CACHE FOLDER STEP [URL]``. It tells
how far it is, and each file when it is stored; STEP is how many passages are stored together.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from email.message import EmailMessage
from pathlib import Path

FORMATS = ("txt", "md", "html", "csv", "json", "docx", "pdf", "xlsx", "eml", "zip")


def write_documents(folder: Path, count: int) -> Path:
    """Small files of ten formats in turn; a zip archive counts as three documents."""
    folder.mkdir()
    for number in range(count * len(FORMATS) // (len(FORMATS) + 2)):
        ending = FORMATS[number % len(FORMATS)]
        _write(folder / f"{number:03d}.{ending}", ending, number)
    return folder


def _lines(number: int) -> list[str]:
    """Every seventh document has several passages; one line is in all of them."""
    days = range(40 if number % 7 == 0 else 2)
    own = [f"Pump {number} lifted {number + day} litres on day {day} of the test." for day in days]
    return ["This report is for the owner of the pump alone.", *own]


def _write(path: Path, ending: str, number: int) -> None:
    lines = _lines(number)
    text = "\n\n".join(lines)
    if ending in {"txt", "md"}:
        path.write_text(f"# Pump {number}\n\n{text}\n" if ending == "md" else text)
    elif ending == "html":
        path.write_text("<html><body>" + "".join(f"<p>{one}</p>" for one in lines))
    elif ending == "csv":
        path.write_text("pump,note\n" + "".join(f"{number},{one}\n" for one in lines))
    elif ending == "json":
        path.write_text("[" + ",".join(f'{{"note": "{one}"}}' for one in lines) + "]")
    else:
        _BINARY[ending](path, lines)


def _docx(path: Path, lines: list[str]) -> None:
    from format_samples import word

    path.write_bytes(word("".join(f"<w:p><w:r><w:t>{one}</w:t></w:r></w:p>" for one in lines)))


def _pdf(path: Path, lines: list[str]) -> None:
    from ingest_samples import prose, write_pdf

    write_pdf(path, [prose(*lines[first : first + 20]) for first in range(0, len(lines), 20)])


def _xlsx(path: Path, lines: list[str]) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for one in lines:
        book.active.append([path.stem, one])
    book.save(path)


def _eml(path: Path, lines: list[str]) -> None:
    mail = EmailMessage()
    mail["Subject"] = f"Pump {path.stem}"
    mail.set_content("\n\n".join(lines))
    path.write_bytes(bytes(mail))


def _zip(path: Path, lines: list[str]) -> None:
    from format_samples import zipped

    path.write_bytes(zipped({f"{n}.txt": f"Part {n}. " + " ".join(lines) for n in range(3)}))


_BINARY = {"docx": _docx, "pdf": _pdf, "xlsx": _xlsx, "eml": _eml, "zip": _zip}


def contents(settings) -> dict[str, tuple]:
    """All that a collection holds, by path: documents, passages and their vectors, bit for bit.

    What depends on the time of day is left out.
    """
    from rag_app.store import Store

    with Store(settings) as store:
        if not store.exists("default"):
            return {}
        collection = store.get("default")
        vectors = collection.vectors(collection.chunk_ids())
        found = {}
        for record in collection.documents():
            chunks = tuple(collection.chunks(record.id))
            told = asdict(record)
            del told["added_at"]
            bits = tuple(vectors[chunk.id].tobytes() for chunk in chunks)
            for source in record.sources:
                found[source] = (told, chunks, bits)
        return found


def problems(settings) -> list[str]:
    """What the check of ``rag doctor`` finds."""
    from rag_app.store import Store

    with Store(settings) as store:
        return store.check()


def start(settings, folder: Path, step: int, **options) -> subprocess.Popen[str]:
    """Starts a run in a process of its own."""
    places = [str(settings.home), str(settings.cache), str(folder), str(step)]
    url = [settings.chroma_url] if settings.chroma_url else []
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, *places, *url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        **options,
    )


def _run(home: Path, cache: Path, folder: Path, step: str, *url: str) -> None:
    sys.path.append(str(Path(__file__).parents[1]))
    import ingest.embed
    import ingest.window
    from ingest import ingest_paths
    from rag_app.errors import RagError
    from rag_app.settings import load_settings

    ingest.embed._STORED_TOGETHER, ingest.window.SLICE = int(step), 8
    flags = {"home": home, "cache": cache, "chroma_url": url[0] if url else None}
    settings = load_settings(flags, environ={})

    def tell(progress) -> None:
        say(f"{progress.done + progress.chunks_done} {progress.path}")

    say("0 ")
    try:
        report = ingest_paths([folder], settings, progress=tell)
    except RagError as error:
        say(f"stopped: {error}")
    else:
        say(f"ended: {report.states}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _run(*map(Path, sys.argv[1:4]), *sys.argv[4:])
