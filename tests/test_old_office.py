"""Old Office files, converted for the worker process that reads them.

LibreOffice is not installed everywhere: a small script of its name takes its place. It proves the
way of a file through this application (what the program is asked, in which surroundings, and what
becomes of its answers). What LibreOffice makes of real documents is tested where it is there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from embeddings_samples import settings_in
from format_samples import OLE, ole, word, zipped
from ingest_samples import DATA, needs_data

from ingest import ingest_paths, isolate, load
from ingest.isolate import Worker
from ingest.legacy import Allowance, Converter
from ingest.limits import Limits
from ingest.load import LoadOptions, load_document
from ingest.load.old_office import program
from ingest.messages import Opened, ToConvert
from ingest.plan import Task
from ingest.pool import Readers
from ingest.rehearse import rehearse
from ingest.stages import stages_of
from ingest.worker import Job
from rag_app.errors import DocumentUnreadableError
from rag_app.store import Store

TEXT = "The Heron pump lifts 55 litres a minute."
DOCX = word(f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>")
DEADLINE_S = 60.0
MEMORY_MB = 150

_SCRIPT = """#!{python}
import json, os, shutil, subprocess, sys, time
from pathlib import Path
here = Path(__file__).parent
profile = Path(sys.argv[1].removeprefix("-env:UserInstallation=file://"))
told = {{"arguments": sys.argv[1:], "variables": dict(os.environ), "folder": os.getcwd(),
        "profile": (profile / "user" / "registrymodifications.xcu").read_text(),
        "source": Path(sys.argv[-1]).read_bytes().hex()}}
(here / "told.json").write_text(json.dumps(told))
what = (here / "what").read_text()
if what == "hang":
    child = subprocess.Popen(["sleep", "600"])
    (here / "pids").write_text(f"{{os.getpid()}} {{child.pid}}")
    child.wait()
if what == "crash":
    os.abort()
if what == "allocate":
    held = []
    while True:
        held.append(b"x" * 5_000_000)
while what == "wait" and not (here / "go").exists():
    time.sleep(0.02)
if what in ("convert", "wait"):
    ending = sys.argv[sys.argv.index("--convert-to") + 1]
    folder = Path(sys.argv[sys.argv.index("--outdir") + 1])
    folder.mkdir(exist_ok=True)
    shutil.copy(here / "made", folder / f"{{Path(sys.argv[-1]).stem}}.{{ending}}")
"""


class Office:
    """What stands in for LibreOffice."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "made").write_bytes(DOCX)
        self.does("convert")
        (folder / "soffice").write_text(_SCRIPT.format(python=sys.executable))
        (folder / "soffice").chmod(0o755)

    def does(self, what: str) -> None:
        (self.folder / "what").write_text(what)

    @property
    def told(self) -> dict:
        return json.loads((self.folder / "told.json").read_text())


@pytest.fixture
def office(tmp_path, monkeypatch):
    office = Office(tmp_path / "office")
    monkeypatch.setenv("PATH", f"{office.folder}:/usr/bin:/bin")
    return office


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "rag")


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old report.doc"
    path.write_bytes(OLE + b"whatever Word wrote in 1997")
    return path


def outcome(path, settings):
    (found,) = ingest_paths([path], settings).outcomes
    return found


def asking(path: Path) -> ToConvert:
    return ToConvert(path.name, path.suffix, path.read_bytes())


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_an_old_document_is_converted_and_cited_as_itself(office, settings, old, monkeypatch):
    monkeypatch.setenv("RAG_OPENAI_API_KEY", "secret")
    assert outcome(old, settings).state == "added"
    with Store(settings) as store:
        (record,) = store.get("default").documents()
        (chunk,) = store.get("default").chunks(record.id)
    assert (record.source, record.size_bytes) == (str(old), old.stat().st_size)
    assert chunk.text == TEXT
    told = office.told
    assert "--headless" in told["arguments"]
    assert bytes.fromhex(told["source"]) == old.read_bytes()
    assert "old report" not in told["arguments"][-1]  # a name says nothing to the program
    assert 'DisableMacrosExecution" oor:op="fuse"><value>true' in told["profile"]
    assert 'BlockUntrustedRefererLinks" oor:op="fuse"><value>true' in told["profile"]
    assert 'ooInetProxyType" oor:op="fuse"><value>2' in told["profile"]
    assert not any(name.startswith("RAG_") for name in told["variables"])
    assert not Path(told["folder"]).exists()  # nothing is left
    assert outcome(old, settings).state == "unchanged"


def test_rehearsals_and_stages_convert_as_well(office, settings, old):
    assert rehearse([old], settings).states == {"added": 1}
    stages = stages_of(old, settings)
    assert [chunk.text for chunk in stages.chunks] == [TEXT]
    assert stages.loader == "ingest.load.old_office"


def test_what_libreoffice_makes_nothing_of(office, settings, old):
    office.does("nothing")
    found = outcome(old, settings)
    assert found.state == "failed"
    assert "could not convert old report.doc" in found.reason
    assert "save it as .docx" in found.reason


@pytest.mark.parametrize("name", ["old report", "report.final"])
def test_an_old_document_without_its_ending_is_converted(office, settings, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(ole("WordDocument"))
    assert outcome(path, settings).state == "added"
    with Store(settings) as store:
        (record,) = store.get("default").documents()
        (chunk,) = store.get("default").chunks(record.id)
    assert (record.name, chunk.text) == (name, TEXT)
    assert office.told["arguments"][-1].endswith(".doc")
    path.write_bytes(ole("EncryptedPackage"))
    assert outcome(path, settings).state == "skipped"


def test_libreoffice_that_crashes_costs_one_file_alone(office, settings, old):
    office.does("crash")
    (old.parent / "zz.doc").write_bytes(b"{\\rtf1 " + TEXT.encode() + b"}")
    report = ingest_paths([old, old.parent / "zz.doc"], settings)
    assert [one.state for one in report.outcomes] == ["failed", "added"]
    assert "could not convert old report.doc" in report.outcomes[0].reason


def test_libreoffice_gets_no_more_memory_than_it_may(office, old):
    office.does("allocate")
    with pytest.raises(DocumentUnreadableError, match=f"more than {MEMORY_MB} MB of memory"):
        Converter(MEMORY_MB).convert(asking(old), Allowance(DEADLINE_S))


def test_libreoffice_does_not_outlive_who_started_it(office, old):
    office.does("hang")
    script = (
        "import sys; from pathlib import Path; from ingest.legacy import Allowance, Converter\n"
        "from ingest.messages import ToConvert\n"
        "asked = ToConvert('a.doc', '.doc', Path(sys.argv[1]).read_bytes())\n"
        "Converter().convert(asked, Allowance(600))\n"
    )
    command = [sys.executable, "-c", script, str(old)]
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(old.parent)}) as parent:
        until = time.monotonic() + DEADLINE_S
        while not (pids := _pids(office)):
            assert time.monotonic() < until
            time.sleep(0.02)
        parent.kill()
    until = time.monotonic() + DEADLINE_S
    while not all(map(gone, pids)) or list(old.parent.glob("rag-office-*")):
        assert time.monotonic() < until
        time.sleep(0.02)


def _pids(office: Office) -> list[int]:
    file = office.folder / "pids"
    found = [int(pid) for pid in file.read_text().split()] if file.exists() else []
    return found if len(found) == 2 else []


def test_libreoffice_that_hangs_is_ended_with_all_that_it_started(office, settings, old):
    office.does("hang")
    (old.parent / "zz.doc").write_bytes(b"{\\rtf1 " + TEXT.encode() + b"}")
    report = ingest_paths([old, old.parent / "zz.doc"], settings.override(parse_seconds=2.0))
    first, second = report.outcomes
    assert first.state == "failed"
    assert "took more than 2 seconds" in first.reason
    assert second.state == "added"  # RTF under an old name needs no conversion
    until = time.monotonic() + DEADLINE_S
    while not all(gone(int(pid)) for pid in (office.folder / "pids").read_text().split()):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_run_that_is_stopped_converts_no_more(office, old):
    converter = Converter()
    converter.stop()
    with pytest.raises(DocumentUnreadableError):
        converter.convert(asking(old), Allowance(60))
    assert not (office.folder / "told.json").exists()


@pytest.mark.parametrize("path", ["/nowhere", None], ids=["without", "with"])
def test_a_web_page_under_an_old_name_is_read_as_one(office, settings, old, monkeypatch, path):
    if path:
        monkeypatch.setenv("PATH", path)
    page = old.with_suffix(".xls")
    page.write_text(f"<html><body><p>{TEXT}</p><img src='http://127.0.0.1:9/'></body></html>")
    assert outcome(page, settings).state == "added"
    assert not (office.folder / "told.json").exists()  # which would have looked up the picture


def test_without_libreoffice_the_message_says_what_to_do(settings, old, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    reason = outcome(old, settings).reason
    assert "Install LibreOffice" in reason
    assert "save it as .docx" in reason


def message(**attached: bytes) -> bytes:
    """A message with files attached, in whose names ``_`` stands for a dot."""
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "a@a.example", "Files", "<1@a.example>"
    made.set_content("See the files.")
    for name, data in attached.items():
        made.add_attachment(
            data, maintype="application", subtype="x", filename=name.replace("_", ".")
        )
    return bytes(made)


def test_those_in_archives_and_attached_to_messages_are_converted(office, settings, old):
    inner = zipped({"deep/b.ppt": ole("PowerPoint Document")})
    archive = old.parent / "box.zip"
    archive.write_bytes(
        zipped({"a.doc": old.read_bytes(), "inner.zip": inner, "nameless": ole("WordDocument")})
    )
    mail = old.parent / "mail.eml"
    mail.write_bytes(message(old_doc=old.read_bytes(), box_zip=zipped({"c.doc": ole("Workbook")})))
    report = ingest_paths([archive, mail], settings)
    names = ("a.doc", "b.ppt", "nameless", "mail.eml")
    found = {Path(one.path).name: (one.state, one.reason) for one in report.outcomes}
    assert found == dict.fromkeys(names, ("added", ""))
    with Store(settings) as store:
        collection = store.get("default")
        texts = {
            record.name: [chunk.text for chunk in collection.chunks(record.id)]
            for record in collection.documents()
        }
    assert sum(TEXT in text for text in texts.pop("mail.eml")) == 2
    assert all(found == [TEXT] for found in texts.values()), texts


def test_all_in_one_message_have_the_time_of_one_file(office, settings, old):
    office.does("hang")
    mail = old.parent / "mail.eml"
    mail.write_bytes(message(a_doc=old.read_bytes(), b_doc=old.read_bytes() + b" "))
    start = time.monotonic()
    (found,) = ingest_paths([mail], settings.override(parse_seconds=2.0)).outcomes
    assert found.state == "added"  # the message itself is read
    assert "2 attached files were not read (a.doc, b.doc)" in found.reason
    first = (office.folder / "pids").read_text()
    assert time.monotonic() - start < DEADLINE_S
    with Store(settings) as store:
        (record,) = store.get("default").documents()
        text = "".join(chunk.text for chunk in store.get("default").chunks(record.id))
    assert "more than 2 seconds to convert b.doc and others in the same file" in text
    assert first == (office.folder / "pids").read_text()


def test_other_files_are_read_while_one_is_converted(office, old):
    office.does("wait")
    other = old.parent / "other.docx"
    other.write_bytes(DOCX)
    readers = Readers(LoadOptions(), Limits(seconds=DEADLINE_S, workers=2))
    try:
        turns = readers.turns([Task(str(path), (path,)) for path in (old, other)])
        first = next(turns)  # the other worker has begun with the other file
        (office.folder / "go").touch()
        assert list(first.read().parts())
        assert list(next(turns).read().parts())
    finally:
        readers.close()


def test_waiting_for_its_turn_takes_no_time_of_a_file(office, old, monkeypatch):
    monkeypatch.setattr(isolate, "_GRACE_S", 0.0)
    converter = Converter()
    worker = Worker(Limits(seconds=1.0), converter)
    try:
        with converter._turn, ThreadPoolExecutor(1) as thread:  # as if another were converted
            worker.ask(Job(old, LoadOptions(), load.FORMATS))
            answer = thread.submit(worker.answer)
            wait([answer], timeout=2.5)
            assert not answer.done(), answer.result()
            converter._turn.release()
            opened = answer.result(DEADLINE_S)
            converter._turn.acquire()
        assert isinstance(opened, Opened)
    finally:
        worker.stop()


def test_a_worker_that_was_taken_over_gets_nothing_converted_but_old_office_files(office):
    worker = Worker(Limits(seconds=DEADLINE_S), Converter())
    try:
        assert worker._convert(ToConvert("a", "/../../etc/passwd", b"")) is None
        assert worker._convert(ToConvert("a", ".doc", None)) is None  # type: ignore[arg-type]
        assert worker.is_alive
    finally:
        worker.stop()
    assert not (office.folder / "told.json").exists()


# --- with LibreOffice itself

REAL = DATA / "formats"
needs_office = pytest.mark.skipif(program() is None, reason="LibreOffice is not installed")
_WORD = re.compile(r"\w+")


def words(path: Path) -> Counter[str]:
    def convert(name: str, suffix: str, data: bytes) -> bytes:
        made = Converter().convert(ToConvert(name, suffix, data), Allowance(DEADLINE_S))
        with closing(made):
            return made.path.read_bytes()

    document = load_document(path, LoadOptions(convert=convert))
    return Counter(_WORD.findall("\n".join(page.text for page in document.pages).lower()))


def made_old(new: Path, ending: str, folder: Path) -> Path:
    """What LibreOffice saves a document as, asked by anybody."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [program(), profile, "--headless", "--convert-to", ending[1:], "--outdir", folder, new],
        check=True,
        capture_output=True,
        timeout=DEADLINE_S,
    )
    return folder / f"{new.stem}{ending}"


_LINKED = """<?xml version="1.0"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>Hello
<draw:frame svg:width="3cm" svg:height="3cm" text:anchor-type="as-char"><draw:image
 xlink:href="{address}/picture.png" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/>
</draw:frame></text:p></office:text></office:body></office:document>"""


@needs_office
def test_no_linked_picture_is_fetched(tmp_path):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            (tmp_path / "linked.fodt").write_text(_LINKED.format(address=address))
            old = made_old(tmp_path / "linked.fodt", ".doc", tmp_path)
            assert asked  # it would be
            asked.clear()
            assert words(old)["hello"] == 1
            assert asked == []
        finally:
            server.shutdown()
            thread.join()


@needs_data
@needs_office
def test_a_workbook_of_excel_97():
    text = words(REAL / "markitdown" / "test.xls")
    for cell in ("6ff4173b", "affc7dad", "9b5d", "51e65d8a8ad0"):
        assert text[cell] == 1, cell


@needs_data
@needs_office
@pytest.mark.parametrize(
    ("name", "ending"),
    [("docx/sources/word_sample.docx", ".doc"), ("pptx/sources/powerpoint_sample.pptx", ".ppt")],
)
def test_what_libreoffice_makes_of_its_own_old_files(tmp_path, name, ending):
    new = REAL / "docling" / name
    found, wanted = words(made_old(new, ending, tmp_path)), words(new)
    assert (found & wanted).total() >= 0.9 * wanted.total(), sorted((wanted - found).elements())
    assert (found & wanted).total() >= 0.9 * found.total(), sorted((found - wanted).elements())


@needs_data
@needs_office
def test_one_that_libreoffice_cannot_read(tmp_path, settings):
    (tmp_path / "broken.doc").write_bytes(OLE + bytes(5000))
    (tmp_path / "good.txt").write_text(TEXT)
    found = {Path(one.path).name: one for one in ingest_paths([tmp_path], settings).outcomes}
    assert found["broken.doc"].state == "failed"
    assert found["good.txt"].state == "added"
