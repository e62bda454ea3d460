"""What is known of a data set before it is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec

from ogive.extras import distribution
from ogive.study import own
from ogive.study.data.dataset import InputKind
from ogive.study.options import Option, Value

__all__ = ["DataKind"]


@dataclass(frozen=True)
class DataKind:
    """One data set, or one way to get at a person's own.

    Parameters
    ----------
    name : str
        Its name in a declaration.
    about : str
        What it is, for a reader who has never heard of it: a sentence for the list, and what else
        there is to say.
    inputs : {"vectors", "images", "sequences", "tokens"} or None
        How the inputs are to be read; None where only the data tell.
    loader : str
        The function that makes it, as ``module:function``. It is called with the path, if there
        is one, and the options, and returns a `Dataset`.
    rows, shape, classes : str
        How many rows (with "+" before those of a test part of its own), numbers of one row's input
        and classes there are; empty where only the data tell. With options, as by default.
    options : tuple of Option
        What can be chosen.
    path : {"none", "optional", "needed"}
        Whether a path follows the name: ``cifar10:/data/cifar-10-batches-py``.
    modules : tuple of str
        Libraries that it needs, as they are imported.
    brought_by : tuple of str
        Libraries that bring the data: not needed where a path is given.
    files : tuple of str
        What must be there where no path is given.
    varies : bool
        Whether what stands there differs between machines: then it is part of a run's key.
    best : str
        The function, as ``module:function``, that returns from the options the accuracy that no
        classifier exceeds on average; empty where nobody knows it.
    licence : str
        Under which it may be used, as its source says.
    get : str
        How to get what is not there.
    source : str
        Where it comes from.
    """

    name: str
    about: str
    inputs: InputKind | None
    loader: str
    rows: str = ""
    shape: str = ""
    classes: str = ""
    options: tuple[Option, ...] = ()
    path: str = "none"
    modules: tuple[str, ...] = ()
    brought_by: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    varies: bool = False
    best: str = ""
    licence: str = ""
    get: str = ""
    source: str = ""

    @property
    def summary(self) -> str:
        """The first sentence of what it is."""
        return self.about.split(". ")[0].rstrip(".") + "."

    @property
    def how(self) -> str:
        """How to get what is not there: `get`, and for what is read from a path its libraries."""
        absent = [distribution(name) for name in self.modules if find_spec(name) is None]
        if self.path != "needed" or not absent:
            return self.get
        return f"{self.get}; pip install {' '.join(absent)}"

    def missing(self, path: str = "") -> tuple[str, ...]:
        """Return what is not there: libraries, and files unless they are given by a path.

        Parameters
        ----------
        path : str
            Of the data, where one is given: then neither `brought_by` nor `files` is needed.

        Returns
        -------
        tuple of str
            Names of libraries as they are imported, and of files; empty where all is there.

        Examples
        --------
        >>> DataKind("x", "A set.", None, "", modules=("numpy", "no_such")).missing()
        ('no_such',)
        """
        modules = self.modules if path else self.modules + self.brought_by
        files = () if path else self.files
        absent = [name for name in modules if find_spec(name) is None]
        return (*absent, *(file for file in files if not os.path.exists(file)))

    def best_of(self, options: dict[str, Value]) -> float | None:
        """Return the accuracy that no classifier exceeds on average; None where it is unknown.

        Parameters
        ----------
        options : dict
            Every option of the kind, with its value.

        Returns
        -------
        float or None
            In [0, 1].

        Examples
        --------
        >>> kind = DataKind("x", "A set.", None, "", best="ogive.study.data.synthetic:noise_best")
        >>> kind.best_of({"classes": 4})
        0.25
        """
        if not self.best:
            return None
        found: float = own.load(self.best)(**options)
        return found
