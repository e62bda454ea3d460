"""Several processes, one history: moments are joined, and nothing hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from ogive.health.moments import Units  # noqa: E402

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or os.name != "posix", reason="needs gloo"
)

WORKER = """
import os, sys
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def work(rank, size, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 2))
    with torch.no_grad():
        model[0].bias[0] = -100.0  # dead everywhere
        model[0].weight[1] = torch.tensor([50.0, 0, 0, 0, 0, 0])
        model[0].bias[1] = -100.0  # alive for the large samples of the second process alone
    model = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), 0.001)
    x = torch.randn(32, 6)
    x[16:, 0] += 5.0
    y = torch.arange(32) % 2
    part = slice(16 * rank, 16 * rank + 16)
    for step in range(8):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[part]), y[part]).backward()
        optimizer.step()
        if len(sys.argv) > 1 and sys.argv[1] == "die" and rank == 1 and step == 5:
            os._exit(3)
        if step == 5 and len(sys.argv) > 1:
            break
    dist.destroy_process_group()


if __name__ == "__main__":
    import torch.multiprocessing as mp
    folder = os.path.dirname(os.path.abspath(__file__))
    if "RANK" in os.environ:
        work(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), folder)
    else:
        mp.spawn(work, args=(2, folder), nprocs=2)
"""


def test_moments_are_joined_as_if_they_were_of_one_batch() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.standard_normal((n, 4)) * s + s for n, s in ((10, 1.0), (30, 5.0), (7, 0.1))]
    units = [Units(len(p), p.mean(0), p.var(0), p.mean(0) ** 2) for p in parts]
    joined = units[0].joined(units[1]).joined(units[2])
    whole = np.concatenate(parts)
    assert joined.count == len(whole)
    np.testing.assert_allclose(joined.mean, whole.mean(0), rtol=1e-12)
    np.testing.assert_allclose(joined.variance, whole.var(0), rtol=1e-12)


def _ogive(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ogive", "check", "train.py", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OGIVE_CHECK_DEBUG": "1", **variables},
    )


def test_spawned_processes_are_watched_and_judged_together(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(WORKER, encoding="utf-8")
    out, err = _ogive(tmp_path).communicate(timeout=100)
    assert "8 steps, 8 of them looked at in 2 processes" in out, err
    import json

    figures = json.loads((tmp_path / "ogive-check" / "checkup.json").read_text("utf-8"))
    relu = figures["history"]["activations"]["relu after 0"]
    assert relu["last_alive"][:2] == [-1, 7], "alive in the second process alone"
    # Gradients were averaged: the parameters are those of one process.
    assert len(figures["history"]["parameters"]["0.weight"]["steps"]) == 8


def test_processes_that_were_started_one_by_one_tell_once(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(WORKER, encoding="utf-8")
    ranks = [_ogive(tmp_path, RANK=str(rank), WORLD_SIZE="2") for rank in (0, 1)]
    (out, err), (other, _) = (rank.communicate(timeout=100) for rank in ranks)
    assert "in 2 processes" in out, err
    assert other.strip() == ""


def test_a_process_that_dies_leaves_no_hang(tmp_path: Path) -> None:
    script = WORKER.replace(
        "import os, sys", "import os, sys\nimport ogive.health.ranks as r\nr.PATIENCE = 2.0"
    )
    (tmp_path / "train.py").write_text(script, encoding="utf-8")
    ranks = [_ogive(tmp_path, "--", "die", RANK=str(rank), WORLD_SIZE="2") for rank in (0, 1)]
    out, err = ranks[0].communicate(timeout=100)
    ranks[1].communicate(timeout=100)
    assert ranks[1].returncode == 3
    assert "of them looked at" in out, err
