"""Documents from a list of web addresses, fetched from a real server on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cli_samples import Cli, one_sentence
from embeddings_samples import settings_in
from format_samples import word, zipped
from ingest_samples import simple_pdf

from ingest import ingest_paths
from ingest.fetch import Limits, fetch
from ingest.kept import failed_addresses, failed_paths, left_out
from ingest.load.sniff import OLE
from ingest.web import fetched, ingest_fetched, read_list
from rag_app.errors import DocumentUnreadableError, UsageError
from rag_app.store import Store

HTML = b"<!doctype html><html><body><p>The Heron pump lifts 55 litres.</p></body></html>"


class Site:
    """A server: path to status, headers and body; what was asked for is noted."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.address = ""
        self.step, self.pause_s, self.gone = 1 << 20, 0.0, threading.Event()

    def put(self, path: str, body: bytes, kind: str = "", status: int = 200) -> str:
        self.pages[path] = (status, {"Content-Type": kind} if kind else {}, body)
        return self.address + path

    def redirect(self, path: str, target: str) -> str:
        self.pages[path] = (302, {"Location": target}, b"")
        return self.address + path


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            site.asked.append(self.path)
            status, headers, body = site.pages.get(self.path, (404, {}, b"none"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            for first in range(0, len(body), site.step):
                self.wfile.write(body[first : first + site.step])
                site.gone.wait(site.pause_s)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        site.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site():
    with serving(Site()) as running:
        yield running


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "rag")


def run(addresses, settings):
    with fetched(addresses, settings, lambda: False) as found:
        report = ingest_fetched(found, settings)
    return {one.path: one for one in report.outcomes}


def stored(settings):
    with Store(settings) as store:
        assert store.check() == []
        collection = store.get("default")
        return {record.sources: collection.chunks(record.id) for record in collection.documents()}


def test_documents_are_cited_under_their_addresses(site, settings, tmp_path):
    page = site.put("/pumps/guide.html?v=2", HTML, "text/html; charset=utf-8")
    report = site.put("/report", simple_pdf(tmp_path / "a.pdf", "The warranty.").read_bytes())
    paper = site.put("/get.php", word("<w:p><w:r><w:t>Terms of sale.</w:t></w:r></w:p>"))
    note = site.put("/note.md", b"# Note\n\nIt lifts.", "text/plain")
    moved = site.redirect("/old", "/note2")
    site.put("/note2", b"A plain note.", "application/octet-stream")
    addresses = [page, report, paper, note, moved]
    assert {one.state for one in run(addresses, settings).values()} == {"added"}
    held = stored(settings)
    assert set(held) == {(one,) for one in addresses}
    assert held[(page,)][0].text == "The Heron pump lifts 55 litres."
    assert held[(report,)][0].page == 1
    assert {one.state for one in run(addresses, settings).values()} == {"unchanged"}
    site.put("/note.md", b"# Note\n\nIt lifts more.", "text/plain")
    assert run([note], settings)[note].state == "updated"
    assert "lifts more" in stored(settings)[(note,)][0].text
    assert list((settings.home / "downloads").iterdir()) == []


def test_one_content_at_two_addresses_and_in_a_file(site, settings, tmp_path):
    one, two = site.put("/a.txt", b"The same words."), site.put("/b.txt", b"The same words.")
    found = run([one, two], settings)
    assert (found[one].state, found[two].state) == ("added", "duplicate")
    assert found[two].reason == f"The same content as {one}."
    (tmp_path / "c.txt").write_bytes(b"The same words.")
    (outcome,) = ingest_paths([tmp_path / "c.txt"], settings).outcomes
    assert outcome.reason == f"The same content as {one}."
    assert set(stored(settings)) == {(one, two, str(tmp_path / "c.txt"))}


def test_what_is_not_fetched_is_told_each_with_its_reason(site, settings):
    port = site.address.rpartition(":")[2]
    site.put("/secret", b"Internal words.")
    wanted = {
        site.address + "/none": "answers 404",
        site.put("/big.txt", b"x" * 2_000_000): "limit of 1 MB",
        site.put("/empty", b""): "is empty",
        site.put("/box", zipped({"a.txt": "a"})): "is an archive",
        site.redirect("/private", f"http://localhost:{port}/secret"): "an address of this network",
        site.redirect("/metadata", "http://169.254.169.254/latest"): "an address of this network",
        site.redirect("/file", "file:///etc/passwd"): "leads to file:///etc/passwd",
        site.redirect("/loop", "/loop"): "more than 5 times",
        "ftp://127.0.0.1/a.txt": "is no web address",
        "no address": "is no web address",
        "http://127.0.0.1:1/": "cannot be fetched",
    }
    good = site.put("/good.txt", b"Good words.")
    found = run([*wanted, good], settings.override(max_file_mb=1.0))
    assert found.keys() == {*wanted, good}
    assert found.pop(good).state == "added"
    for address, said in wanted.items():
        assert said in found[address].reason
        assert found[address].state == ("skipped" if "empty" in said else "failed")
        assert "\n" not in found[address].reason
    assert "/secret" not in site.asked  # not even asked for
    # They are kept under their addresses, to be fetched once more.
    failed = [path for path in found if "://" in path and found[path].state == "failed"]
    failed = sorted(path for path in failed if not path.startswith("ftp"))
    assert failed_addresses(settings, "default") == failed
    assert failed_paths(settings, "default") == ([], [])


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(site, tmp_path):
    site.step, site.pause_s = 1, 0.05
    address = site.put("/slow.txt", b"x" * 2000)  # all of it would take 100 seconds
    start = time.monotonic()
    with pytest.raises(DocumentUnreadableError, match=r"not there after 0\.5 seconds"):
        fetch(address, tmp_path, Limits(10_000, 0.5), lambda: False)
    assert time.monotonic() - start < 60


def test_a_password_in_an_address_is_not_kept(site, settings):
    site.put("/a.txt", b"Words behind a password.")
    (path,) = run([site.address.replace("//", "//me:secret@") + "/a.txt"], settings)
    assert "secret" not in path
    assert set(stored(settings)) == {(path,)}


def test_a_run_that_was_killed_before_the_address_was_noted(site, settings):
    address = site.put("/a.txt", b"Words of a page.")
    with fetched([address], settings, lambda: False) as found:
        ingest_paths(list(found.addresses), settings)
    assert run([address], settings)[address].state == "added"
    assert set(stored(settings)) == {(address,)}


@pytest.mark.parametrize("text", ["# nothing\n\n", None])
def test_a_list_without_addresses(tmp_path, text):
    if text is not None:
        (tmp_path / "list.txt").write_text(text)
    with pytest.raises(UsageError, match=r"list\.txt"):
        read_list(tmp_path / "list.txt")


def test_the_command_asks_for_the_network_to_be_allowed(site, tmp_path):
    cli = Cli(tmp_path)
    address = site.put("/guide", HTML)
    (tmp_path / "list.txt").write_text(f"# ours\n{address}\n\n{address}\n")
    refused = cli.ingest("--urls", "list.txt")
    assert refused.returncode == 2
    assert "--allow-network" in refused.stderr
    assert one_sentence(refused.stderr)
    assert site.asked == []
    both = cli.ingest("--urls", "list.txt", "--allow-network", "--sync")
    assert "Leave out --sync" in both.stderr
    done = cli.ingest("--urls", "list.txt", "--allow-network")
    assert done.returncode == 0, done.stderr
    asked = cli.json("ask", "How much does the Heron pump lift?")
    assert address in str(asked)
    assert Path(tmp_path / "home" / "downloads").is_dir()


def test_addresses_that_failed_are_fetched_again(site, settings, tmp_path):
    late = f"{site.address}/late"
    assert run([late], settings)[late].state == "failed"
    cli = Cli(tmp_path / "rag")
    waits = cli.ingest("--retry-failed")
    assert waits.returncode == 2
    assert "1 web address failed before" in waits.stderr
    assert site.asked == ["/late"]
    site.put("/late", HTML)
    done = cli.ingest("--retry-failed", "--allow-network")
    assert done.returncode == 0, done.stderr
    assert {path for paths in stored(settings) for path in paths} == {late}
    assert left_out(settings, "default") == []
    assert "No web address" in cli.ingest("--retry-failed", "--allow-network").stderr


@pytest.mark.parametrize(
    ("body", "path", "kind", "suffix"),
    [
        (OLE, "/sheet.xls", "", ".xls"),
        (OLE, "/mail.msg", "", ".msg"),
        (OLE, "/download?id=7", "", ".doc"),
        (OLE, "/prices.csv", "text/csv", ".doc"),
        (zipped({"word/document.xml": b""}), "/report.pdf", "application/pdf", ".docx"),
        (b"II*\0", "/scan", "", ".tif"),
        (b"a;b\n1;2", "/prices.csv", "text/plain", ".csv"),
        (b"a,b", "/export", "text/csv; charset=utf-8", ".csv"),
        (b"words", "/download", "", ".txt"),
    ],
)
def test_a_file_is_named_for_what_it_holds(site, tmp_path, body, path, kind, suffix):
    address = site.put(path, body, kind)
    assert fetch(address, tmp_path, Limits(1000), lambda: False).suffix == suffix
