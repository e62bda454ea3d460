"""The compiled way into the native loops: built on the user's machine, for the torch that is there.

A call of an elementwise function goes through Python's `torch.autograd.Function`, which costs more
than the function does on a small tensor. `extension.cpp` does the same in C++. It depends on the
inside of torch, which has no stable interface for nodes of a graph, so that no wheel can bring it:
`ogive torch-extension` compiles it, once for every version of torch. Without it everything works,
with the same results.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import warnings
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import torch

__all__ = ["CannotBuildError", "build", "load", "location"]

_NAME = "ogive_torch_extension"
_SOURCE = Path(__file__).with_suffix(".cpp")


class CannotBuildError(RuntimeError):
    """The extension cannot be compiled here; the message says why."""


def location() -> Path:
    """Return where the extension lies, or would lie, for this torch and this Python.

    Returns
    -------
    pathlib.Path
        Within ``$OGIVE_CACHE_DIR``, or else ``ogive`` in the user's cache folder
        (``$XDG_CACHE_HOME``, ``~/.cache``). The name changes with the versions of torch and Python
        and with the source.

    Examples
    --------
    >>> from ogive.torch import extension
    >>> extension.location().name
    'ogive_torch_extension.so'
    """
    own = os.environ.get("OGIVE_CACHE_DIR")
    cache = os.environ.get("XDG_CACHE_HOME")
    folder = Path(own) if own else (Path(cache) if cache else Path.home() / ".cache") / "ogive"
    source = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    key = f"torch-{torch.__version__}-{sys.implementation.cache_tag}-{source}"
    return folder / key / f"{_NAME}.so"


def _command(compiler: str, result: Path) -> list[str]:
    root = Path(torch.__file__).parent
    include = root / "include"
    return [
        *shlex.split(compiler),
        "-std=c++20",
        "-O2",
        "-fPIC",
        "-shared",
        "-w",
        f"-I{include}",
        f"-I{include / 'torch' / 'csrc' / 'api' / 'include'}",
        f"-I{sysconfig.get_path('include')}",
        f"-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}",
        str(_SOURCE),
        "-o",
        str(result),
        f"-L{root / 'lib'}",
        *(["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []),
        "-ltorch_python",
        "-ltorch_cpu",
        "-lc10",
    ]


def build() -> Path:
    """Compile the extension and put it where `load` finds it.

    Returns
    -------
    pathlib.Path
        `location()`.

    Raises
    ------
    CannotBuildError
        If there is no compiler, it fails, or the folder cannot be written to. What was there before
        stays.

    Notes
    -----
    Takes about half a minute. The compiler is ``$CXX``, or else ``c++``; it has to know C++20.
    """
    target = location()
    compiler = os.environ.get("CXX") or "c++"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            result = Path(folder) / target.name
            done = subprocess.run(_command(compiler, result), capture_output=True, text=True)
            if done.returncode:
                told = [line for line in done.stderr.splitlines() if "error" in line]
                raise CannotBuildError(
                    f"{compiler} cannot compile {_SOURCE.name} for torch {torch.__version__}: "
                    f"{' '.join((told or done.stderr.splitlines() or ['no message'])[:1])}"
                )
            result.replace(target)
    except FileNotFoundError:
        raise CannotBuildError(
            f"there is no C++ compiler {compiler!r}: install one, or name it in CXX"
        ) from None
    except OSError as error:
        raise CannotBuildError(f"cannot write {target}: {error.strerror}") from None
    return target


def load() -> Any:
    """Return the extension's module, or None where it has not been compiled.

    Nothing is loaded if ``OGIVE_TORCH_EXTENSION`` is 0. One that does not load is told of in a
    warning, and done without.

    Examples
    --------
    >>> from ogive.torch import extension
    >>> module = extension.load()
    >>> module is None or hasattr(module, "Elementwise")
    True
    """
    if os.environ.get("OGIVE_TORCH_EXTENSION") == "0":
        return None
    file = location()
    if not file.exists():
        return None
    try:
        loader = ExtensionFileLoader(_NAME, str(file))
        spec = spec_from_file_location(_NAME, file, loader=loader)
        assert spec is not None
        module = module_from_spec(spec)
        loader.exec_module(module)
    except ImportError as error:
        warnings.warn(
            f"{file} does not load ({error}); `ogive torch-extension` compiles it again",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return module
