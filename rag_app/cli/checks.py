"""The checks of ``rag doctor``. Each looks at one thing and never raises what it can explain."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from rag_app.cli import servers
from rag_app.errors import RagError
from rag_app.settings import Settings

LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        name: What was looked at.
        ok: Whether it is in order.
        detail: How it is, or what is wrong and what to do.
    """

    name: str
    ok: bool
    detail: str


def examine_installation() -> Iterator[Finding]:
    """Checks Python and the packages, which need no settings."""
    found = platform.python_version()
    enough = sys.version_info >= (3, 11)
    yield Finding("Python", enough, found if enough else f"{found}; install Python 3.11 or newer.")
    wrong = list(_wrong_packages())
    yield Finding(
        "packages",
        not wrong,
        f"{'; '.join(wrong)}. Install them again with: make install (or pip install rag-app)"
        if wrong
        else "all there",
    )


def examine(settings: Settings) -> Iterator[Finding]:
    """Checks folders, models, collections and the servers that ``settings`` name."""
    yield _folder("home folder", settings.home)
    yield _folder("cache folder", settings.cache)
    yield _explained("embedding model", lambda: _embedding(settings))
    if url := settings.chroma_url:
        yield _explained("Chroma server", lambda: servers.chroma_server(url))
    yield from _collections(settings)
    yield _explained("answerer", lambda: _answerer(settings))
    if address := _loopback_llm(settings):
        yield _explained("language model", lambda: servers.language_model(address, _key(settings)))
    if settings.reader == "on":
        yield _explained("reader", lambda: _reader(settings))
    if settings.rerank:
        yield _explained("reranker", lambda: _reranker(settings))


def _wrong_packages() -> Iterator[str]:
    from packaging.requirements import Requirement

    for text in requires("rag-app") or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield f"{requirement.name} is missing"
        else:
            if not requirement.specifier.contains(found, prereleases=True):
                yield f"{requirement.name} is {found}, not {requirement.specifier}"


def _folder(name: str, path: Path) -> Finding:
    """Checks a folder without making it: it, or the nearest one above, must be writable."""
    try:
        existing = next(folder for folder in (path, *path.parents) if folder.exists())
        if not existing.is_dir():
            return Finding(name, ok=False, detail=f"{existing} is not a folder. Move it away.")
        # Asked for its rights, a folder such as /proc says that it can be written.
        tempfile.TemporaryFile(dir=existing).close()
        free = shutil.disk_usage(existing).free // 1_000_000
    except OSError as error:
        detail = f"{path} cannot be written ({error.strerror}). Change its rights, or name another."
        return Finding(name, ok=False, detail=detail)
    if free < LEAST_FREE_MB:
        detail = f"{path} has {free} MB left. Make room, or name another folder."
        return Finding(name, ok=False, detail=detail)
    return Finding(name, ok=True, detail=f"{path} ({free / 1000:.1f} GB free)")


def _explained(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, ok=True, detail=look())
    except (RagError, OSError) as error:
        return Finding(name, ok=False, detail=str(error))


def _embedding(settings: Settings) -> str:
    """The bundled model is looked at in any case: new collections and the tests rest on it."""
    from rag_app.embeddings import load_embeddings

    # Loading checks packages, keys, and the weights against their published SHA-256.
    spec = "minilm" if settings.embedding == "auto" else settings.embedding
    identity = load_embeddings(spec, settings).identity
    return f"{identity.spec} is ready ({identity.dimension} dimensions)"


def _reader(settings: Settings) -> str:
    from rag_app.answering.reader import load_reader

    load_reader(settings)
    return "ready"


def _collections(settings: Settings) -> Iterator[Finding]:
    from rag_app.store import Store

    try:
        with Store(settings) as store:
            number, problems = len(store.collections()), store.check()
    except (RagError, OSError) as error:
        problems, number = [str(error)], 0
    for problem in problems:
        yield Finding("collections", ok=False, detail=problem)
    if not problems:
        detail = f"{number} found, catalog and indexes agree" if number else "none yet"
        yield Finding("collections", ok=True, detail=detail)


def _answerer(settings: Settings) -> str:
    from rag_app.answering.chat_model import EXTRACTIVE, llm_destination, load_chat_model

    if settings.llm == EXTRACTIVE:
        return "extractive (no language model)"
    # Loading checks packages and keys; nothing is sent before the first question.
    load_chat_model(settings)
    destination = llm_destination(settings)
    return f"{settings.llm}; " + (f"text goes to {destination}" if destination else "stays here")


def _reranker(settings: Settings) -> str:
    from rag_app.answering.steps import steps_destination
    from rag_app.retrieval.rerank import load_reranker

    load_reranker(settings, None)
    destination = steps_destination(settings)
    return f"{settings.rerank}; " + (f"text goes to {destination}" if destination else "stays here")


def _loopback_llm(settings: Settings) -> str | None:
    """The address of a language model on this machine, if one is set."""
    from rag_app.answering.chat_model import OLLAMA_URL, llm_destination

    provider = settings.llm.partition(":")[0]
    try:
        local = provider in _ADDRESSES and llm_destination(settings) is None
    except RagError:
        return None  # the check of the answerer has said why
    if not local:
        return None
    address = (settings.llm_base_url or _ADDRESSES[provider](settings) or OLLAMA_URL).rstrip("/")
    # As the chat model does, for an address of Ollama's own.
    return address if provider != "ollama" or address.endswith("/v1") else f"{address}/v1"


def _key(settings: Settings) -> str:
    secret = settings.openai_api_key
    return secret.get_secret_value() if secret and settings.llm.startswith("openai:") else ""


_ADDRESSES: dict[str, Callable[[Settings], str | None]] = {
    "openai": lambda settings: settings.openai_base_url,
    "ollama": lambda _settings: None,
}
