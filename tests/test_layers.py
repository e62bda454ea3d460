"""Every floor imports only lower floors, and a function is in every place where it must be."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import truth

import ogive
from ogive import _core, formulas
from ogive.catalog import CATALOG

PACKAGE = Path(ogive.__file__).parent
NATIVE = Path(__file__).parents[1] / "native" / "functions.def"

# From the lowest to the highest; a module imports its own floor and those below.
FLOORS = {
    "_core": 0,
    "functions": 1,
    "torch": 2,
    "linear_model": 2,
    "page": 2,
    "bench": 2,
    "health": 3,
    "study": 4,
    "cli": 5,
}
FUNCTIONS = {
    "__init__",
    "backward",
    "catalog",
    "config",
    "docstrings",
    "extras",
    "formulas",
    "grad",
    "losses",
    "numpydoc",
    "parametric",
    "probabilities",
    "rows",
}
# `python -m ogive` is the command line.
ON_FLOOR = dict.fromkeys(FUNCTIONS, "functions") | {"__main__": "cli"}


def _floor(part: str) -> str:
    """The floor of a module, by the first part of its name within the package."""
    return ON_FLOOR.get(part, part)


def _sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _imported(path: Path) -> list[tuple[int, str]]:
    """Line and first name, within the package, of everything of Ogive's that a file imports."""
    package = [PACKAGE.name, *path.relative_to(PACKAGE).parent.parts]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == PACKAGE.name:
                # A name of the package itself, such as ogive.sigmoid, is on the functions' floor.
                part = parts[1] if len(parts) > 1 else "__init__"
                known = (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").exists()
                found.append((node.lineno, part if known or part == "_core" else "__init__"))
    return found


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_floor_imports_only_lower_floors(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    own = _floor(part)
    assert own in FLOORS, f"{path} is on no floor: name it in tests/test_layers.py"
    for line, imported in _imported(path):
        floor = _floor(imported)
        assert floor == own or FLOORS[floor] < FLOORS[own], (
            f"{path}:{line}: {own} imports {floor}, which is not below it"
        )


@pytest.mark.parametrize(
    ("module", "allowed"),
    [(name, {"numpy", "ogive"}) for name in sorted(FUNCTIONS - {"catalog"})],
)
def test_the_functions_import_numpy_at_most(module: str, allowed: set[str]) -> None:
    single = PACKAGE / f"{module}.py"
    files = [single] if single.exists() else sorted((PACKAGE / module).glob("*.py"))
    assert files
    for node in [node for file in files for node in ast.parse(file.read_text("utf-8")).body]:
        roots = set()
        if isinstance(node, ast.Import):
            roots = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots = {(node.module or "").partition(".")[0]}
        assert not {root for root in roots if not _standard(root)} - allowed


def _standard(module: str) -> bool:
    import sys

    return module in sys.stdlib_module_names


def test_the_native_rows_are_those_of_the_catalogue() -> None:
    row = re.compile(r"^[A-Z_]+\((\w+), (\d+)\)", re.MULTILINE)
    rows = {name: int(n) for name, n in row.findall(NATIVE.read_text(encoding="utf-8"))}
    assert rows == {name: len(record.parameters) for name, record in CATALOG.items()}


@pytest.mark.parametrize("name", CATALOG)
def test_a_function_is_in_every_place(name: str) -> None:
    operands = 1 + len(CATALOG[name].parameters)
    for prefix, nin in (("", operands), ("grad_", operands), ("backward_", operands + 1)):
        ufunc = getattr(_core, prefix + name, None)
        assert isinstance(ufunc, np.ufunc), f"native/functions.def has no row {name}"
        assert ufunc.nin == nin, f"native/functions.def: {prefix}{name} takes {ufunc.nin} operands"
    for prefix in ("", "grad_"):
        assert callable(getattr(formulas, prefix + name, None)), f"formulas.py: no {prefix}{name}"
    assert name in truth.VALUE, f"tests/truth.py: {name} is not in VALUE"
    assert name in truth.GRAD, f"tests/truth.py: {name} is not in GRAD"
    for module in (ogive, ogive.grad, ogive.backward):
        assert callable(getattr(module, name)), f"{module.__name__} has no {name}"


def test_torch_has_every_function_and_its_module() -> None:
    from ogive.torch import functional, nn

    for name in CATALOG:
        assert name in functional.__all__, f"ogive.torch.functional has no {name}"
        assert name in nn.MODULES, f"ogive.torch.nn.by_name: MODULES has no {name}"
    assert list(nn.MODULES) == list(CATALOG), "MODULES is not in the order of the catalogue"


def test_nothing_is_without_a_record() -> None:
    learned = {
        f"{name}_{parameter.name}"
        for name, record in CATALOG.items()
        for parameter in record.parameters
        if parameter.learned
    }
    native = {
        name.removeprefix("grad_").removeprefix("backward_")
        for name, thing in vars(_core).items()
        if isinstance(thing, np.ufunc) and thing.signature is None
    }
    portable = {name.removeprefix("grad_") for name in formulas.FORMULAS}
    assert native == portable == set(CATALOG) | learned
    assert set(truth.VALUE) == set(truth.GRAD) == set(CATALOG)
    assert {f"{name}_{parameter}" for name, parameter in truth.PARAMETER_GRAD} == learned


def test_one_version() -> None:
    import tomllib

    project = Path(__file__).parents[1] / "pyproject.toml"
    declared = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    assert declared == ogive.__version__
