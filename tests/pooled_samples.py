"""Tiny models of six architectures with random weights and real tokenizers, trained here.

They mean nothing; they prove that weights of these architectures, which cannot be fetched here,
would be loaded, padded and pooled as they should.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

TEXT = [
    "The warranty lasts two years, and the pump needs a new filter.",
    "la garantía dura dos años",
    "Words of several letters make merges: lasting, lasted, lasts.",
] * 4
SPECIAL = ["<pad>", "<unk>", "<cls>", "<sep>", "<mask>"]
HIDDEN = 32
POSITIONS = 64


def _wordpiece() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def _bytes() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def _unigram() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def _framed(tokenizer: Any, form: str) -> Any:
    """Lets it put special tokens around a text, as its architecture does."""
    from tokenizers import processors

    special = [(token, tokenizer.token_to_id(token)) for token in ("<cls>", "<sep>")]
    tokenizer.post_processor = processors.TemplateProcessing(single=form, special_tokens=special)
    return tokenizer


def _save(folder: Path, model: Any, tokenizer: Any, **options: Any) -> Path:
    from transformers import PreTrainedTokenizerFast

    named = {
        "unk_token": "<unk>",
        "cls_token": "<cls>",
        "sep_token": "<sep>",
        "eos_token": "<sep>",
        "pad_token": "<pad>",
        "model_max_length": POSITIONS,
    } | options
    kept = {name: value for name, value in named.items() if value is not None}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **kept)
    fast.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


_SIZES = {"hidden_size": HIDDEN, "num_hidden_layers": 2, "num_attention_heads": 2}


def bert(folder: Path) -> Path:
    """Reads the whole text, special tokens around it."""
    from transformers import BertConfig, BertModel

    tokenizer = _framed(_wordpiece(), "<cls> $A <sep>")
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
        pad_token_id=0,
        **_SIZES,
    )
    return _save(folder, BertModel(config), tokenizer)


def albert(folder: Path) -> Path:
    """One layer's weights for all layers."""
    from transformers import AlbertConfig, AlbertModel

    tokenizer = _framed(_unigram(), "<cls> $A <sep>")
    config = AlbertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        embedding_size=16,
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
        pad_token_id=0,
        **_SIZES,
    )
    return _save(folder, AlbertModel(config), tokenizer)


def roberta(folder: Path) -> Path:
    """Its positions begin behind that of its padding; its tokenizer does not tell its limit."""
    from transformers import RobertaConfig, RobertaModel

    tokenizer = _framed(_bytes(), "<cls> $A <sep>")
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        intermediate_size=64,
        max_position_embeddings=POSITIONS + 2,
        pad_token_id=1,
        **_SIZES,
    )
    return _save(folder, RobertaModel(config), tokenizer, pad_token="<unk>", model_max_length=None)


def gpt2(folder: Path) -> Path:
    """Reads from left to right; has no token for padding, and none around a text."""
    from transformers import GPT2Config, GPT2Model

    tokenizer = _bytes()
    config = GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_embd=HIDDEN,
        n_layer=2,
        n_head=2,
        n_positions=POSITIONS,
    )
    nothing = {"pad_token": None, "cls_token": None, "sep_token": None}
    return _save(folder, GPT2Model(config), tokenizer, padding_side="left", **nothing)


def t5(folder: Path) -> Path:
    """An encoder and a decoder, both saved; only the encoder is wanted."""
    from transformers import T5Config, T5Model

    tokenizer = _framed(_unigram(), "$A <sep>")
    config = T5Config(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=HIDDEN,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        pad_token_id=0,
        eos_token_id=3,
        decoder_start_token_id=0,
    )
    return _save(folder, T5Model(config), tokenizer, cls_token=None, sep_token=None)


def xlnet(folder: Path) -> Path:
    """Pads at the left; its special tokens stand at the end."""
    from transformers import XLNetConfig, XLNetModel

    tokenizer = _framed(_unigram(), "$A <sep> <cls>")
    config = XLNetConfig(
        vocab_size=tokenizer.get_vocab_size(), d_model=HIDDEN, n_layer=2, n_head=2, d_inner=64
    )
    return _save(folder, XLNetModel(config), tokenizer, padding_side="left")


MAKERS: dict[str, Callable[[Path], Path]] = {
    "albert": albert,
    "bert": bert,
    "gpt2": gpt2,
    "roberta": roberta,
    "t5": t5,
    "xlnet": xlnet,
}


def tiny(kind: str, folder: Path) -> Path:
    """Makes and saves a model of the architecture ``kind``; always the same."""
    import torch

    torch.manual_seed(11)
    folder.mkdir(parents=True, exist_ok=True)
    return MAKERS[kind](folder)
