"""A GGUF model in this process, behind a server on loopback (the extra ``llamacpp``)."""

from __future__ import annotations

from pathlib import Path

from rag_app.errors import AnswerError, MissingExtraError
from rag_app.settings import Settings


def serve(model: str, settings: Settings) -> tuple[object, str]:
    """Loads a GGUF file.

    Returns:
        The server, which runs as long as it is referenced, and its OpenAI-compatible address.

    Raises:
        MissingExtraError: xllamacpp is not installed.
        AnswerError: The file is missing or is not a model.
    """
    path = Path(model).expanduser()
    if not path.is_file():
        raise AnswerError(f"There is no model file {path}. Correct llamacpp:/path/model.gguf.")
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise AnswerError(f"{path} is not a GGUF model. Name a file that llama.cpp can load.")
    try:
        import xllamacpp
    except ImportError as error:
        raise MissingExtraError(f"The model llamacpp:{model}", "llamacpp") from error
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = settings.llm_context_tokens
    parameters.n_parallel = 1
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0  # any free one
    parameters.ui = False
    parameters.offline = True
    parameters.verbosity = 0
    if settings.threads:
        parameters.cpuparams.n_threads = settings.threads
    try:
        server = xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise AnswerError(f"{path} cannot be loaded by llama.cpp: {error}") from error
    return server, f"{server.listening_address}/v1"
