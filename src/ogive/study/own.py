"""A person's own code, named as ``module:attribute`` or ``file.py:attribute``.

It is found again by that name in every worker, and the SHA-256 of the files that it stands in is
part of a run's key: after a change its runs are made anew. Those are the file that it is named in
and, where that only passes it on, the files in which it and the classes that it derives from are
written. What else these files import is not looked at.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["as_declared", "fingerprint", "is_reference", "load", "reference_to"]


def is_reference(word: str) -> bool:
    """Tell whether `word` looks like ``module:attribute`` or ``file.py:attribute``.

    Parameters
    ----------
    word : str
        As a declaration has it.

    Returns
    -------
    bool
        Only the form counts: nothing is looked for or imported.

    Examples
    --------
    >>> is_reference("my_package.units:Wave"), is_reference("mlp:64x3"), is_reference("relu")
    (True, False, False)
    """
    place, _, attribute = word.rpartition(":")
    if not place or not all(part.isidentifier() for part in attribute.split(".")):
        return False
    return place.endswith(".py") or all(part.isidentifier() for part in place.split("."))


def load(reference: str) -> Any:
    """Return what `reference` names.

    Parameters
    ----------
    reference : str
        ``module:attribute``, the module being importable from here or from the current folder, or
        ``path/to/file.py:attribute``; a dotted attribute is looked up step by step.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If there is no such module, file or attribute, or it fails as it is imported; the message
        says which, in one line.

    Examples
    --------
    >>> load("math:tau")
    6.283185307179586
    """
    place, attribute = _parts(reference)
    found: Any = _module(place)
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise ValueError(f"{reference!r}: {place} has no {name!r}") from None
    return found


def fingerprint(reference: str) -> str:
    """Return the SHA-256 of the code that `reference` names, as its files are now.

    A module without a file of its own (built in, or part of the interpreter) is named instead.
    Where it or its bases are written in torch, Ogive or Python itself, those files do not count.

    Parameters
    ----------
    reference : str
        As for `load`, which imports it.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        As for `load`.

    Examples
    --------
    >>> len(fingerprint("fractions:Fraction"))
    64
    """
    place, _ = _parts(reference)
    digests = [_digest(place, getattr(_module(place), "__file__", None))]
    for module in _written_in(load(reference)):
        digest = _digest(module, getattr(sys.modules.get(module), "__file__", None))
        if digest not in digests:
            digests.append(digest)
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def as_declared(reference: str, source: str) -> Any:
    """Return what `reference` names, if its code is still the one with the fingerprint `source`.

    Parameters
    ----------
    reference : str
        As for `load`.
    source : str
        The `fingerprint` when the study was declared.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If it has changed, and as for `load`: a run would be kept under a key that is not its own.

    Examples
    --------
    >>> as_declared("math:tau", fingerprint("math:tau"))
    6.283185307179586
    """
    if fingerprint(reference) != source:
        raise ValueError(f"{reference} has changed since the study was declared: start it again")
    return load(reference)


def _written_in(thing: Any) -> list[str]:
    """Return the modules of other people in which a class and its bases, or a function, stand."""
    bare = inspect.unwrap(getattr(thing, "func", thing))
    found = [getattr(each, "__module__", None) for each in getattr(bare, "__mro__", (bare,))]
    return [
        module
        for module in dict.fromkeys(found)
        if isinstance(module, str)
        and module.partition(".")[0] not in {"ogive", "torch", *sys.stdlib_module_names}
    ]


def _digest(place: str, file: str | None) -> str:
    content = place.encode() if file is None else Path(file).read_bytes()
    return hashlib.sha256(content).hexdigest()


def reference_to(thing: Any) -> str:
    """Return the reference under which a class or function can be found again.

    Parameters
    ----------
    thing : object
        A class or function at the top of a module.

    Returns
    -------
    str
        ``module:name``, or ``/path/to/file.py:name`` for what stands in the main file.

    Raises
    ------
    ValueError
        If another process could not find it: it is local to a function, has no name (lambda), or
        was typed into an interpreter.

    Examples
    --------
    >>> from fractions import Fraction
    >>> reference_to(Fraction)
    'fractions:Fraction'
    """
    module = getattr(thing, "__module__", None)
    name = getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        raise ValueError(f"{thing!r} has no name by which a worker could find it: use a function")
    place = module
    if module == "__main__":
        # A worker has another main module: it loads the file under another name.
        file = getattr(sys.modules["__main__"], "__file__", None)
        if file is None:
            raise ValueError(
                f"{name} was typed into an interpreter, where no worker can find it: put it into "
                "a file, and name it as 'file.py:" + name + "'"
            )
        place = os.path.abspath(file)
    reference = f"{place}:{name}"
    if not is_reference(reference):
        raise ValueError(f"{name} is no name at the top of a module: workers could not find it")
    return reference


def _parts(reference: str) -> tuple[str, str]:
    if not is_reference(reference):
        raise ValueError(f"{reference!r} is not of the form module:attribute or file.py:attribute")
    place, _, attribute = reference.rpartition(":")
    return place, attribute


def _module(place: str) -> ModuleType:
    # Sooner an import of a person's own file from where the command was given than 'no module'.
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    try:
        return _file(os.path.abspath(place)) if place.endswith(".py") else _named(place)
    except ValueError:
        raise
    except SystemExit:
        raise ValueError(
            f"importing {place} ends Python by sys.exit: put what it does as a script under "
            "`if __name__ == '__main__':`"
        ) from None
    except Exception as error:  # whatever a person's own code raises as it is imported
        said = " ".join(str(error).split())
        raise ValueError(f"importing {place} failed: {type(error).__name__}: {said}") from error


def _named(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ValueError(f"there is no module {name!r} to import") from None
        raise


def _file(path: str) -> ModuleType:
    if not os.path.isfile(path):
        raise ValueError(f"there is no file {path}")
    return _loaded(path, hashlib.sha256(Path(path).read_bytes()).hexdigest())


class _AsItIs(SourceFileLoader):
    """Compiles what a file holds, and never takes what was compiled before.

    Python knows compiled code by the time and size of its source, in whole seconds: an edit right
    after a load, of the same length, would be overlooked.
    """

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Know of no time: then nothing is looked for beside the file, or left there."""
        raise OSError(f"{path} is compiled anew")


@cache
def _loaded(path: str, digest: str) -> ModuleType:
    """Load a file once for each of its contents."""
    name = "ogive_own_" + hashlib.sha256(path.encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(name, path, loader=_AsItIs(name, path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
