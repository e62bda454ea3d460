"""Where a study's tasks are carried out: one engine a file, all behind `base.Workers`."""

from __future__ import annotations

import importlib
import inspect

from ogive.study import checked
from ogive.study.engines.base import Workers

__all__ = ["ENGINES", "by_name"]

ENGINES: dict[str, str] = {
    "local": "ogive.study.engines.local:LocalWorkers",
    "ray": "ogive.study.engines.on_ray:RayWorkers",
    "slurm": "ogive.study.engines.slurm:SlurmWorkers",
}
"""Each engine by name, with the class that it is: a name, so that only the chosen one loads."""


def by_name(name: str, *, address: str | None = None, **options: object) -> Workers:
    """Return the workers of an engine, not started yet.

    Parameters
    ----------
    name : {"local", "ray", "slurm"}
        Processes of this machine; a Ray cluster; jobs of Slurm.
    address : str, optional
        Of a Ray cluster that is running; without one, Ray is started on this machine.
    **options
        Of the engine: see its class.

    Returns
    -------
    Workers

    Raises
    ------
    ValueError
        If there is no such engine, or it has no such option or address.
    ModuleNotFoundError
        If a package that the engine needs is not installed.

    Examples
    --------
    >>> type(by_name("local")).__name__
    'LocalWorkers'
    """
    module, _, attribute = ENGINES[checked.one_of("an engine", name, tuple(ENGINES))].partition(":")
    engine = getattr(importlib.import_module(module), attribute)
    given = dict(options)
    if address is not None:
        given["address"] = address
    known = tuple(inspect.signature(engine).parameters)
    for option in given:
        if not known:
            raise ValueError(f"the engine {name!r} has no options, and was given {option!r}")
        checked.one_of(f"an option of the engine {name!r}", option, known)
    workers: Workers = engine(**given)
    return workers
