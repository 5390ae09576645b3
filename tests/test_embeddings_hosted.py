"""Hosted models: what is sent, how often it is tried, and what is said when a service fails.

Cohere, Google, Hugging Face, Ollama and Voyage are fakes on loopback (tests/service_server.py),
because the real ones need a network and a key; their clients are the real ones. A real model
behind a real embedding server is in test_embeddings_contract.py (llama.cpp's).
"""

from __future__ import annotations

import socket
import time
from importlib.util import find_spec

import numpy as np
import pytest
from service_server import DIMENSION, NOTHING, Reply, embedding_service

from rag_app.embeddings import (
    hosted_clients,
    hosted_model,
    list_models,
    load_embeddings,
    parse_spec,
)
from rag_app.embeddings.cost import PER_MILLION_USD, cost_of, estimate
from rag_app.embeddings.faults import Kind, fault_of
from rag_app.embeddings.hosted import SERVICES
from rag_app.embeddings.providers import PROVIDERS
from rag_app.embeddings.retry import Pace, Retry
from rag_app.errors import EmbeddingError, MissingKeyError, UsageError
from rag_app.settings import KEY_VARIABLES, load_settings

PROTOCOLS = ["cohere", "google", "huggingface", "ollama", "voyage"]
SECRET = "sk-very-secret"


@pytest.fixture
def settings(tmp_path):
    keys = {name: SECRET for name in KEY_VARIABLES if name.endswith("api_key")}
    return load_settings({"home": tmp_path, "cache": tmp_path, **keys}, environ={})


@pytest.fixture
def service(monkeypatch):
    """A server; whoever waits before a second try waits a hundredth of a second at most."""
    monkeypatch.setattr(hosted_model, "Retry", lambda: Retry(first_s=0.01, longest_s=0.05))
    with embedding_service() as running:
        yield running


@pytest.fixture(params=PROTOCOLS)
def provider(request):
    for package in PROVIDERS[request.param].packages:
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    return request.param


def load(provider, service, settings, options=""):
    return load_embeddings(f"{provider}:m?base_url={service.address}{options}", settings)


def test_texts_go_there_and_vectors_come_back(provider, service, settings):
    model = load(provider, service, settings)
    assert service.requests == []  # loading sends nothing
    vectors = model.encode_documents(["a", "bbb"])
    query = model.encode_query("a")
    model.close()
    assert vectors.shape == (2, DIMENSION)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert vectors[1, 0] > vectors[0, 0]
    assert np.allclose(query, vectors[0])
    assert service.texts() == [["dimension"], ["a", "bbb"], ["a"]]
    assert model.destination is None  # loopback


def test_the_key_is_sent_and_never_shown(provider, service, settings):
    service.script = [Reply(401, {"message": f"bad key {SECRET}", "detail": SECRET})] * 9
    model = load(provider, service, settings)
    with pytest.raises(EmbeddingError) as caught:
        model.encode_query("a")
    model.close()
    said = str(caught.value)
    assert SECRET not in said
    if provider == "ollama":
        return
    assert SECRET in " ".join(service.requests[0]["headers"].values())
    assert "refused the key" in said
    assert SERVICES[provider].variable in said
    # Asking again would not help; Google's client itself tries whether a fresh token does.
    assert len(service.requests) == (3 if provider == "google" else 1)


@pytest.mark.parametrize(
    ("provider", "name", "document", "query"),
    [
        ("cohere", "input_type", "search_document", "search_query"),
        ("voyage", "input_type", "document", "query"),
        ("google", "taskType", 2, 1),  # RETRIEVAL_DOCUMENT and RETRIEVAL_QUERY
    ],
)
def test_questions_and_passages_are_told_apart(provider, name, document, query, service, settings):
    model = load(provider, service, settings)
    model.encode_documents(["passage"])
    model.encode_query("question")
    model.close()
    bodies = [one.get("requests", [one])[0] for one in service.requests]
    assert [body[name] for body in bodies[-2:]] == [document, query]


def test_too_many_requests_then_it_goes_on(provider, service, settings):
    model = load(provider, service, settings)
    assert model.identity.dimension == DIMENSION
    service.script = [Reply(429), Reply(503), Reply(429)]
    assert model.encode_documents(["a"]).shape == (1, DIMENSION)
    model.close()
    assert service.texts() == [["dimension"]] + [["a"]] * 4


LONG = f"too long for {SECRET}"
TOO_LONG = {"message": LONG, "detail": LONG, "error": {"message": LONG}}
FAILURES = [
    (Reply(403), "does not let the key", 1),
    (Reply(404), r"has no model '\w+:m", 1),
    (Reply(400, TOO_LONG), "refused the text.*too long", 1),
    (Reply(429), "has had enough requests", 5),
    (Reply(500), "failed", 5),
    (NOTHING, "broke the connection", 5),
    (Reply(200, b"<html>"), "cannot be read|gave", 1),
    (Reply(200, {}), "cannot be read|gave", 1),
    (Reply(200, []), "cannot be read|gave", 1),
]


@pytest.mark.parametrize(("reply", "words", "tries"), FAILURES)
def test_failures_are_a_sentence(provider, reply, words, tries, service, settings):
    service.script = [reply] * 9
    model = load(provider, service, settings)
    with pytest.raises(EmbeddingError, match=words) as caught:
        model.encode_query("a")
    model.close()
    said = str(caught.value)
    assert service.address in said
    assert len(said) < 500
    assert provider == "ollama" or SECRET not in said  # Ollama is sent no key
    assert "Traceback" not in said
    assert len(service.requests) == tries


def test_a_server_that_is_not_there(provider, settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    model = load_embeddings(f"{provider}:m?base_url={address}", settings)
    start = time.perf_counter()
    with pytest.raises(EmbeddingError, match="cannot be reached") as caught:
        model.encode_query("q")
    model.close()
    assert time.perf_counter() - start < 10
    assert "?base_url=http://HOST:PORT" in str(caught.value)


def test_a_server_that_says_nothing(provider, service, settings, monkeypatch):
    monkeypatch.setattr(hosted_clients, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(hosted_model, "Retry", lambda: Retry(attempts=2, first_s=0.01))
    service.script = [Reply(delay_s=1.0)] * 2
    model = load(provider, service, settings)
    with pytest.raises(EmbeddingError, match="did not answer in time"):
        model.encode_query("q")
    model.close()
    assert len(service.requests) == 2


def test_vectors_of_another_number_or_length(service, settings):
    for answer in ([[1.0, 2.0]], [[1.0, 2.0], [1.0]], [[[1.0]]] * 2, [["x"]] * 2):
        service.script = [Reply(200, [[1.0, 2.0]]), Reply(200, answer)]
        model = load("huggingface", service, settings)
        with pytest.raises(EmbeddingError, match=r"gave|cannot be read"):
            model.encode_documents(["a", "b"])
        model.close()


def test_a_dimension_that_changed_behind_the_name(service, settings):
    model = load("ollama", service, settings)
    assert model.encode_documents(["a"]).shape == (1, DIMENSION)
    service.dimension = 6
    with pytest.raises(EmbeddingError, match="may have changed"):
        model.encode_documents(["a"])
    assert load("ollama", service, settings).identity != model.identity


def test_batches_follow_the_limits_of_the_service(service, settings):
    for provider in ("google", "huggingface", "ollama"):
        service.requests.clear()
        model = load(provider, service, settings)
        count = SERVICES[provider].request_texts + 1
        vectors = model.encode_documents([f"{'x' * n}" for n in range(1, count + 1)])
        model.close()
        assert (np.diff(vectors[:, 0]) > 0).all()
        assert [len(texts) for texts in service.texts()[1:]] == [count - 1, 1]
    big = "word " * 1500
    model = load("google", service, settings)
    service.requests.clear()
    model.encode_documents([big] * 20)
    model.close()
    assert len(service.requests) > 1  # 20 texts of 1,500 tokens are more than one request takes


def test_text_beyond_the_limit_is_cut(service, settings):
    model = load("ollama", service, settings, "&max_tokens=20")
    model.encode_documents(["word " * 1000])
    model.encode_query("word " * 1000)
    model.close()
    assert all(len(texts[0]) < 120 for texts in service.texts())


def test_prefixes_and_dimensions(service, settings):
    options = "&query_prefix=ask:%20&document_prefix=read:%20&dimensions=4"
    model = load("ollama", service, settings, options)
    model.encode_documents(["a"])
    model.encode_query("a")
    assert service.texts() == [["read: a"], ["ask: a"]]  # the dimension need not be asked
    assert service.requests[0]["dimensions"] == 4
    plain = load("ollama", service, settings)
    assert plain.identity.document_prefix == ""
    assert plain.count_tokens(["a"])[0] < model.count_tokens(["a"])[0]
    model.close()
    plain.close()


def test_identity_tells_services_models_and_addresses_apart(settings):
    def fingerprint(spec):
        model = load_embeddings(spec, settings)
        model.close()
        return model.identity.fingerprint

    there = "base_url=http://127.0.0.1:9&dimensions=256"
    specs = [
        f"ollama:m?{there}",
        f"ollama:n?{there}",
        f"voyage:m?{there}",
        "ollama:m?base_url=http://127.0.0.1:8&dimensions=256",
        "ollama:m?base_url=http://127.0.0.1:9&dimensions=512",
    ]
    found = [fingerprint(spec) for spec in specs]
    assert len(set(found)) == len(specs)
    assert fingerprint(specs[0]) == found[0]
    assert fingerprint(specs[0] + "&requests_per_minute=9") == found[0]


def test_known_models_need_no_request(settings):
    for name, service in SERVICES.items():
        for model_name, known in service.models.items():
            model = load_embeddings(f"{name}:{model_name}", settings)
            identity = model.identity
            assert (identity.dimension, identity.max_tokens) == (known.dimension, known.max_tokens)
            assert (model.destination is None) == (name == "ollama")
            model.close()


def test_missing_keys(tmp_path):
    bare = load_settings({"home": tmp_path}, environ={})
    for name, service in SERVICES.items():
        states = {row.state for row in list_models(bare) if parse_spec(row.spec).provider == name}
        if service.key is None:
            assert states == {"needs a running Ollama"}
            continue
        assert states == {f"needs key {service.variable}"}
        with pytest.raises(MissingKeyError, match=service.variable):
            load_embeddings(f"{name}:{next(iter(service.models))}", bare)
        found = load_settings({"home": tmp_path}, environ={service.variable: "k"})
        assert getattr(found, service.key).get_secret_value() == "k"


def test_options_are_checked(settings):
    for spec in (
        "cohere:m?dimensions=3",
        "ollama:m?base_url=ftp://x",
        "ollama:m?max_tokens=1",
        "ollama:m?requests_per_minute=many",
        "voyage:",
    ):
        with pytest.raises(UsageError):
            load_embeddings(spec, settings)


class ClientError(Exception):
    """As the clients of the services raise them."""

    def __init__(self, status_code, **headers):
        self.status_code = status_code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def test_what_the_service_asks_to_wait_is_waited():
    waits = []
    retry = Retry(attempts=4, first_s=1, longest_s=30, sleep=waits.append)
    busy = ClientError(429, Retry_After="7")
    results = [busy, busy, "done"]

    def work():
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    assert retry.call(work) == "done"
    assert waits == [7.0, 7.0]
    results[:] = [ClientError(429, retry_after="86400")]  # nobody waits for a day
    with pytest.raises(ClientError):
        retry.call(work)
    assert waits == [7.0, 7.0]


def test_waits_double_with_jitter_and_end():
    def work():
        raise ClientError(503)

    seen = []
    for _ in range(20):
        waits = []
        with pytest.raises(ClientError):
            Retry(attempts=5, first_s=1, longest_s=5, sleep=waits.append).call(work)
        seen.append(waits)
        for wait, longest in zip(waits, (1, 2, 4, 5), strict=True):
            assert longest / 2 <= wait <= longest
    assert len({waits[0] for waits in seen}) > 10


def test_other_errors_are_not_tried_again_nor_hidden():
    calls = []

    def work():
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Retry(sleep=calls.append).call(work)
    assert calls == [1]
    assert fault_of(ZeroDivisionError()) is None
    assert fault_of(TimeoutError()).kind is Kind.LATE
    assert fault_of(ConnectionRefusedError()).kind is Kind.AWAY
    assert fault_of(ConnectionResetError()).kind is Kind.BROKEN


def test_retry_after_may_be_a_date():
    past = ClientError(429, retry_after="Sun, 06 Nov 1994 08:49:37 GMT")
    assert fault_of(past).wait_s == 0
    assert fault_of(ClientError(429, retry_after="soon")).wait_s is None
    assert fault_of(ClientError(429)).wait_s is None


def test_requests_per_minute():
    now, waits = [100.0], []

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(30, sleep=sleep, clock=lambda: now[0])
    for _ in range(3):
        pace.wait()
    assert waits == [2.0, 2.0]
    now[0] += 100
    pace.wait()
    assert len(waits) == 2
    Pace(0, sleep=sleep).wait()
    assert len(waits) == 2


def test_a_limit_of_requests_is_kept(service, settings):
    model = load("ollama", service, settings, "&requests_per_minute=600&dimensions=4")
    start = time.perf_counter()
    for _ in range(4):
        model.encode_query("q")
    model.close()
    assert time.perf_counter() - start > 0.28  # three gaps of a tenth of a second


def test_costs(settings):
    cost = cost_of("openai:text-embedding-3-small", 5_000_000)
    assert cost.dollars == pytest.approx(0.10)
    assert "about 5,000,000 tokens" in str(cost)
    assert "about $0.10" in str(cost)
    assert "estimate" in str(cost)
    assert "less than $0.01" in str(cost_of("openai:text-embedding-3-small", 10))
    assert estimate("voyage:voyage-3.5?dimensions=256", [10, 20]).tokens == 30
    assert cost_of("cohere:something-new", 10).dollars is None
    assert "not known" in str(cost_of("huggingface:BAAI/bge-m3", 10))
    for local in ("minilm", "ollama:m", "python:a:b", "tfidf"):
        assert cost_of(local, 10**9) is None
    assert cost_of("ollama:m?base_url=http://192.168.1.5:11434", 10).dollars is None
    ours = settings.override(openai_base_url="http://127.0.0.1:9/v1")
    assert cost_of("openai:text-embedding-3-small", 10, ours) is None
    other = settings.override(embedding_base_url="https://models.example.com/v1")
    assert cost_of("openai:text-embedding-3-small", 10, other).dollars is None


def test_every_price_is_of_a_model_that_is_listed(settings):
    listed = {row.spec for row in list_models(settings)}
    assert set(PER_MILLION_USD) <= listed
