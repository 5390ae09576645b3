"""Archives: their members are documents of their own, within limits, and never leave them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from embeddings_samples import settings_in
from format_samples import word, zipped
from ingest_samples import encrypt, simple_pdf

from ingest import ingest_paths, listing, load
from ingest.kept import failed_paths, left_out
from ingest.listing import list_archive
from ingest.load import LoadOptions, digest_file, read_file
from ingest.load import archive as archives
from ingest.load.member_names import right_encoding
from ingest.locate import locate_quote
from ingest.rehearse import rehearse
from ingest.text_estimate import tokens_in
from rag_app.errors import DocumentError, DocumentUnreadableError
from rag_app.store import Store
from rag_app.types import FileOutcome
from rag_app.types.archives import document_name, ending

PIKE = "The pike eats other fish of the lake."
ROSES = "# Garden\n\nRoses want sun in summer.\n"
OPTIONS = LoadOptions()


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "rag")


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


def tar(path: Path, mode: str, **texts: str) -> Path:
    with tarfile.open(path, f"w:{mode}") as archive:
        for name, text in texts.items():
            info = tarfile.TarInfo(f"folder/{name}.txt")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def states(report, folder):
    return {
        str(Path(one.path).relative_to(folder)): one.state
        for one in sorted(report.outcomes, key=lambda one: one.path)
    }


def reasons(path, options=OPTIONS):
    return {one.name: one.reason for one in list_archive(path, options).members if one.reason}


def test_members_are_documents_and_follow_the_archive(settings, docs):
    pdf = simple_pdf(docs / "x.pdf", "The warranty lasts 36 months.").read_bytes()
    (docs / "x.pdf").unlink()
    (docs / "roses.md").write_text(ROSES)
    inner = zipped({"fish.txt": PIKE, "__MACOSX/fish.txt": "no", ".git/fish.txt": "no"})
    parts = {"a/x.pdf": pdf, "same.md": ROSES, "inner.zip": inner, "y.bin": b"1"}
    box = docs / "box.zip"
    box.write_bytes(zipped(parts))
    tar(docs / "old.tar.gz", "gz", tools="A hammer and a saw.", wood="Oak and ash.")
    assert states(rehearse([docs], settings), docs) == (
        expected := {
            "box.zip/a/x.pdf": "added",
            "box.zip/inner.zip/fish.txt": "added",
            "box.zip/same.md": "duplicate",
            "box.zip/y.bin": "skipped",
            "old.tar.gz/folder/tools.txt": "added",
            "old.tar.gz/folder/wood.txt": "added",
            "roses.md": "added",
        }
    )
    assert states(ingest_paths([docs], settings), docs) == expected
    again = ingest_paths([docs], settings, sync=True)
    assert set(states(again, docs).values()) == {"unchanged", "skipped"}

    # A changed archive replaces, and what has gone from it is forgotten without --sync.
    del parts["inner.zip"]
    box.write_bytes(zipped(parts | {"a/x.pdf": simple_pdf(docs / "x.pdf", "Now 24.").read_bytes()}))
    (docs / "x.pdf").unlink()
    assert states(ingest_paths([box], settings), docs) == {
        "box.zip/a/x.pdf": "updated",
        "box.zip/inner.zip/fish.txt": "forgotten",
        "box.zip/same.md": "unchanged",
        "box.zip/y.bin": "skipped",
    }
    # A broken one keeps what it had, and one that is gone goes with --sync.
    good = box.read_bytes()
    box.write_bytes(good[:200])
    (docs / "old.tar.gz").unlink()
    broken = ingest_paths([docs], settings, sync=True)
    assert states(broken, docs) == {
        "box.zip": "failed",
        "old.tar.gz/folder/tools.txt": "forgotten",
        "old.tar.gz/folder/wood.txt": "forgotten",
        "roses.md": "unchanged",
    }
    with Store(settings) as store:
        assert {document_name(one) for one in store.get("default").paths()} == {
            *("roses.md", "box.zip/same.md", "box.zip/a/x.pdf")
        }
    # What failed is kept until it is mended.
    assert failed_paths(settings, "default") == ([str(box)], [])
    box.write_bytes(good)
    ingest_paths([box], settings)
    assert left_out(settings, "default") == []


def test_one_member_can_be_named_and_tried_again(settings, docs):
    locked = encrypt(simple_pdf(docs / "open.pdf", "Secret terms."), "key", docs / "locked.pdf")
    box = docs / "box.zip"
    box.write_bytes(zipped({"locked.pdf": locked.read_bytes(), "fish.txt": PIKE}))
    report = ingest_paths([box / "fish.txt", box / "none.txt"], settings)
    assert states(report, docs) == {"box.zip/fish.txt": "added", "box.zip/none.txt": "failed"}
    assert states(ingest_paths([box], settings), docs)["box.zip/locked.pdf"] == "failed"
    there, gone = failed_paths(settings, "default")
    assert (there, gone) == ([str(box / "locked.pdf")], [])
    report = ingest_paths(there, settings.override(pdf_password="key"))
    assert states(report, docs) == {"box.zip/locked.pdf": "added"}
    report = ingest_paths([box / "none.txt"], settings)
    assert "no such file in" in report.outcomes[0].reason


def test_an_unchanged_archive_is_not_opened_again(settings, docs, monkeypatch):
    (docs / "box.zip").write_bytes(zipped({"fish.txt": PIKE, "new.kind": "Text of a new kind."}))
    ingest_paths([docs], settings)
    with monkeypatch.context() as patch:
        patch.setattr("ingest.archives.Worker", None)
        assert states(ingest_paths([docs], settings), docs) == {
            "box.zip/fish.txt": "unchanged",
            "box.zip/new.kind": "skipped",
        }
    # Unless it has members that could not be read then, and can be today.
    row = load.Format("text/plain", (".kind",), "ingest.load.text")
    monkeypatch.setattr(load, "FORMATS", (*load.FORMATS, row))
    assert states(ingest_paths([docs], settings), docs)["box.zip/new.kind"] == "added"


def test_a_page_within_an_archive_is_drawn_with_its_quotation(docs):
    pdf = simple_pdf(docs / "x.pdf", "The warranty lasts 36 months.")
    box = docs / "box.zip"
    box.write_bytes(zipped({"in.zip": zipped({"x.pdf": pdf.read_bytes()})}))
    path, digest = box / "in.zip" / "x.pdf", digest_file(pdf, OPTIONS)
    png, found = locate_quote(path, 1, "warranty lasts", document_id=digest)
    assert found
    assert (png, found) == locate_quote(pdf, 1, "warranty lasts")
    box.write_bytes(zipped({"in.zip": zipped({"y.pdf": b""})}))
    with pytest.raises(DocumentError, match=r"no x\.pdf in in\.zip"):
        locate_quote(path, 1, "warranty lasts", document_id=digest)


def test_no_name_leads_out_and_no_link_is_followed(docs):
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(docs / "bad.zip", "w") as archive:
        for name in ("../../up.txt", "/etc/abs.txt", "C:\\win.txt", "a\\..\\..\\up.txt", "ok.txt"):
            archive.writestr(name, PIKE)
        archive.writestr(link, "/etc/passwd")
    found = reasons(docs / "bad.zip")
    assert {name for name, why in found.items() if "leads out" in why} == {
        *("up.txt", "etc/abs.txt", "C:/win.txt", "a/up.txt")
    }
    assert set(found) - {"link.txt"} == {"up.txt", "etc/abs.txt", "C:/win.txt", "a/up.txt"}
    assert "is a link" in found["link.txt"]
    with tarfile.open(docs / "bad.tar", "w") as archive:
        for name, kind in (
            *(("l.txt", tarfile.SYMTYPE), ("h.txt", tarfile.LNKTYPE)),
            *(("d.txt", tarfile.CHRTYPE), ("p.txt", tarfile.FIFOTYPE)),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("../up.txt"), io.BytesIO())
    found = reasons(docs / "bad.tar")
    assert ["link" in found[name] for name in ("l.txt", "h.txt", "d.txt", "p.txt")] == [
        *(True, True, False, False)
    ]
    assert "leads out" in found["up.txt"]
    with pytest.raises(DocumentError, match="is a link"):
        read_file(docs / "bad.tar" / "l.txt", OPTIONS)


def test_what_would_unpack_to_too_much_is_not_opened(docs, monkeypatch):
    monkeypatch.setattr(listing, "FREE_BYTES", 100_000)
    for name in ("zeros.zip", "zeros.tar.bz2"):
        (docs / "zeros.zip").write_bytes(zipped({"zeros.txt": b"0" * 10_000_000}))
        tar(docs / "zeros.tar.bz2", "bz2", zeros="0" * 10_000_000)
        with pytest.raises(DocumentUnreadableError, match="unpacks to more than"):
            list_archive(docs / name, OPTIONS)
    (docs / "outer.zip").write_bytes(zipped({"in.zip": (docs / "zeros.zip").read_bytes()}))
    with pytest.raises(DocumentUnreadableError, match="unpacks to more than"):
        list_archive(docs / "outer.zip", OPTIONS)
    large = reasons(docs / "zeros.zip", LoadOptions(max_bytes=5_000_000))
    assert "more than the limit of 5 MB" in large["zeros.txt"]
    (docs / "deep.zip").write_bytes(zipped({"b.zip": zipped({"c.zip": zipped({"d.txt": PIKE})})}))
    assert "an archive in an archive in an archive" in reasons(docs / "deep.zip")["b.zip/c.zip"]
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    (docs / "many.zip").write_bytes(zipped({f"{number}.txt": PIKE for number in range(5)}))
    with pytest.raises(DocumentUnreadableError, match="more than 3 files"):
        list_archive(docs / "many.zip", OPTIONS)


def test_broken_archives_and_members_say_so(docs):
    box = docs / "box.zip"
    box.write_bytes(zipped({"a.txt": PIKE * 50, "b.txt": ROSES, "none.txt": ""}))
    data = bytearray(box.read_bytes())
    data[60:70] = b"\xff" * 10
    box.write_bytes(data)
    assert "damaged" in reasons(box)["a.txt"]
    assert "0 bytes" in reasons(box)["none.txt"]
    with pytest.raises(DocumentError, match="damaged"):
        read_file(box / "a.txt", OPTIONS)
    assert read_file(box / "b.txt", OPTIONS).data == ROSES.encode()
    # Bit 0 of a member's flags says that it is encrypted.
    data = bytearray(zipped({"a.txt": PIKE}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    box.write_bytes(data)
    assert "protected by a password" in reasons(box)["a.txt"]
    for name, mode in (("a.tar", ""), ("a.tar.gz", "gz"), ("a.tar.xz", "xz")):
        whole = tar(docs / name, mode, first="One. " * 9000, second="Two. " * 9000).read_bytes()
        (docs / name).write_bytes(whole[: len(whole) * 2 // 3])
        found = list_archive(docs / name, OPTIONS)
        assert "damaged or cut off" in found.reason, name
        (docs / name).write_bytes(b"no archive")
        with pytest.raises(DocumentUnreadableError, match="not an archive"):
            list_archive(docs / name, OPTIONS)


def test_a_tar_that_goes_on_with_nonsense_is_not_taken_for_whole(docs):
    path = tar(docs / "a.tar", "", first="One.", second="Two.")
    data = bytearray(path.read_bytes())
    data[1024:1536] = b"\x07" * 512
    path.write_bytes(data)
    found = list_archive(path, OPTIONS)
    assert [one.name for one in found.members] == ["folder/first.txt"]
    assert "there may have been more" in found.reason


def test_a_document_that_is_called_an_archive_is_read_as_what_it_is(settings, docs):
    text = word("<w:p><w:r><w:t>The lake is deep.</w:t></w:r></w:p>")
    (docs / "letter.zip").write_bytes(text)
    (docs / "box.zip").write_bytes(zipped({"letter.zip": text}))
    report = ingest_paths([docs], settings)
    assert states(report, docs) == {"box.zip/letter.zip": "added", "letter.zip": "duplicate"} or (
        states(report, docs) == {"box.zip/letter.zip": "duplicate", "letter.zip": "added"}
    )


@pytest.mark.parametrize(
    ("name", "encoding", "decoded"),
    [
        ("Grüße.txt", "utf-8", "utf-8"),
        ("Grüße.txt", "cp437", "other"),
        ("Straße am Fluß.txt", "cp437", "other"),
        ("отчёт за год.txt", "cp866", "cp866"),
        ("日本語の報告書.txt", "cp932", "cp932"),
        ("中文报告.txt", "gb18030", "gb18030"),
        ("plain.txt", "ascii", "other"),
    ],
)
def test_names_in_other_encodings(name, encoding, decoded):
    assert right_encoding([name.encode(encoding)], "other") == decoded


def test_names_that_come_again_get_a_number(docs):
    with tarfile.open(docs / "a.tar", "w") as archive:
        for text in (b"One.", b"Two.", b"Three."):
            info = tarfile.TarInfo("same.txt")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    names = [one.name for one in list_archive(docs / "a.tar", OPTIONS).members]
    assert names == ["same.txt", "same (2).txt", "same (3).txt"]
    # Backwards, too, though a tar is read forwards.
    texts = [read_file(docs / "a.tar" / name, OPTIONS).data for name in reversed(names)]
    assert texts == [b"Three.", b"Two.", b"One."]


def test_names_of_documents_and_endings():
    assert document_name("/home/me/box.zip/a/in.tar.gz/x.pdf") == "box.zip/a/in.tar.gz/x.pdf"
    assert document_name("/home/me/box.zip") == "box.zip"
    assert [ending(Path(one)) for one in ("A.TAR.GZ", "a.gz", "b.tar.txt", "c.tar")] == [
        *(".tar.gz", ".gz", ".txt", ".tar")
    ]


def test_the_text_in_archives_counts_before_it_is_sent(docs):
    (docs / "box.zip").write_bytes(zipped({"fish.txt": PIKE * 100, "y.bin": b"1"}))
    files, tokens = tokens_in([docs], OPTIONS)
    assert files == 1
    assert tokens > 500


def test_the_pages_find_a_file_in_an_archive_and_keep_an_upload_by_its_members(docs):
    from rag_app.ui.documents_of import unchanged_file
    from rag_app.ui.upload_files import settle

    box = docs / "box.zip"
    box.write_bytes(zipped({"a/roses.md": ROSES}))
    (docs / "roses.md").write_text(ROSES)
    digest, member = digest_file(docs / "roses.md", OPTIONS), box / "a" / "roses.md"
    assert unchanged_file([str(box / "no.md"), str(member)], digest) == member
    assert unchanged_file([str(member)], "0" * 64) is None
    settle([box], [FileOutcome(str(member), "added"), FileOutcome(str(box / "b.md"), "failed")])
    assert box.exists()
    settle([box], [FileOutcome(str(member), "failed")])
    assert not box.exists()
