"""``ogive check``: scripts run unchanged, every way to end has its line and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("rich")

TRAIN = """
import sys
import torch
from torch import nn
import helper

torch.manual_seed(0)
mode = sys.argv[1] if len(sys.argv) > 1 else "fine"
x = torch.randn(256, 8)
y = (x[:, 0] + x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), 1e-2)
for step in range(60):
    scores = model(x)
    if mode == "doubled":
        scores = scores.softmax(1)
    loss = nn.functional.cross_entropy(scores, y)
    optimizer.zero_grad()
    if mode == "untrained":
        continue
    loss.backward()
    if mode == "crash" and step == 20:
        raise ValueError("the script's own mistake")
    if mode == "leave" and step == 20:
        sys.exit("enough")
    if mode == "interrupt" and step == 20:
        raise KeyboardInterrupt
    if mode != "stepless":
        optimizer.step()
print(helper.WORD, __name__, sys.argv)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN, encoding="utf-8")
    (tmp_path / "helper.py").write_text("WORD = 'trained'\n", encoding="utf-8")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "train.py").write_text(TRAIN.replace("import helper", "from . import helper"))
    (package / "helper.py").write_text("WORD = 'as a module'\n", encoding="utf-8")
    (tmp_path / "empty.py").write_text("print('nothing')\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("import torch\n1 / 0\n", encoding="utf-8")
    return tmp_path


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ogive", "check", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_a_healthy_script_ends_with_0_and_runs_as_alone(folder: Path) -> None:
    result = check(folder, "train.py", "--", "fine", "--flag")
    assert result.returncode == 0, result.stderr
    assert "trained __main__ ['train.py', 'fine', '--flag']" in result.stdout
    assert "Nothing is wrong" in result.stdout
    assert "60 steps, 11 of them looked at" in result.stdout
    assert result.stderr == ""


def test_a_finding_ends_with_1_and_is_written_down(folder: Path) -> None:
    result = check(folder, "--picture", "--out", "out", "train.py", "doubled")
    assert result.returncode == 1, result.stderr
    assert "is given what came out of a softmax" in result.stdout
    assert "ln(e + 2 − 1) − 1 = 0.3133" in result.stdout
    figures = json.loads((folder / "out" / "checkup.json").read_text("utf-8"))
    (finding, *_) = figures["findings"]
    assert finding["kind"] == "softmax before cross-entropy"
    assert finding["severity"] == "error"
    assert figures["history"]["activations"]["relu after 0"]["units"] == 16
    page = (folder / "out" / "checkup.html").read_text("utf-8")
    assert "<svg" in page
    assert "is given what came out of a softmax" in page
    assert "data:image/png" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page)


def test_a_module_runs_as_python_runs_it(folder: Path) -> None:
    result = check(folder, "-m", "package.train", "--", "fine")
    assert result.returncode == 0, result.stderr
    assert "as a module __main__" in result.stdout


def test_steps_can_be_chosen(folder: Path) -> None:
    result = check(folder, "--first", "2", "--every", "20", "train.py")
    assert "60 steps, 4 of them looked at" in result.stdout


def test_a_script_that_crashes_shows_its_own_traceback_and_what_was_seen(folder: Path) -> None:
    result = check(folder, "train.py", "crash")
    assert result.returncode == 2
    assert "the script's own mistake" in result.stderr
    assert "runpy" not in result.stderr
    assert "ogive/health" not in result.stderr
    assert result.stderr.count("Traceback") == 1
    assert "20 steps, 10 of them looked at" in result.stdout
    assert (folder / "ogive-check" / "checkup.html").exists()


def test_a_script_that_leaves_early_is_judged(folder: Path) -> None:
    result = check(folder, "train.py", "leave")
    assert result.returncode == 0
    assert "20 steps" in result.stdout
    assert result.stderr.strip() == "enough"


def test_an_interruption_shows_what_was_seen(folder: Path) -> None:
    result = check(folder, "train.py", "interrupt")
    assert result.returncode == 130
    assert "20 steps" in result.stdout
    assert "Traceback" not in result.stderr


MISTAKES = {
    "no script": (["nowhere.py"], "there is no script nowhere.py"),
    "no module": (["-m", "no.such.module"], "there is no module no.such.module"),
    "nothing trained": (["empty.py"], "no network with parameters was called"),
    "no backward pass": (["train.py", "untrained"], "made no backward pass"),
    "no step": (["train.py", "stepless"], "never made a step of an optimiser"),
    "crash at once": (["broken.py"], "ended with ZeroDivisionError"),
    "every": (["--every", "0", "train.py"], "0 is not in the range"),
    "no target": ([], "Missing argument 'SCRIPT'"),
    "folder is a file": (["--out", "helper.py", "train.py"], "helper.py is a file, not a folder"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_2(folder: Path, case: str) -> None:
    arguments, said = MISTAKES[case]
    result = check(folder, *arguments)
    assert result.returncode == 2
    own = [line for line in result.stderr.splitlines() if line.startswith("ogive: ")]
    assert len(own) == 1
    assert said in own[0]
    if case != "crash at once":
        assert result.stderr.strip() == own[0]


def test_a_script_that_ends_the_process_leaves_no_hang(folder: Path) -> None:
    (folder / "gone.py").write_text("import os\nos._exit(7)\n", encoding="utf-8")
    began = time.monotonic()
    assert check(folder, "gone.py").returncode == 7
    assert time.monotonic() - began < 60


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_reaches_the_script(folder: Path) -> None:
    (folder / "long.py").write_text(
        TRAIN.replace("range(60)", "range(10**9)").replace(
            "    scores = model(x)\n",
            "    if step == 30:\n        print('go', flush=True)\n    scores = model(x)\n",
        ),
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "ogive", "check", "long.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "go"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "of them looked at" in out
    assert "Traceback" not in err


def test_a_compiled_network_is_looked_into_from_the_first_step_on(folder: Path) -> None:
    script = TRAIN.replace(
        "optimizer = torch",
        "compiled = torch.compile(model, backend='aot_eager')\noptimizer = torch",
    ).replace("scores = model(x)", "scores = compiled(x)")
    (folder / "compiled.py").write_text(script, encoding="utf-8")
    result = check(folder, "compiled.py")
    assert result.returncode == 0, result.stderr
    figures = json.loads((folder / "ogive-check" / "checkup.json").read_text("utf-8"))
    relu = figures["history"]["activations"]["relu after 0"]
    assert relu["steps"] == [*range(10), 50]
    assert figures["history"]["notes"] == []
