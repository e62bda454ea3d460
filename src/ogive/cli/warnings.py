"""Warnings of the store as one line each, without the place in the code."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click


@contextmanager
def warnings_in_one_line() -> Iterator[None]:
    """Print each `StoreWarning` as a line on standard error; leave other warnings as they are."""
    from ogive.study import StoreWarning

    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, StoreWarning):
                click.echo(f"ogive: {message}", err=True)
            else:
                usual(message, category, filename, lineno, file, line)

        warnings.simplefilter("always", StoreWarning)
        warnings.showwarning = show
        yield
