"""Static models for tests: the distilled one, made once for all test runs, and tiny saved ones."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rag_app.embeddings.static_files import distilled_folder, ensure_distilled, is_distilled
from rag_app.settings import Settings

WORDS = ("<unk>", "pump", "filter", "warranty", "two", "years", "word")


def distilled_cache(folder: Path) -> Path:
    """A cache folder that holds the distilled model; distilling takes half a minute, once."""
    own = Path(tempfile.gettempdir()) / f"rag-app-tests-{os.getuid()}"
    shared = Settings()
    if not is_distilled(distilled_folder(shared)):
        shared = Settings(cache=own)
        ensure_distilled(shared, lambda _: None)
    source = distilled_folder(shared)
    (folder / "models").mkdir(parents=True, exist_ok=True)
    target = folder / "models" / source.name
    if not target.exists():
        target.symlink_to(source)
    return folder


def save_static(folder: Path, seed: int = 1, clusters: int | None = None) -> Path:
    """Saves a model of whole words with model2vec itself; with ``clusters`` they share vectors."""
    import numpy as np
    from model2vec.persistence.persistence import save_pretrained
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    random = np.random.default_rng(seed)
    shared: dict[str, np.ndarray] = {}
    if clusters:
        shared = {
            "weights": random.uniform(0.5, 1, len(WORDS)),
            "mapping": np.arange(len(WORDS)) % clusters,
        }
    vectors = random.normal(size=(clusters or len(WORDS), 16)).astype(np.float32)
    config = {"model_type": "model2vec", "normalize": True}
    save_pretrained(folder, vectors, tokenizer, config, create_model_card=False, **shared)
    return folder
