"""OpenAI-compatible servers: what is sent, and what is said when they fail. All on loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import numpy as np
import pytest
from embeddings_samples import json_server, vectors_answer

from rag_app.embeddings import embeddings_for, list_models, load_embeddings
from rag_app.embeddings.estimate import cut, estimate_tokens
from rag_app.errors import EmbeddingError, EmbeddingMismatchError, MissingKeyError, UsageError
from rag_app.settings import load_settings


@pytest.fixture
def settings(tmp_path):
    return load_settings({"home": tmp_path, "cache": tmp_path}, environ={})


def answering(dimension, requests=None, key="right"):
    def reply(body, given):
        if requests is not None:
            requests.append(body)
        if given != key:
            message = "Incorrect API key provided: sk-123"
            return 401, {"error": {"message": message, "code": "invalid_api_key"}}
        return 200, vectors_answer(body["input"], body.get("dimensions", dimension))

    return reply


def with_server(settings, address, **more):
    return settings.override(embedding_base_url=address, openai_api_key="right", **more)


def test_strings_are_sent_and_vectors_are_scaled_to_length_1(settings):
    requests = []
    with json_server(answering(5, requests)) as address:
        model = load_embeddings("openai:m", with_server(settings, address))
        assert requests == []  # loading sends nothing
        vectors = model.encode_documents(["a", "bbb"])
        model.close()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors[1, 0] > vectors[0, 0]
    assert requests[0]["input"] == ["dimension"]
    assert requests[1]["input"] == ["a", "bbb"]
    assert requests[1]["model"] == "m"
    assert "dimensions" not in requests[1]


def test_dimensions_option_is_sent_and_needs_no_probe(settings):
    requests = []
    with json_server(answering(5, requests)) as address:
        model = load_embeddings("openai:m?dimensions=3", with_server(settings, address))
        assert model.identity.dimension == 3
        assert requests == []
        assert model.encode_documents(["a"]).shape == (1, 3)
        model.close()
    assert requests[0]["dimensions"] == 3


def test_many_texts_go_in_several_requests_in_order(settings):
    requests = []
    texts = ["x" * number for number in range(1, 301)]
    with json_server(answering(4, requests)) as address:
        model = load_embeddings("openai:m?dimensions=4", with_server(settings, address))
        vectors = model.encode_documents(texts)
        model.close()
    assert len(requests) == 3
    assert (np.diff(vectors[:, 0]) > 0).all()


def test_text_beyond_the_limit_is_cut(settings):
    requests = []
    with json_server(answering(4, requests)) as address:
        spec = "openai:m?dimensions=4&max_tokens=50"
        model = load_embeddings(spec, with_server(settings, address))
        model.encode_documents(["word " * 1000, "short"])
        model.close()
    long, short = requests[0]["input"]
    assert 100 < len(long) < 300
    assert short == "short"


def test_known_models_need_no_request(settings):
    settings = settings.override(openai_api_key="sk-x")
    for name, dimension in (("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072)):
        model = load_embeddings(f"openai:{name}", settings)
        assert model.identity.dimension == dimension
        assert model.destination == "api.openai.com"
        model.close()


def test_identity_tells_address_and_model_apart(settings):
    def identity(spec, **more):
        model = load_embeddings(spec, settings.override(openai_api_key="k", **more))
        model.close()
        return model.identity.fingerprint

    a = identity("openai:m?dimensions=3")
    assert a == identity("openai:m?dimensions=3")
    assert a != identity("openai:n?dimensions=3")
    assert a != identity("openai:m?dimensions=4")
    assert a != identity("openai:m?dimensions=3", openai_base_url="http://127.0.0.1:9/v1")


def test_missing_key(settings):
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        load_embeddings("openai:text-embedding-3-small", settings)


def test_a_local_server_needs_no_key(settings):
    with json_server(answering(4, key="none")) as address:
        model = load_embeddings("openai:m", settings.override(embedding_base_url=address))
        assert model.encode_query("q").shape == (4,)
        model.close()


def test_wrong_key(settings):
    with json_server(answering(4)) as address:
        settings = with_server(settings, address).override(openai_api_key="wrong")
        model = load_embeddings("openai:m", settings)
        with pytest.raises(EmbeddingError, match="refused the key") as caught:
            model.encode_documents(["a"])
        model.close()
    assert "OPENAI_API_KEY" in str(caught.value)
    assert "sk-123" not in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_server_down(settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    model = load_embeddings("openai:m", with_server(settings, address))
    with pytest.raises(EmbeddingError, match="cannot be reached") as caught:
        model.encode_query("q")
    model.close()
    assert address in str(caught.value)
    assert "RAG_EMBEDDING_BASE_URL" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "refused the text"), (403, "does not let"), (404, "has no model 'openai:m")],
)
def test_refusals(settings, status, words):
    with json_server(lambda *_: (status, {"error": {"message": "nope"}})) as address:
        model = load_embeddings("openai:m?dimensions=3", with_server(settings, address))
        with pytest.raises(EmbeddingError, match=words):
            model.encode_documents(["a"])
        model.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"object": "list", "data": []},
        {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": "!"}],
        },
        {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": None}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0]}]},
    ],
)
def test_nonsense_is_an_error_in_a_sentence(settings, answer):
    with json_server(lambda *_: (200, answer)) as address:
        model = load_embeddings("openai:m?dimensions=3", with_server(settings, address))
        with pytest.raises(EmbeddingError, match="embedding server"):
            model.encode_documents(["a"])
        model.close()


def test_a_model_that_changes_behind_its_name(settings):
    sizes = iter([4, 4, 6, 6, 6, 6])
    with json_server(lambda body, _: (200, vectors_answer(body["input"], next(sizes)))) as address:
        settings = with_server(settings, address, embedding="openai:m")
        model = load_embeddings("openai:m", settings)
        assert model.encode_documents(["a"]).shape == (1, 4)
        with pytest.raises(EmbeddingError, match="may have changed"):
            model.encode_documents(["a"])
        with pytest.raises(
            EmbeddingMismatchError, match=r"no longer the one.*dimension 4 there, 6"
        ):
            embeddings_for(settings, model.identity)
        model.close()


def test_options_are_checked(settings):
    settings = settings.override(openai_api_key="k")
    for spec in ("openai:m?size=3", "openai:m?dimensions=none", "openai:m?max_tokens=0", "openai:"):
        with pytest.raises(UsageError):
            load_embeddings(spec, settings)


def test_what_can_be_used(settings):
    def rows(settings):
        return [row for row in list_models(settings) if row.spec.startswith("openai")]

    assert {row.state for row in rows(settings)} == {"needs key OPENAI_API_KEY"}
    assert {row.state for row in rows(settings.override(openai_api_key="k"))} == {"ready"}
    local = rows(settings.override(openai_base_url="http://localhost:9/v1"))
    assert [(row.spec, row.state, row.destination) for row in local] == [
        ("openai:NAME", "ready", None)
    ]
    remote = rows(settings.override(openai_base_url="https://models.example.com/v1"))
    assert remote[0].destination == "models.example.com"


def test_tiktoken_never_fetches(settings, tmp_path):
    """Every socket but the server's is cut off; an attempt to fetch would fail the call."""
    code = """
import os, socket, sys
os.environ["TIKTOKEN_CACHE_DIR"] = sys.argv[2]
port = int(sys.argv[1])
connect = socket.socket.connect
def only_ours(self, address):
    if address[1] != port:
        raise SystemExit(f"tried {address}")
    return connect(self, address)
socket.socket.connect = only_ours
from rag_app.embeddings import load_embeddings
from rag_app.settings import load_settings
flags = {"home": sys.argv[2], "embedding_base_url": f"http://127.0.0.1:{port}/v1"}
model = load_embeddings("openai:text-embedding-3-small", load_settings(flags, environ={}))
model.count_tokens(["some text"] * 3)
print(model.encode_documents(["some text"]).shape)
model.close()
"""
    with json_server(answering(1536, key="none")) as address:
        port = address.split(":")[2].removesuffix("/v1")
        done = subprocess.run(
            [sys.executable, "-c", code, port, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.strip() == "(1, 1536)", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_estimate_is_seldom_too_low(settings):
    # What cl100k_base makes of these, counted elsewhere.
    real = {
        "The quick brown fox jumps over the lazy dog.": 10,
        "Net sales were $32,765 million in 2018.": 11,
        "antidisestablishmentarianism": 6,
        "": 0,
    }
    for text, tokens in real.items():
        assert tokens <= estimate_tokens(text) <= 2 * tokens
    assert estimate_tokens("保修期为两年。") >= 7
    assert estimate_tokens("🙂🙂") >= 4


def test_cut_is_the_longest_fitting_beginning():
    text = "alpha beta gamma, delta 保修 🙂 " * 20
    for limit in (1, 7, 50):
        start = cut(text, limit)
        assert text.startswith(start)
        assert estimate_tokens(start) <= limit
    assert cut("short", 50) == "short"
    assert json.loads(json.dumps(cut("\ud800" * 100, 3)))
