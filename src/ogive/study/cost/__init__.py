"""What an activation costs on one machine: alone, and in a network that is trained.

`spec` names a measurement as data, `rounds` takes readings in turns, `others` says how busy the
machine was beside, `memory` what a forward pass keeps, `alone` and `network` what is timed;
`measured` puts them together. Reading this package loads no torch; measuring does.
"""

from __future__ import annotations

from typing import Any

from ogive.study.cost.spec import CostSpec, cost_specs
from ogive.study.data import Dataset

__all__ = ["CostSpec", "cost_specs", "measure"]


def measure(spec: CostSpec, dataset: Dataset | None = None) -> dict[str, Any]:
    """Measure what `spec` asks for, on this machine, now.

    Parameters
    ----------
    spec : CostSpec
        What to measure.
    dataset : Dataset, optional
        The data that `spec` names, when the caller has it loaded already.

    Returns
    -------
    dict
        A record, as the store keeps it: ``key``, ``spec``, ``alone`` and ``network`` by the
        activations' labels, ``rounds``, ``busy``, ``flagged``, ``extension``,
        ``environment``. See `ogive.study.cost.measured.measured`.

    Raises
    ------
    ValueError
        If `spec` is of another machine.

    Examples
    --------
    >>> from ogive.study import Study
    >>> spec = cost_specs(Study(activations=("relu",)))[0]
    >>> record = measure(spec)  # doctest: +SKIP
    """
    # Only now: a declaration is read, and its measurements are named, without torch.
    from ogive.study.cost.measured import measured

    return measured(spec, spec.data.load() if dataset is None else dataset)
