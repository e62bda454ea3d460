"""The compiled way into the native loops: what it computes, and what happens where it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SUBJECTS = (
    "values",
    "derivatives",
    "inplace",
    "input",
    "memory",
    "overrides",
    "modules",
    "network",
)

DIGEST = """
import hashlib, torch
from ogive.catalog import CATALOG
from ogive.torch.autograd import Elementwise, EXTENSION
assert (EXTENSION is not None) == {compiled}, EXTENSION
digest = hashlib.sha256()
for name, record in CATALOG.items():
    function = Elementwise(name, saves_result=name == "relu")
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = torch.linspace(-9.0, 9.0, 1001).to(dtype)
        x = torch.cat([x, torch.tensor([torch.inf, -torch.inf, torch.nan], dtype=dtype)])
        for input in (x, x[:1000].reshape(4, -1).T, x[::2], x[:1000].reshape(10, 10, 2, 5).to(
            memory_format=torch.channels_last)):
            input = input.detach().requires_grad_()
            value = function(input, *record.defaults().values())
            (grad,) = torch.autograd.grad(value, input, torch.full_like(value, 3.0))
            for result in (value, grad):
                assert result.stride() == torch.empty_like(input).stride()
                digest.update(result.detach().double().contiguous().numpy().tobytes())
print(digest.hexdigest())
"""


def environment(cache: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "OGIVE_CACHE_DIR": str(cache),
        "OGIVE_TORCH_EXTENSION": "1",
        "OMP_NUM_THREADS": "1",
        **more,
    }


def python(*arguments: str, cache: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=TESTS.parent,
        env=environment(cache, **more),
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the extension has been compiled."""
    folder = tmp_path_factory.mktemp("cache")
    result = python("-m", "ogive", "torch-extension", cache=folder)
    assert result.returncode == 0, result.stderr
    (file,) = folder.rglob("*.so")
    assert result.stdout == f"compiled {file}\n"
    return folder


def test_both_ways_give_the_same_bits(cache: Path):
    digests = []
    for switch in ("0", "1"):
        code = DIGEST.format(compiled=switch == "1")
        result = python("-c", code, cache=cache, OGIVE_TORCH_EXTENSION=switch)
        assert result.returncode == 0, result.stderr
        digests.append(result.stdout)
    assert digests[0] == digests[1]


def test_the_tests_of_the_functions_pass_with_it(cache: Path):
    files = [str(TESTS / f"test_torch_{subject}.py") for subject in SUBJECTS]
    result = python("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files, cache=cache)
    assert result.returncode == 0, result.stdout[-4000:]


GRAPH = """
import torch
from ogive.torch import functional
x = torch.tensor([-1.0, 2.0], requires_grad=True)
deep = x
for _ in range(100_000):
    deep = functional.relu(deep)
deep.sum().backward()
assert x.grad.tolist() == [0.0, 1.0]
del deep
y = functional.sigmoid(x)
assert y.grad_fn.name() == "Eager_sigmoidBackward"
y.sum().backward(retain_graph=True)
y.sum().backward()
try:
    y.sum().backward()
except RuntimeError as error:
    assert "second time" in str(error), error
else:
    raise AssertionError("the graph should be gone")
z = functional.sigmoid(hidden := x * 1.0)
hidden.add_(1.0)
try:
    z.sum().backward()
except RuntimeError as error:
    assert "modified by an inplace operation" in str(error), error
else:
    raise AssertionError("what was saved was changed")
"""


def test_its_nodes_are_torchs(cache: Path):
    result = python("-c", GRAPH, cache=cache)
    assert result.returncode == 0, result.stderr


def test_a_file_that_does_not_load_is_told_of_and_done_without(cache: Path, tmp_path: Path):
    (file,) = cache.rglob("*.so")
    broken = tmp_path / file.relative_to(cache)
    broken.parent.mkdir()
    broken.write_bytes(b"not a library")
    code = "import torch, ogive.torch as t; print(t.functional.relu(torch.tensor(-1.0)).item())"
    result = python("-c", code, cache=tmp_path)
    assert (result.returncode, result.stdout) == (0, "0.0\n")
    assert f"RuntimeWarning: {broken} does not load" in result.stderr
    assert "`ogive torch-extension` compiles it again" in result.stderr


def test_remove(tmp_path: Path):
    result = python("-m", "ogive", "torch-extension", "--remove", cache=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith("there is none at ")


@pytest.mark.parametrize(
    ("compiler", "told"),
    [
        ("no-such-compiler", "there is no C++ compiler 'no-such-compiler': install one"),
        ("false", "false cannot compile extension.cpp for torch "),
    ],
)
def test_without_a_working_compiler_it_says_so(compiler: str, told: str, tmp_path: Path):
    result = python("-m", "ogive", "torch-extension", cache=tmp_path, CXX=compiler)
    assert result.returncode == 2
    assert result.stderr.startswith(f"ogive: {told}")
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("*.so"))


def test_a_folder_that_cannot_be_written_to(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    result = python("-m", "ogive", "torch-extension", cache=file)
    assert result.returncode == 2
    assert result.stderr.startswith(f"ogive: cannot write {file}")
