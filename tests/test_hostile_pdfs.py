"""Odd and hostile PDFs through the worker processes: each is read or refused, none does harm.

The short form is in every run of the tests; ``make stress`` takes all files. How near their text is
to that of ``pdftotext`` is measured by ``benchmarks/pdf_text.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ingest_samples import DATA, needs_data

from ingest.limits import Limits
from ingest.load import LoadOptions
from ingest.plan import Task
from ingest.pool import Readers
from rag_app.errors import DocumentError

FILES = sorted((DATA / "pdfs").glob("*.pdf"))
LIMITS = Limits(seconds=60, memory_mb=1000, workers=2)
LONGEST_REASON = 500


def read(paths: list[Path]) -> dict[str, str]:
    """Each file by name: why it was refused, or nothing."""
    readers = Readers(LoadOptions(ocr="off"), LIMITS)
    found = {}
    try:
        for turn in readers.turns([Task(path.name, (path,)) for path in paths]):
            (path,) = turn.task.paths
            assert path.name not in found
            try:
                head, parts = turn.read()
                texts = [one.page.text for part in parts for one in part.sections]
            except DocumentError as error:
                found[path.name] = str(error)
            else:
                found[path.name] = ""
                assert any(texts), path.name
                assert head.characters > 0
                assert head.seconds < LIMITS.seconds
                assert head.peak_mb is None or head.peak_mb < LIMITS.memory_mb
    finally:
        readers.close()
    return found


@needs_data
@pytest.mark.parametrize(
    "step", [14, pytest.param(1, marks=[pytest.mark.stress, pytest.mark.timeout(0)])]
)
def test_every_file_is_accounted_for(step):
    paths = FILES[::step]
    assert paths
    found = read(paths)
    assert list(found) == [path.name for path in paths]
    refused = {name: reason for name, reason in found.items() if reason}
    assert 0 < len(refused) < len(paths) / 2
    for name, reason in refused.items():
        assert reason.startswith(name), reason
        assert reason.endswith((".", ").")), reason
        assert "\n" not in reason
        assert len(reason) < LONGEST_REASON
        # A file that harms its worker is refused as well, but none of these may.
        for harm in ("crash", "takes more than", "memory", "Error:"):
            assert harm not in reason, reason
