"""The examination that is recorded is that of these checks, and says what the documents say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[1]
EXAM = ROOT / "benchmarks" / "checkup"


@pytest.fixture(scope="module")
def exam() -> Any:
    """The modules of the examination, whose names are short."""
    before = list(sys.path)
    sys.path.insert(0, str(EXAM))
    try:
        import run
        import tables

        yield run, tables
    finally:
        sys.path[:] = before


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "checkup_exam.json").read_text(encoding="utf-8"))


def test_the_record_is_of_these_checks(exam: Any, recorded: dict[str, Any]) -> None:
    _, tables = exam
    assert recorded["judged by"] == tables.fingerprint(), (
        "the code that judges has changed since the examination: run `make checkup-exam`"
    )


def test_the_record_is_of_these_programs(exam: Any, recorded: dict[str, Any]) -> None:
    run, _ = exam
    programs = run.programs()
    rows = {row["name"]: row for row in recorded["programs"]}
    assert set(rows) == set(programs)
    for name, program in programs.items():
        assert rows[name]["faults"] == list(program.faults), name
        assert rows[name]["half"] == run.half(name)
        assert "missing" not in rows[name], f"{name} was not run"


def test_there_are_enough_programs_of_every_kind(recorded: dict[str, Any]) -> None:
    rows = recorded["programs"]
    assert sum(bool(row["faults"]) for row in rows) >= 60
    assert sum(not row["faults"] for row in rows) >= 120
    for kind in ("mlp", "cnn", "rnn", "transformer"):
        for faulty in (True, False):
            assert any(row["kind"] == kind and bool(row["faults"]) == faulty for row in rows)


def test_few_healthy_programs_are_alarmed(recorded: dict[str, Any]) -> None:
    for halves in ("A", "B", "AB"):
        well = [r for r in recorded["programs"] if not r["faults"] and r["half"] in halves]
        alarmed = [row["name"] for row in well if row["found"]]
        assert len(alarmed) < 0.02 * len(well), alarmed


def test_the_page_is_that_of_the_record(exam: Any, recorded: dict[str, Any]) -> None:
    _, tables = exam
    page = (ROOT / "docs" / "checkup_exam.md").read_text(encoding="utf-8")
    assert page == tables.page(recorded["programs"])


def test_a_program_is_examined_as_recorded(
    exam: Any, recorded: dict[str, Any], tmp_path: Path
) -> None:
    """A few quick programs of both kinds are run again."""
    run, _ = exam
    rows = {row["name"]: row for row in recorded["programs"]}
    quick = {"mlp-softmax-layer", "mlp-relu-output-regression", "mlp-tanh", "binary-xor"}
    assert quick <= set(rows)
    run.run_all(sorted(quick), tmp_path, jobs=1)
    for name in quick:
        found = run.judge(name, tmp_path)
        assert found["crashed"] == []
        assert (found["found"], found["right"]) == (rows[name]["found"], rows[name]["right"]), name
