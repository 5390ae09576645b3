"""Models that can be tuned: the bundled one and any that sentence-transformers runs."""

from __future__ import annotations

from rag_app.embeddings import load_embeddings, parse_spec
from rag_app.embeddings.minilm import MiniLM
from rag_app.embeddings.minilm_files import model_folder
from rag_app.embeddings.transformer import Transformer
from rag_app.errors import UsageError
from rag_app.settings import Settings

BUNDLED = "minilm"
TUNABLE = (BUNDLED, "sentence-transformers", "transformers")


def check_base(spec: str) -> None:
    """Checks that a model of this kind can be tuned.

    Raises:
        UsageError: It cannot, or it has no such option.
    """
    parsed = parse_spec(spec)
    if parsed.provider == BUNDLED:
        parsed.allow("precision")
    if parsed.provider not in TUNABLE:
        raise UsageError(
            f"'{spec}' cannot be tuned. Those that can are {BUNDLED}, sentence-transformers:NAME "
            "and transformers:NAME, whose weights lie on this machine."
        )


def open_base(spec: str, settings: Settings) -> Transformer:
    """Loads the model that is to be tuned, on a GPU where torch sees one.

    The bundled one is read from its published weights in full precision: the copy that computes
    with 8-bit integers cannot learn.

    Raises:
        UsageError: It cannot be tuned.
        EmbeddingError: It cannot be loaded.
    """
    check_base(spec)
    parsed = parse_spec(spec)
    bundled = parsed.provider == BUNDLED
    base = load_embeddings(f"sentence-transformers:{model_folder()}" if bundled else spec, settings)
    if not isinstance(base, Transformer):
        raise UsageError(f"'{spec}' cannot be tuned: it is no sentence transformer.")
    if bundled:
        base.languages = MiniLM.languages
    base.model.float()  # 16-bit weights would swallow steps as small as these
    return base
