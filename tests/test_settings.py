"""Settings: every source, their precedence, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from rag_app.errors import EXIT_USAGE, SettingsError
from rag_app.settings import Origin, Settings, is_secret, load_settings, parse_assignments

SECRET = "sk-very-secret-123"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a rag.toml."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def toml(folder: Path, text: str, name: str = "rag.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(**arguments: object) -> str:
    """The message with which loading is refused."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**{"environ": {}, **arguments})
    assert caught.value.exit_status == EXIT_USAGE
    return str(caught.value)


class TestSources:
    def test_defaults(self) -> None:
        settings = load_settings(environ={})
        assert (settings.collection, settings.embedding, settings.llm) == (
            "default",
            "auto",
            "extractive",
        )
        assert settings.home.is_absolute()
        assert {settings.origin(name).source for name in Settings.model_fields} == {"default"}

    def test_each_source_overrides_the_one_before(self, folder: Path) -> None:
        path = toml(folder, "top_k = 3\nthreads = 3\nanswer_sentences = 3")
        variables = {"RAG_THREADS": "4", "RAG_ANSWER_SENTENCES": "4"}
        settings = load_settings({"answer_sentences": 5, "collection": None}, environ=variables)
        assert (settings.top_k, settings.threads, settings.answer_sentences) == (3, 4, 5)
        assert settings.origin("top_k") == Origin("file", path.name)
        assert settings.origin("threads") == Origin("variable", "RAG_THREADS")
        assert settings.origin("answer_sentences") == Origin("flag", "--answer-sentences")
        assert settings.origin("collection") == Origin("default", "")

    def test_a_flag_overrides_a_file_without_a_variable(self, folder: Path) -> None:
        toml(folder, "top_k = 3")
        assert load_settings({"top_k": "7"}, environ={}).top_k == 7

    def test_the_file_may_be_named_by_a_variable(self, folder: Path) -> None:
        toml(folder, "top_k = 3")
        other = toml(folder, "top_k = 4", "other.toml")
        assert load_settings(environ={"RAG_CONFIG": str(other)}).top_k == 4

    def test_a_named_file_stands_above_the_variable(self, folder: Path) -> None:
        named = toml(folder, "top_k = 6", "named.toml")
        environ = {"RAG_CONFIG": str(folder / "absent.toml")}
        assert load_settings(environ=environ, config_file=named).top_k == 6

    def test_the_process_s_own_variables_are_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAG_TOP_K", "9")
        assert load_settings().top_k == 9

    def test_an_empty_variable_is_not_set(self) -> None:
        assert load_settings(environ={"RAG_TOP_K": "", "OPENAI_API_KEY": ""}).top_k == 5

    def test_openai_s_own_variables(self) -> None:
        environ = {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
        settings = load_settings(environ=environ)
        assert settings.openai_api_key == SecretStr(SECRET)
        assert settings.openai_base_url == "http://127.0.0.1:1/v1"
        assert settings.origin("openai_api_key") == Origin("variable", "OPENAI_API_KEY")

    def test_ours_stand_above_openai_s(self) -> None:
        environ = {"RAG_OPENAI_API_KEY": "ours", "OPENAI_API_KEY": "theirs"}
        settings = load_settings(environ=environ)
        assert settings.openai_api_key == SecretStr("ours")
        assert settings.origin("openai_api_key").name == "RAG_OPENAI_API_KEY"

    def test_folders_are_absolute_and_know_the_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/somewhere")
        environ = {"RAG_HOME": "~/rag", "RAG_CACHE": "relative"}
        settings = load_settings(environ=environ)
        assert settings.home == Path("/somewhere/rag")
        assert settings.cache == Path.cwd() / "relative"

    def test_assignments(self) -> None:
        pairs = ["top-k=7", "LLM=openai:a=b", "top_k=8"]
        assert parse_assignments(pairs) == {"top_k": "8", "llm": "openai:a=b"}

    def test_override_keeps_the_other_origins(self) -> None:
        settings = load_settings(environ={"RAG_TOP_K": "9"}).override(llm="ollama:x", threads=None)
        assert (settings.top_k, settings.llm, settings.threads) == (9, "ollama:x", 0)
        assert settings.origin("top_k").source == "variable"
        assert settings.origin("llm") == Origin("flag", "--llm")
        assert settings.origin("threads").source == "default"

    def test_settings_do_not_change(self) -> None:
        with pytest.raises(ValidationError):
            load_settings(environ={}).top_k = 3  # type: ignore[misc]


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "where"),
        [
            ({"environ": {"RAG_TOPK": "3"}}, "Variable RAG_TOPK"),
            ({"environ": {"RAG_TOPK": ""}}, "Variable RAG_TOPK"),
            ({"flags": {"topk": 3}}, "topk"),
        ],
    )
    def test_an_unknown_name_offers_the_nearest(self, arguments: dict, where: str) -> None:
        message = refusal(**arguments)
        assert where in message
        assert "Did you mean 'top_k'?" in message

    def test_an_unknown_key_of_the_file(self, folder: Path) -> None:
        path = toml(folder, "colection = 'a'")
        message = refusal()
        assert str(path.name) in message
        assert "Did you mean 'collection'?" in message

    def test_a_name_like_no_other(self) -> None:
        assert "`rag settings` lists them" in refusal(environ={"RAG_XQZW": "1"})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("top_k", "0"),
            ("top_k", "51"),
            ("top_k", "five"),
            ("top_k", "2.5"),
            ("abstain_below", "1.1"),
            ("abstain_below", "nan"),
            ("llm_timeout_s", "0"),
            ("llm_timeout_s", "inf"),
            ("chunk_tokens", "15"),
            ("max_file_mb", "-1"),
            ("threads", "-1"),
            ("collection", "a b"),
            ("collection", "../up"),
            ("collection", "x" * 61),
            ("chroma_url", "localhost:8000"),
            ("llm_base_url", "ftp://host/v1"),
        ],
    )
    def test_a_value_out_of_range_is_named_with_its_origin(self, name: str, value: str) -> None:
        variable = f"RAG_{name.upper()}"
        message = refusal(environ={variable: value})
        assert f"Setting '{name}' (from variable {variable})" in message
        assert repr(value) in message
        assert "\n" not in message

    def test_a_wrong_type_in_the_file(self, folder: Path) -> None:
        path = toml(folder, "top_k = true")
        assert f"(from file {path.name})" in refusal()
        toml(folder, "[top_k]\na = 1")
        assert "'top_k'" in refusal()

    def test_an_overlap_as_long_as_a_passage(self) -> None:
        message = refusal(environ={"RAG_CHUNK_OVERLAP": "200"})
        assert "chunk_overlap" in message
        assert "chunk_tokens" in message

    def test_a_file_that_is_not_toml(self, folder: Path) -> None:
        toml(folder, "top_k 3")
        assert "not valid TOML" in refusal()

    def test_a_file_that_is_not_text(self, folder: Path) -> None:
        (folder / "rag.toml").write_bytes(b"\xff\xfe\x00")
        assert "rag.toml is not UTF-8 text. Save it as UTF-8" in refusal()

    @pytest.mark.parametrize("home", ["~nobody-has-this-name/rag", "a\0b"])
    def test_a_folder_that_cannot_be(self, home: str) -> None:
        message = refusal(environ={"RAG_HOME": home})
        assert message.startswith("Setting 'home' (from variable RAG_HOME): it must ")

    def test_a_named_file_that_is_not_there(self, folder: Path) -> None:
        path = str(folder / "absent.toml")
        message = refusal(environ={"RAG_CONFIG": path})
        assert path in message
        assert "RAG_CONFIG" in message

    def test_a_pair_without_a_value(self) -> None:
        with pytest.raises(SettingsError, match="--set top_k"):
            parse_assignments(["top_k"])
        with pytest.raises(SettingsError, match="Did you mean 'top_k'"):
            parse_assignments(["topk=3"])


class TestSecrets:
    def test_which_are_secret(self) -> None:
        secret = {name for name in Settings.model_fields if is_secret(name)}
        services = ("cohere", "google", "huggingface", "openai", "voyage")
        assert secret == {"pdf_password", *(f"{name}_api_key" for name in services)}

    def test_a_secret_is_shown_as_present_or_absent(self) -> None:
        settings = load_settings(environ={"OPENAI_API_KEY": SECRET})
        assert settings.shown("openai_api_key") == "present"
        assert settings.shown("pdf_password") == "absent"
        assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()

    def test_a_wrong_secret_stands_in_no_message(self, folder: Path) -> None:
        toml(folder, f"openai_api_key = ['{SECRET}']")
        with pytest.raises(SettingsError) as caught:
            load_settings(environ={})
        assert "openai_api_key" in str(caught.value)
        assert SECRET not in str(caught.value) + str(caught.value.__cause__)

    def test_credentials_in_an_address_are_not_shown(self) -> None:
        address = f"https://me:{SECRET}@chroma.example/x"
        settings = load_settings(environ={"RAG_CHROMA_URL": address})
        assert settings.shown("chroma_url") == "https://…@chroma.example/x"
        wrong = refusal(environ={"RAG_CHROMA_URL": address.replace("https", "ftp")})
        assert SECRET not in wrong
