"""The path to a language model: real sockets, a real model, and everything that can go wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_samples import made_hit, made_settings
from llm_server import RunningLlm, model_file, running_llm, scripted_llm

from rag_app.answering import chat_model
from rag_app.answering.chat_model import llm_destination, load_chat_model
from rag_app.answering.generative import CUT_OFF, STOPPED, UNCITED, Generated, Generator
from rag_app.errors import AnswerError, MissingKeyError, UsageError
from rag_app.settings import Settings
from rag_app.types import AnswerToken, Turn

HITS = (
    made_hit("The Heron pump has a warranty of 36 months. Seals are excluded.", name="w.pdf"),
    made_hit("Heron Pumps was founded in 1987 in Kalmar.", name="h.txt"),
)
QUESTION = "How long is the warranty?"


def generator(home: Path, base_url: str, **flags: object) -> Generator:
    settings = made_settings(
        home, **{"llm": "openai:local", "llm_base_url": base_url, "llm_answer_tokens": 48} | flags
    )
    return Generator(load_chat_model(settings), settings)


def run(maker: Generator, **options: object) -> tuple[list[str], Generated]:
    events = list(maker.answer(QUESTION, HITS, **options))
    assert isinstance(events[-1], Generated)
    assert all(isinstance(event, AnswerToken) for event in events[:-1])
    return [event.text for event in events[:-1]], events[-1]


@pytest.fixture(scope="module")
def smollm() -> Iterator[RunningLlm]:
    with running_llm() as server:
        yield server


@pytest.mark.llm
def test_a_real_model_streams_its_answer(smollm: RunningLlm, tmp_path: Path) -> None:
    tokens, answer = run(generator(tmp_path, smollm.base_url))
    assert len(tokens) > 5
    assert answer.text
    assert not answer.stopped


@pytest.mark.llm
def test_stopping_after_three_pieces_keeps_them(smollm: RunningLlm, tmp_path: Path) -> None:
    seen: list[str] = []
    maker = generator(tmp_path, smollm.base_url, llm_answer_tokens=400)
    events = []
    for event in maker.answer(QUESTION, HITS, should_stop=lambda: len(seen) >= 3):
        events.append(event)
        if isinstance(event, AnswerToken):
            seen.append(event.text)
    assert len(seen) == 3
    assert events[-1].stopped
    assert STOPPED in events[-1].notices
    assert events[-1].text.split() == "".join(seen).split()


@pytest.mark.llm
def test_a_server_killed_in_mid_answer_leaves_what_came(tmp_path: Path) -> None:
    with running_llm() as server:
        maker = generator(tmp_path, server.base_url, llm_answer_tokens=2000)
        events = []
        for event in maker.answer("Tell a very long story about pumps.", HITS):
            events.append(event)
            if len(events) == 4:
                server.kill()
    assert len(events) >= 5
    assert events[-1].text
    assert any("broke off" in notice for notice in events[-1].notices)
    with pytest.raises(AnswerError, match=r"cannot be reached .* Start the server"):
        list(maker.answer(QUESTION, HITS))


@pytest.mark.llm
def test_llamacpp_runs_a_gguf_file_in_this_process(tmp_path: Path) -> None:
    settings = made_settings(
        tmp_path,
        llm=f"llamacpp:{model_file()}",
        llm_context_tokens=2048,
        llm_answer_tokens=24,
    )
    assert llm_destination(settings) is None
    tokens, answer = run(Generator(load_chat_model(settings), settings))
    assert len(tokens) > 5
    assert answer.text


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no model file"), (b"not a model", "not a GGUF model")]
)
def test_llamacpp_says_what_is_wrong_with_the_file(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AnswerError, match=message):
        load_chat_model(made_settings(tmp_path, llm=f"llamacpp:{path}"))


def test_a_truncated_gguf_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    path = tmp_path / "cut.gguf"
    path.write_bytes(model_file().read_bytes()[:200_000])
    with pytest.raises(AnswerError, match=r"cut\.gguf"):
        load_chat_model(made_settings(tmp_path, llm=f"llamacpp:{path}"))


def test_an_answer_that_reached_its_limit_says_so(tmp_path: Path) -> None:
    with scripted_llm(("The pump has", " a warranty [1]"), finish="length") as server:
        _, answer = run(generator(tmp_path, server.base_url, llm_answer_tokens=40))
    assert answer.text == "The pump has a warranty [1]"
    assert CUT_OFF.format(tokens=40) in answer.notices
    with scripted_llm(("The pump has", " a warranty [1]")) as server:
        _, answer = run(generator(tmp_path, server.base_url, llm_answer_tokens=40))
    assert answer.notices == ()


def test_an_address_that_answers_something_else_is_named(tmp_path: Path) -> None:
    with (
        scripted_llm(silent=True) as server,
        pytest.raises(AnswerError, match=f"from {server.base_url}. Check RAG_LLM_BASE_URL"),
    ):
        run(generator(tmp_path, server.base_url))


def test_a_silent_server_ends_in_a_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts and never answers
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        started = time.monotonic()
        with pytest.raises(AnswerError, match=r"did not answer within 0\.5 seconds"):
            run(generator(tmp_path, url, llm_timeout_s=0.5))
        assert time.monotonic() - started < 5


def test_a_server_that_falls_silent_leaves_what_came(tmp_path: Path) -> None:
    with scripted_llm(["The warranty ", "is 36 ", "months."], hang_after=2) as llm:
        _, answer = run(generator(tmp_path, llm.base_url, llm_timeout_s=0.5))
    assert answer.text == "The warranty is 36"
    assert any("did not answer within 0.5 seconds" in notice for notice in answer.notices)


def test_a_reader_can_stop_while_the_server_is_silent(tmp_path: Path) -> None:
    with scripted_llm(["The ", "x"], hang_after=1) as llm:
        deadline = time.monotonic() + 0.6
        maker = generator(tmp_path, llm.base_url, llm_timeout_s=30)
        _, answer = run(maker, should_stop=lambda: time.monotonic() > deadline)
        assert time.monotonic() < deadline + 3
    assert answer.stopped
    assert answer.text == "The"


def test_a_connection_that_breaks_leaves_what_came(tmp_path: Path) -> None:
    with scripted_llm(["It is 36 ", "months [1]", "."], break_after=2) as llm:
        _, answer = run(generator(tmp_path, llm.base_url))
    assert answer.text == "It is 36 months [1]"
    assert [citation.source for citation in answer.citations] == ["/docs/w.pdf"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "refused the key"),
        (403, "refused the key"),
        (404, r"does not know the model or the address \(.*scripted refusal"),
        (400, "refused the request"),
        (429, "refuses more requests for now: a rate limit or a used-up quota"),
        (503, "failed with status 503"),
    ],
)
def test_each_refusal_says_what_to_do(tmp_path: Path, status: int, message: str) -> None:
    with (
        scripted_llm(status=status) as llm,
        pytest.raises(AnswerError, match=f"openai:local {message}"),
    ):
        run(generator(tmp_path, llm.base_url))


def test_a_server_that_is_down_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(AnswerError, match=rf"cannot be reached at http://127\.0\.0\.1:{port}/v1"):
        run(generator(tmp_path, f"http://127.0.0.1:{port}/v1"))


def test_a_server_s_own_address_is_named_where_none_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(chat_model, "OLLAMA_URL", f"http://127.0.0.1:{port}/v1")
    settings = made_settings(tmp_path, llm="ollama:some")
    with pytest.raises(AnswerError, match=rf"cannot be reached at http://127\.0\.0\.1:{port}/v1"):
        run(Generator(load_chat_model(settings), settings))


def test_an_empty_answer_is_an_error(tmp_path: Path) -> None:
    with (
        scripted_llm(["", " "]) as llm,
        pytest.raises(AnswerError, match="empty answer"),
    ):
        run(generator(tmp_path, llm.base_url))


def test_an_answer_without_citations_is_marked(tmp_path: Path) -> None:
    with scripted_llm(["It is three years."]) as llm:
        _, answer = run(generator(tmp_path, llm.base_url))
    assert UNCITED in answer.notices


def test_the_fixed_sentence_is_an_abstention(tmp_path: Path) -> None:
    with scripted_llm(["**The documents", " do not say.**"]) as llm:
        _, answer = run(generator(tmp_path, llm.base_url))
    assert answer.abstained
    assert not answer.citations


def test_the_request_holds_passages_conversation_and_limits(tmp_path: Path) -> None:
    history = (Turn("user", "Hello there"), Turn("assistant", "Good day"))
    with scripted_llm() as llm:
        run(generator(tmp_path, llm.base_url, openai_api_key="sk-test"), history=history)
    request = llm.requests[0]
    assert request["headers"]["authorization"] == "Bearer sk-test"
    assert request["path"] == "/v1/chat/completions"
    assert request["stream"] is True
    assert request["max_tokens"] == 48
    assert [message["role"] for message in request["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert "warranty of 36 months" in llm.prompt()
    assert "Good day" in llm.prompt()


def test_ollama_is_reached_by_its_openai_address(tmp_path: Path) -> None:
    with scripted_llm(["Yes [1]."]) as llm:
        root = llm.base_url.removesuffix("/v1")
        _, answer = run(generator(tmp_path, root, llm="ollama:llama3.2"))
    assert answer.text == "Yes [1]."
    assert llm.requests[0]["path"] == "/v1/chat/completions"
    assert llm.requests[0]["model"] == "llama3.2"


def test_tracing_and_gateways_of_the_environment_receive_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_llm(["Yes."]) as llm, scripted_llm() as other:
        host = other.base_url.removesuffix("/v1")
        for name, value in {
            "LANGSMITH_TRACING": "true",
            "LANGCHAIN_TRACING_V2": "true",
            "LANGSMITH_API_KEY": "lsv2_test",
            "LANGSMITH_ENDPOINT": host,
            "LANGSMITH_GATEWAY": host,
            "OPENAI_API_BASE": other.base_url,
            "HTTP_PROXY": host,
            "ALL_PROXY": host,
        }.items():
            monkeypatch.setenv(name, value)
        _, answer = run(generator(tmp_path, llm.base_url))
        time.sleep(0.3)  # a tracer would post in the background
    assert answer.text == "Yes."
    assert len(llm.requests) == 1
    assert other.requests == []


def test_a_missing_key_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        load_chat_model(made_settings(tmp_path, llm="openai:gpt-4o-mini"))


@pytest.mark.parametrize(
    ("flags", "destination"),
    [
        ({"llm": "extractive"}, None),
        ({"llm": "openai:gpt-4o-mini"}, "api.openai.com"),
        ({"llm": "openai:x", "openai_base_url": "https://proxy.example/v1"}, "proxy.example"),
        ({"llm": "openai:x", "llm_base_url": "http://127.0.0.1:8080/v1"}, None),
        ({"llm": "openai:x", "llm_base_url": "http://[::1]:8080/v1"}, None),
        ({"llm": "openai:x", "llm_base_url": "http://localhost:8080/v1"}, None),
        ({"llm": "openai:x", "llm_base_url": "http://192.168.1.7:8080/v1"}, "192.168.1.7"),
        ({"llm": "ollama:llama3.2"}, None),
        ({"llm": "ollama:llama3.2", "llm_base_url": "http://gpu.lan:11434"}, "gpu.lan"),
        ({"llm": "llamacpp:/m.gguf"}, None),
        ({"llm": "anthropic:claude"}, "the servers of anthropic"),
    ],
)
def test_the_destination_is_known_before_anything_is_loaded(
    tmp_path: Path, flags: dict[str, object], destination: str | None
) -> None:
    assert llm_destination(made_settings(tmp_path, **flags)) == destination


@pytest.mark.parametrize("host", ["192.168.1.7:8080", "gpu.lan:11434", "127.0.0.1:1"])
def test_a_private_address_needs_no_key(tmp_path: Path, host: str) -> None:
    settings = made_settings(tmp_path, llm="openai:x", llm_base_url=f"http://{host}/v1")
    assert load_chat_model(settings).model is not None


def provider_error(settings: Settings) -> str:
    with pytest.raises(AnswerError) as caught:
        load_chat_model(settings)
    return str(caught.value)


def test_a_provider_without_its_package_names_it(tmp_path: Path) -> None:
    message = provider_error(made_settings(tmp_path, llm="anthropic:claude-x"))
    assert "pip install langchain-anthropic" in message


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    assert "nosuch" in provider_error(made_settings(tmp_path, llm="nosuch:model"))


@pytest.mark.parametrize("flags", [{"llm": "openai"}, {"llm": "openai:x", "llm_base_url": "here"}])
def test_a_malformed_spec_or_address_is_a_usage_error(
    tmp_path: Path, flags: dict[str, object]
) -> None:
    with pytest.raises(UsageError):
        load_chat_model(made_settings(tmp_path, **flags))
