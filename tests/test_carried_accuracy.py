"""That `make aarch64` can hold a machine to results that were computed on another."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import check_accuracy
import numpy as np
import pytest

TOOL = Path(__file__).parents[1] / "tools" / "carried_accuracy.py"


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, for one function. What it replaces in `check_accuracy` is put back."""
    spec = importlib.util.spec_from_file_location("carried_accuracy", TOOL)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec.loader.exec_module(module)
    monkeypatch.setattr(check_accuracy, "NAMES", ("softsign",))
    for name in ("points", "short_gradients"):
        monkeypatch.setattr(check_accuracy, name, getattr(check_accuracy, name))
    monkeypatch.setattr(sys, "argv", ["carried_accuracy.py"])
    return module


def test_a_wrong_result_is_told_from_a_right_one(
    carried: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ml_dtypes")
    right, wrong = str(tmp_path / "right.npz"), str(tmp_path / "wrong.npz")
    carried.pack(right)
    arrays = dict(np.load(right))
    arrays["softsign/float64/value/high"][-1] += 1
    arrays["softsign/bfloat16/backward/0"][:, 0x4000] += 1  # at 2, in both of what may be right
    np.savez(wrong, **arrays)

    assert carried.check(right) == 0
    assert "FAIL" not in capsys.readouterr().out
    assert carried.check(wrong) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert [line.split()[2:5] for line in failed] == [
        ["value", "softsign", "float64"],
        ["backward", "softsign", "bfloat16"],
    ]
