"""``cross-encoder:NAME-OR-PATH``: a model that reads the question and a passage together.

Loaded by sentence-transformers from a folder, or from what its hub's cache on this machine holds:
no hub is asked. After Nogueira and Cho (2019), "Passage Re-ranking with BERT".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from rag_app.embeddings.transformer import quiet
from rag_app.embeddings.user_code import said
from rag_app.errors import RerankError
from rag_app.retrieval.rerank import Needs, ShouldStop
from rag_app.types import Hit

BATCH = 8


class CrossEncoderReranker:
    """A loaded ``CrossEncoder``."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - untyped library
        self._model = model
        self._lock = Lock()  # the tokenizer's truncation is a state that calls share

    def order(self, question: str, hits: Sequence[Hit], should_stop: ShouldStop) -> list[int]:
        """By falling score; passages are read in batches of like length."""
        texts = [passage_text(hit) for hit in hits]
        by_length = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        scores = np.zeros(len(texts))
        for first in range(0, len(texts), BATCH):
            batch = by_length[first : first + BATCH]
            with self._lock:
                if should_stop():
                    break
                given = self._model.predict(
                    [(question, texts[n]) for n in batch], batch_size=BATCH, show_progress_bar=False
                )
            scores[batch] = _checked(np.asarray(given, np.float64), len(batch))
        return sorted(range(len(texts)), key=lambda n: (-scores[n], n))


def load(needs: Needs) -> CrossEncoderReranker:
    """Loads the model; its library takes many seconds to import.

    Raises:
        RerankError: There is no such model on this machine, or it cannot be loaded.
    """
    name = needs.argument
    folder = Path(name).expanduser()
    if not name or (not folder.is_dir() and (name.count("/") > 1 or name[0] in "./~")):
        raise RerankError(
            f"There is no folder with a cross-encoder at '{name}'. Correct the path in the setting "
            "rerank, cross-encoder:/path/to/model, or leave the setting empty."
        )
    with quiet(needs.settings):
        from sentence_transformers import CrossEncoder

        try:
            model = CrossEncoder(
                str(folder) if folder.is_dir() else name, local_files_only=True, device="cpu"
            )
        except Exception as error:
            raise _missing(needs, error, there=folder.is_dir()) from error
    return CrossEncoderReranker(model)


def _missing(needs: Needs, error: Exception, *, there: bool) -> RerankError:
    if there:
        return RerankError(
            f"The folder {needs.argument} holds no cross-encoder that can be loaded "
            f"({said(error)}). Give the folder that one was saved to."
        )
    return RerankError(
        f"The cross-encoder '{needs.argument}' is not on this machine, and no hub is asked for it. "
        "Give the folder that it was saved to: cross-encoder:/path/to/model."
    )


def passage_text(hit: Hit) -> str:
    """A passage below its headings, as it was embedded."""
    chunk = hit.chunk
    above = [title for title in chunk.headings if not chunk.text.startswith(title)]
    return "\n".join([" > ".join(above), chunk.text]) if above else chunk.text


def _checked(scores: np.ndarray[Any, np.dtype[np.float64]], count: int) -> Any:  # noqa: ANN401
    if scores.shape != (count,):
        raise RerankError("the model gives several numbers for a passage, so it is no reranker")
    if not np.isfinite(scores).all():
        raise RerankError("the model gives scores that are no numbers")
    return scores
