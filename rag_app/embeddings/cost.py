"""What a hosted model would cost before it is asked.

The prices are those that the services published in mid-2025, without free allowances and
discounts; a service may have changed them since, and our token counts are estimates too. So a
cost is an order of magnitude, given to be agreed to, never a bill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag_app.embeddings.address import is_loopback
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.settings import Settings

PRICES_OF = "2025-06"
"""Year and month of the prices."""
PER_MILLION_USD: dict[str, float] = {
    "cohere:embed-english-light-v3.0": 0.10,
    "cohere:embed-english-v3.0": 0.10,
    "cohere:embed-multilingual-light-v3.0": 0.10,
    "cohere:embed-multilingual-v3.0": 0.10,
    "cohere:embed-v4.0": 0.12,
    "google:gemini-embedding-001": 0.15,
    "openai:text-embedding-3-large": 0.13,
    "openai:text-embedding-3-small": 0.02,
    "openai:text-embedding-ada-002": 0.10,
    "voyage:voyage-3-large": 0.18,
    "voyage:voyage-3.5": 0.06,
    "voyage:voyage-3.5-lite": 0.02,
    "voyage:voyage-code-3": 0.18,
    "voyage:voyage-law-2": 0.12,
}
"""US dollars for a million tokens, by spec without options."""
_SMALLEST_USD = 0.01


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate.

    Attributes:
        spec: The model.
        tokens: What would be sent, estimated.
        dollars: US dollars; None where the price is not known here.
    """

    spec: str
    tokens: int
    dollars: float | None

    def __str__(self) -> str:
        """A sentence for the user to agree to."""
        start = f"{self.spec} would read about {self.tokens:,} tokens"
        if self.dollars is None:
            return f"{start}; what it charges for them is not known here."
        about = (
            f"less than ${_SMALLEST_USD}"
            if self.dollars < _SMALLEST_USD
            else f"about ${self.dollars:,.2f}"
        )
        return f"{start}, which would cost {about} (an estimate, with prices of {PRICES_OF})."


def cost_of(spec: str, tokens: int, settings: Settings | None = None) -> Cost | None:
    """What ``tokens`` would cost; None where the text would stay on this machine.

    Args:
        spec: Any spec.
        tokens: As the model's ``count_tokens`` gives them.
        settings: Tell whether ``openai:`` is a server of the user's own, which has no known price.

    Raises:
        UsageError: The spec cannot be read.
    """
    parsed = parse_spec(spec)
    address = _address(parsed, settings)
    if address is None or is_loopback(address):
        return None
    price = PER_MILLION_USD.get(f"{parsed.provider}:{parsed.model}")
    own = address != _address(ModelSpec(parsed.provider, parsed.model), None)
    known = None if price is None or own else price * tokens / 1e6
    return Cost(str(parsed), tokens, known)


def estimate(
    spec: str, texts_tokens: Iterable[int], settings: Settings | None = None
) -> Cost | None:
    """The cost of texts whose tokens are counted one by one; see ``cost_of``."""
    return cost_of(spec, sum(texts_tokens), settings)


def _address(spec: ModelSpec, settings: Settings | None) -> str | None:
    """Where text of this spec would go; None if no service computes it."""
    from rag_app.embeddings import hosted, openai_api

    if spec.provider == "openai":
        return openai_api.address_of(settings) if settings else openai_api.ADDRESS
    service = hosted.SERVICES.get(spec.provider)
    return spec.options.get("base_url", service.address).rstrip("/") if service else None
