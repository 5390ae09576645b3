"""Training a sentence transformer on pairs, with checkpoints to go on from.

The loss is that of in-batch negatives (Henderson et al. 2017; ``MultipleNegativesRankingLoss``):
for each question of a batch, its passage must be nearer than the passages of all others.

There is no dropout: in a short run at a small learning rate it protects from little, and on the
2-core machine that this was measured on a step of 16 passages of 256 tokens takes 1.9 s without
and 7 s with it (its random numbers are drawn one after the other, into fresh memory). Nothing is
left to chance then but the order of the pairs, which follows from the seed: a run that was
interrupted ends with the very weights of one that was not. The library's own trainer needs two
more packages and does neither.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_app.errors import EmbeddingError
from rag_app.evaluation.tune_pairs import Pair, batches

_CLIP = 1.0
"""Largest length of a gradient; a single odd batch cannot throw the model far off."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained.

    Attributes:
        epochs: How often each pair is seen.
        batch: Pairs in a step; each passage is a wrong answer to the others' questions.
        learning_rate: The highest; it rises for a tenth of the steps and falls to 0 in the others.
        warmup: The share of steps in which it rises.
        seed: Of the order of pairs.
        checkpoint_every: Steps between two checkpoints.
    """

    epochs: int = 1
    batch: int = 16
    learning_rate: float = 2e-5
    warmup: float = 0.1
    seed: int = 0
    checkpoint_every: int = 20

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0."""
        rising = max(1, round(self.warmup * steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        return self.learning_rate * (steps - step) / max(1, steps - rising)


def plan_steps(pairs: Sequence[Pair], recipe: Recipe) -> list[list[Pair]]:
    """The batches of all epochs, in order."""
    return [
        batch
        for epoch in range(recipe.epochs)
        for batch in batches(pairs, recipe.batch, recipe.seed + epoch)
    ]


def train(
    model: Any,  # noqa: ANN401 - untyped library
    steps: Sequence[Sequence[Pair]],
    recipe: Recipe,
    checkpoint: Path,
    *,
    prefixes: tuple[str, str] = ("", ""),
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda _done: None,
) -> bool:
    """Trains ``model`` in place, from its checkpoint if there is one.

    Args:
        model: A ``SentenceTransformer``.
        steps: The batches, as ``plan_steps`` gives them.
        recipe: The rest.
        checkpoint: The file that keeps the state; the caller vouches that it is of these steps.
        prefixes: Put before questions and passages.
        cancelled: Asked after each step; True saves a checkpoint and ends.
        progress: Told the number of steps that are done.

    Returns:
        Whether all steps are done.

    Raises:
        EmbeddingError: The memory does not suffice, or the training has diverged.
    """
    import torch

    try:
        return _run(model, steps, recipe, checkpoint, prefixes, cancelled, progress)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if "memory" not in str(error).casefold() and not isinstance(error, MemoryError):
            raise
        raise EmbeddingError(
            "The memory does not suffice to train this model. Close other programs, or choose a "
            "smaller one; sentence-transformers:NAME?max_tokens=128 reads less of each text."
        ) from error


def _run(
    model: Any,  # noqa: ANN401 - untyped library
    steps: Sequence[Sequence[Pair]],
    recipe: Recipe,
    checkpoint: Path,
    prefixes: tuple[str, str],
    cancelled: Callable[[], bool],
    progress: Callable[[int], None],
) -> bool:
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    loss_of: Any = MultipleNegativesRankingLoss(model)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer: Any = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=0.0)
    done = _resume(model, optimizer, checkpoint)
    progress(done)
    model.eval()  # without dropout
    for number in range(done, len(steps)):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate(number, len(steps))
        loss = loss_of(_features(model, steps[number], prefixes), None)
        if not torch.isfinite(loss):
            raise EmbeddingError(
                "The training has diverged: the model's vectors are no numbers any more. Choose "
                "another model to begin with."
            )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, _CLIP)
        optimizer.step()
        done, stop = number + 1, cancelled()
        if stop or done % recipe.checkpoint_every == 0 or done == len(steps):
            _save(model, optimizer, done, checkpoint)
        progress(done)
        if stop:
            break
    return done == len(steps)


def _features(model: Any, batch: Sequence[Pair], prefixes: tuple[str, str]) -> list[Any]:  # noqa: ANN401
    """The two columns of a batch as the model's tokens."""
    from sentence_transformers.util import batch_to_device

    columns = (
        ("query", [prefixes[0] + pair.question for pair in batch]),
        ("document", [prefixes[1] + pair.passage for pair in batch]),
    )
    features = [model.preprocess(texts, task=task) for task, texts in columns]
    return [batch_to_device(column, model.device) for column in features]


def _save(model: Any, optimizer: Any, step: int, checkpoint: Path) -> None:  # noqa: ANN401
    import torch

    draft = checkpoint.with_suffix(".draft")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, draft)
    draft.replace(checkpoint)  # at every moment the last whole one is there


def _resume(model: Any, optimizer: Any, checkpoint: Path) -> int:  # noqa: ANN401
    """Puts the state of the checkpoint in; the steps that are done, 0 without a sound one."""
    import torch

    # What cannot be read is as good as nothing: the same steps are made again.
    with suppress(OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError):
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        step = int(state["step"])
        optimizer.load_state_dict(state["optimizer"])
        model.load_state_dict(state["model"])
        return step
    return 0
