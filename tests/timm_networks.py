"""timm's networks without torchvision, which they ask for and do not need."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Named(type):
    """A class whose attributes are their own names, as those of an enumeration."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class _Absent(metaclass=_Named):
    """In the place of every class and function of torchvision."""


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] != "torchvision":
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def create(name: str, **arguments: Any) -> Any:
    """`timm.create_model`, untrained."""
    finder = _Finder()
    sys.meta_path.append(finder)  # behind the others: torchvision itself is found where it is
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what timm imports
            import timm

            return timm.create_model(name, pretrained=False, **arguments)
    finally:
        sys.meta_path.remove(finder)
