"""The frame of the measurements: each writes its own part of the page, and ratios are of one run."""

from __future__ import annotations

from bench import __main__ as frame
from bench.result import Options, Result, quantile


def test_a_measurement_replaces_its_own_part_of_the_page_only(tmp_path, monkeypatch):
    monkeypatch.setattr(frame, "PAGE", tmp_path / "benchmarks.md")
    first, second = Result("CSV", 10, "rows/s", 100.0), Result("CSV", 20, "rows/s", 50.0, 25.0, "csv", "slow")
    frame.write_page("reading", "How fast files are read.", [first], rows=None)
    frame.write_page("idle", "What it costs.", [first], rows=None)
    before = frame.PAGE.read_text(encoding="utf-8")
    frame.write_page("reading", "How fast files are read.", [second], rows=20)
    page = frame.PAGE.read_text(encoding="utf-8")
    assert "| CSV | 20 | 50.0 rows/s | 25.0 (csv) | 2.00 | slow |" in page
    assert "`python -m bench reading --rows 20`" in page
    assert page.count("<!-- reading -->") == page.count("<!-- idle -->") == 1
    assert page[page.index("<!-- idle -->") :] == before[before.index("<!-- idle -->") :]


def test_every_measurement_can_be_named():
    assert {"idle", "reading"} <= set(frame.names())
    assert "result" not in frame.names()


def test_results_carry_their_ratio_and_sizes_their_default():
    assert Result("x", 1, "s", 3.0, 2.0, "y").figures()["ratio"] == 1.5
    assert Result("x", 1, "s", 3.0).figures()["ratio"] is None
    assert (Options().rows_or(7), Options(rows=3).rows_or(7)) == (7, 3)
    assert quantile([5.0, 1.0, 2.0, 3.0, 4.0], 0.95) == 5.0
