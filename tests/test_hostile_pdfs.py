"""Odd and hostile PDFs through the worker processes: each is read or refused, none does harm.

The short form is in every run of the tests; ``make stress`` takes all files. How near their text is
to that of ``pdftotext`` is measured by ``benchmarks/pdf_text.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from embeddings_samples import settings_in
from ingest_samples import DATA, needs_data

from ingest.rehearse import rehearse

FILES = sorted((DATA / "pdfs").glob("*.pdf"))
LIMITS = {"parse_seconds": 60.0, "parse_memory_mb": 1000, "ocr": "off"}
LONGEST_REASON = 500


@needs_data
@pytest.mark.parametrize(
    "step", [14, pytest.param(1, marks=[pytest.mark.stress, pytest.mark.timeout(0)])]
)
def test_every_file_is_accounted_for(tmp_path, step):
    paths = FILES[::step]
    report = rehearse(paths, settings_in(tmp_path, **LIMITS))
    assert sorted(Path(one.path) for one in report.outcomes) == paths
    read = [one for one in report.outcomes if one.state == "added"]
    assert len(read) > len(paths) / 2
    for one in read:
        assert one.characters > 0, one
        assert one.seconds < LIMITS["parse_seconds"], one
        assert (one.peak_mb or 0) < LIMITS["parse_memory_mb"], one
    for one in report.outcomes:
        if one.state in {"failed", "skipped"}:
            assert one.reason.endswith((".", ").")), one
            assert "\n" not in one.reason
            assert len(one.reason) < LONGEST_REASON
            # What harms its worker is refused as well, but none of these may.
            for harm in ("crash", "takes more than", "MB of memory", "Error:"):
                assert harm not in one.reason, one
