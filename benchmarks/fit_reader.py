"""Trains the reader: low-rank changes of the bundled model's weights, and two heads on it.

    .venv/bin/python benchmarks/fit_reader.py --home FOLDER [--write]

The reader sees a question and a passage together (a cross-encoder), and says whether the passage
answers (one logit, at [CLS]) and where (two logits, start and end, for each token; Devlin et al.
2019). The bundled model's weights stay; what is learnt are the factors of a matrix of rank 32 that
is added to each of them (Hu et al. 2022, LoRA), 3 MB in all. Examples: reader_examples.py.

Each epoch is kept in FOLDER, so that a run that was stopped goes on where it was. ``--write`` puts
the last one into rag_app/answering/reader.safetensors.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from reader_examples import Examples, Pair
from reader_model import Reader
from safetensors.torch import load_file, save_file
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from rag_app.embeddings.minilm_files import model_folder

OUTPUT = Path(__file__).parents[1] / "rag_app" / "answering" / "reader.safetensors"
RATE = 6e-4
BATCH_TOKENS = 4000
MAX_TOKENS = 320
BARE = 0.25
"""Share of passages that are read without what stands above them."""


@dataclass(frozen=True)
class Row:
    """A pair as the model reads it; ``start`` and ``end`` are tokens, 0 without an answer."""

    ids: list[int]
    types: list[int]
    start: int
    end: int
    weight: float

    @property
    def answered(self) -> bool:
        return self.end > 0


def encode(tokenizer: Tokenizer, some: list[Pair], *, bare: float, seed: int) -> list[Row]:
    """Pairs as rows, a share ``bare`` of them without the heading."""
    chance = random.Random(seed)
    above = ["" if chance.random() < bare else f"{pair.heading}: " for pair in some]
    encoded = tokenizer.encode_batch(
        [(pair.question, head + pair.passage) for pair, head in zip(some, above, strict=True)]
    )
    rows = [
        _row(one, pair, len(head)) for one, pair, head in zip(encoded, some, above, strict=True)
    ]
    return [row for row in rows if row is not None]


def _row(one: Encoding, pair: Pair, shift: int) -> Row | None:
    if pair.answer is None:
        return Row(one.ids, one.type_ids, 0, 0, pair.weight)
    first, last = pair.answer[0] + shift, pair.answer[1] + shift
    inside = [
        place
        for place, (kind, (start, end)) in enumerate(zip(one.type_ids, one.offsets, strict=True))
        if kind == 1 and start < last and end > first
    ]
    if not inside:
        return None
    return Row(one.ids, one.type_ids, inside[0], inside[-1], pair.weight)


def batches(rows: list[Row], seed: int) -> Iterator[list[Row]]:
    """Rows of like length together, in random order."""
    chance = random.Random(seed)
    ordered = sorted(rows, key=lambda row: len(row.ids) + 10 * chance.random())
    made: list[list[Row]] = [[]]
    for row in ordered:
        if len(row.ids) * (len(made[-1]) + 1) > BATCH_TOKENS:
            made.append([])
        made[-1].append(row)
    chance.shuffle(made)
    yield from made


def tensors(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, types and mask, padded."""
    longest = max(len(row.ids) for row in rows)
    ids, types, mask = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(3))
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)] = torch.tensor(row.ids)
        types[place, : len(row.ids)] = torch.tensor(row.types)
        mask[place, : len(row.ids)] = 1
    return ids, types, mask


def loss_of(model: Reader, rows: list[Row]) -> Tensor:
    """Cross-entropy of starts, ends and of whether there is an answer; each row has its weight."""
    spans, answers = model(*tensors(rows))
    starts, ends = (torch.tensor([getattr(row, name) for row in rows]) for name in ("start", "end"))
    said = torch.tensor([float(row.answered) for row in rows])
    where = functional.cross_entropy(spans[:, :, 0], starts, reduction="none")
    where = where + functional.cross_entropy(spans[:, :, 1], ends, reduction="none")
    whether = functional.binary_cross_entropy_with_logits(answers, said, reduction="none")
    return ((where / 2 + whether) * torch.tensor([row.weight for row in rows])).mean()


def figures(model: Reader, rows: list[Row]) -> dict[str, float]:
    """How well a group is told apart, by weight, and its answers found."""
    from sklearn.metrics import roc_auc_score

    model.eval()
    said, margins, logits, found, weights = [], [], [], [], []
    with torch.inference_mode():
        for some in batches(rows, 0):
            spans, answers = model(*tensors(some))
            best = spans[:, 1:].amax(1)
            margins += (best.sum(1) - spans[:, 0].sum(1)).tolist()
            logits += answers.tolist()
            said += [row.answered for row in some]
            weights += [row.weight for row in some]
            places = (spans[:, 1:].argmax(1) + 1).tolist()
            found += [
                start <= row.end and end >= row.start
                for row, (start, end) in zip(some, places, strict=True)
                if row.answered
            ]
    return {
        "auc": round(float(roc_auc_score(said, logits, sample_weight=weights)), 4),
        "auc_of_margin": round(float(roc_auc_score(said, margins, sample_weight=weights)), 4),
        "answer_touched": round(float(np.mean(found)), 4),
    }


def train(options: argparse.Namespace) -> Reader:
    """The trained reader; goes on from the last epoch that was kept."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    tokenizer.no_padding()
    examples = Examples(options.home)
    unseen = {
        name: encode(tokenizer, some, bare=0, seed=0) for name, some in examples.unseen.items()
    }

    def rows(epoch: int) -> list[Row]:
        return encode(tokenizer, examples.epoch(epoch), bare=BARE, seed=epoch)

    model = Reader()
    if options.start:
        model.load_state_dict(load_file(options.start), strict=False)
    steps = options.epochs * sum(1 for _ in batches(rows(0), 0))
    optimizer = torch.optim.AdamW(model.learnt().values(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(share_of_rate, steps=steps))
    began = time.monotonic()
    for epoch in range(options.epochs):
        kept = options.home / f"epoch-{epoch}.pt"
        parts = {"optimizer": optimizer, "schedule": schedule}
        if kept.exists():
            state = torch.load(kept)
            model.load_state_dict(state["model"], strict=False)
            for name, part in parts.items():
                part.load_state_dict(state[name])
            continue
        learn(model, batches(rows(epoch), epoch), optimizer, schedule)
        minutes = (time.monotonic() - began) / 60
        said = {name: figures(model, some) for name, some in unseen.items()}
        print(json.dumps({"epoch": epoch, "minutes": round(minutes), **said}), flush=True)
        states = {name: part.state_dict() for name, part in parts.items()}
        torch.save({"model": model.learnt(), **states}, kept)
    return model


def share_of_rate(step: int, steps: int) -> float:
    """Up over a thirtieth of the steps, down over the last seven tenths."""
    done = step / steps
    return min(1.0, 30 * done, max(0.0, 1 - done) / 0.7)


def learn(
    model: Reader,
    some: Iterable[list[Row]],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    """An epoch."""
    model.train()
    model.bert.eval()
    losses: list[float] = []
    for number, rows in enumerate(some, start=1):
        optimizer.zero_grad()
        loss = loss_of(model, rows)
        loss.backward()
        nn.utils.clip_grad_norm_(model.learnt().values(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if number % 20 == 0:
            print(f"{number} loss {np.mean(losses[-20:]):.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where epochs are kept")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--start", type=Path, help="weights to go on from, as --write wrote them")
    parser.add_argument("--write", action="store_true", help=f"write {OUTPUT.name}")
    options = parser.parse_args()
    model = train(options)
    if options.write:
        # The head that says whether there is an answer at all helps to learn; nothing asks it.
        kept = {
            name: one.detach().half()
            for name, one in model.learnt().items()
            if not name.startswith("answers.")
        }
        save_file(kept, str(OUTPUT))


if __name__ == "__main__":
    main()
