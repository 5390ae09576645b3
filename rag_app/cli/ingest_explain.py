"""What ``ingest --explain FILE`` shows: every stage's output for one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_app.cli.output import counted, show

if TYPE_CHECKING:
    from ingest.stages import Stages

_SHOWN = 400
"""Characters of a text that are shown; --json has all of it."""


def show_stages(stages: Stages) -> None:
    """Shows all stages on standard output, long texts by their beginning."""
    show(f"file        {stages.path} ({stages.size_bytes:,} bytes)")
    show(f"SHA-256     {stages.document_id}")
    show(f"recognised  {stages.by_content} (its name says {stages.by_name})")
    show(f"loader      {stages.loader}")
    show(f"title       {stages.document.title or '—'}")
    for key, value in stages.document.metadata.items():
        show(f"metadata    {key}: {value}")
    if stages.document.warning:
        show(f"missing     {stages.document.warning}")
    _show_pages(stages)
    for heading in stages.document.headings:
        show(f"heading     page {heading.page}, level {heading.level}: {heading.title}")
    show(f"\n{counted(len(stages.chunks), 'passage')}, tokens of {stages.model}:")
    for chunk in stages.chunks:
        cut = ", longer than the model reads" if chunk.truncated else ""
        place = " > ".join(chunk.headings) or "no heading"
        show(f"\n[{chunk.ordinal}] page {chunk.page}, {chunk.tokens} tokens{cut}; {place}")
        show(_beginning(chunk.text))


def _show_pages(stages: Stages) -> None:
    for raw, clean in zip(stages.document.pages, stages.pages, strict=True):
        label = f" ({raw.label})" if raw.label else ""
        label += ", recognised on an image (OCR)" if raw.recognised else ""
        sizes = f"{len(raw.text):,} characters, cleaned {len(clean.text):,}"
        show(f"\npage {raw.number}{label}: {sizes}")
        show(f"  as read:  {_beginning(raw.text)!r}")
        show(f"  cleaned:  {_beginning(clean.text)!r}")


def _beginning(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
