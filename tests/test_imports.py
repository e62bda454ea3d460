"""`import ogive` loads NumPy and nothing heavier."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("torch", "scipy", "sklearn", "click", "rich", "matplotlib", "jinja2", "plotext", "pandas")


def _loaded(statement: str) -> set[str]:
    """The top-level modules loaded after a statement, in a fresh interpreter."""
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout))


def test_import_loads_nothing_heavy() -> None:
    loaded = _loaded("import ogive")
    assert "numpy" in loaded
    assert not loaded & set(HEAVY)
    own = {name for name in loaded if name.startswith("ogive.")}
    upper = {"ogive.torch", "ogive.linear_model", "ogive.health", "ogive.study", "ogive.cli"}
    assert not own & upper


def test_use_loads_nothing_heavy() -> None:
    loaded = _loaded(
        "import ogive\n"
        "ogive.softmax([0.0, 1.0]); ogive.backward.elu(1.0, 2.0); ogive.grad.gelu(1.0)\n"
        "ogive.show_config(mode='dicts'); ogive.catalog.get('swish')"
    )
    assert not loaded & set(HEAVY)


def test_formulas_load_no_namespace_that_the_caller_has_not() -> None:
    loaded = _loaded("import numpy\nfrom ogive import formulas\nformulas.grad_silu(numpy.ones(3))")
    assert not loaded & set(HEAVY)


def test_star_import_is_what_it_says() -> None:
    loaded = _loaded(
        "from ogive import *\n"
        "from ogive.grad import *\n"
        "assert float(sigmoid(0.0)) == 0.25\n"
        "assert float(softplus(0.0)) == 0.5"
    )
    assert not loaded & set(HEAVY)
