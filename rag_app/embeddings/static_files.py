"""The model ``static:minilm``: made of the bundled one, once, and kept in the cache folder.

What is made, and how it was chosen, stands in ``static_distill.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rag_app.embeddings.child import run_script
from rag_app.embeddings.minilm_files import WEIGHTS_SHA256, check_weights, locked, model_folder
from rag_app.embeddings.static_distill import DIMENSION, RECIPE
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings

FINGERPRINT = hashlib.sha256(f"{WEIGHTS_SHA256} static {RECIPE} {DIMENSION}".encode()).hexdigest()
"""Of what it is made from and how: the last bits of its numbers depend on the machine."""
SECONDS = 600
_NOTE = "made.json"
_SCRIPT = Path(__file__).with_name("static_distill.py")


def distilled_folder(settings: Settings) -> Path:
    """Where the model lies, or will lie."""
    name = f"static-minilm-{WEIGHTS_SHA256[:12]}-{RECIPE}-{DIMENSION}"
    return settings.cache / "models" / name


def is_distilled(folder: Path) -> bool:
    """Whether ``folder`` holds the whole model."""
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in note["bytes"]}
        return note["fingerprint"] == FINGERPRINT and bool(sizes) and sizes == note["bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def ensure_distilled(settings: Settings, echo: Callable[[str], None]) -> Path:
    """The model's folder, made now if need be; safe with several processes at once.

    Args:
        settings: ``cache`` is the folder.
        echo: Told what is going on, in one sentence, before anything slow.

    Raises:
        EmbeddingError: The bundled model is missing or damaged, or the folder cannot be written.
    """
    folder = distilled_folder(settings)
    if is_distilled(folder):
        return folder
    with locked(folder):
        if not is_distilled(folder):  # another process may have made it meanwhile
            echo(
                "Distilling a static model from the bundled embedding model, once: about half a "
                "minute."
            )
            _make(folder)
    return folder


def _make(folder: Path) -> None:
    source = model_folder()
    check_weights(source / "model.safetensors")
    with TemporaryDirectory(dir=folder.parent, prefix=".distil-") as drafts:
        draft = Path(drafts) / folder.name
        run_script(
            _SCRIPT,
            source,
            draft,
            seconds=SECONDS,
            what="Distilling the static model",
            failed="The static model could not be distilled",
        )
        sizes = {file.name: file.stat().st_size for file in draft.iterdir()}
        note = {"fingerprint": FINGERPRINT, "bytes": sizes}
        (draft / _NOTE).write_text(json.dumps(note), encoding="utf-8")
        if folder.exists():  # what is there is not whole
            folder.rename(Path(drafts) / "old")
        try:
            draft.rename(folder)
        except OSError as error:
            raise EmbeddingError(
                f"The static model cannot be moved to {folder} ({error.strerror or error}). "
                "Set RAG_CACHE to another folder."
            ) from error
