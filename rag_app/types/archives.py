"""Names of archives, and of the documents in them: ``archive.zip/folder/inside.pdf``."""

from __future__ import annotations

from pathlib import PurePath

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ZIP_SUFFIXES = (".zip",)
_SUFFIXES = ZIP_SUFFIXES + TAR_SUFFIXES
_COMPRESSED_TAR = ".tar"


def is_archive(name: str) -> bool:
    """Whether a file of this name is an archive whose members are documents of their own."""
    return name.lower().endswith(_SUFFIXES)


def is_web_address(source: str) -> bool:
    """Whether a document came from the web, so that no file is where it is cited."""
    return source.startswith(("http://", "https://"))


def ending(path: PurePath) -> str:
    """The ending of a file's name in lower case, ``.tar.gz`` as one."""
    suffix = path.suffix.lower()
    inner = PurePath(path.stem).suffix.lower()
    return inner + suffix if inner == _COMPRESSED_TAR and is_archive(path.name) else suffix


def document_name(source: str) -> str:
    """What a document is called: the file's name, or its archive's and the way within that."""
    parts = PurePath(source).parts
    for number, part in enumerate(parts[:-1]):
        if is_archive(part):
            return "/".join(parts[number:])
    return parts[-1] if parts else ""
