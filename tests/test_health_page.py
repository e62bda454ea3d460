"""The page of a check-up: self-contained, escaped, and drawn from whatever was seen."""

from __future__ import annotations

import doctest
import math
import pkgutil
import re
from html.parser import HTMLParser
from importlib import import_module

import pytest

pytest.importorskip("torch")
pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from test_health_checks import CASES, SAMPLES, healthy

import ogive.health
import ogive.page
from ogive.health.diagnosis import diagnose
from ogive.health.figures import figures
from ogive.health.findings import Finding, Severity
from ogive.health.history import History
from ogive.health.page import build_page, headline


class _Balanced(HTMLParser):
    """Raises where a tag is closed that was not opened last."""

    VOID = frozenset({"meta", "img", "br", "line", "path", "use", "polygon", "polyline", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [
            value
            for name, value in attrs
            if name in ("src", "href", "xlink:href")
            and value
            and not value.startswith(("data:", "#"))
        ]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def _read(page: str) -> _Balanced:
    parser = _Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.mark.parametrize("case", ["vanishing", "saturation", "lost", "softmax", "dead"])
def test_a_page_tells_what_was_found_and_needs_nothing_else(case: str) -> None:
    sick, _, _ = CASES[case]
    history = sick(healthy())
    findings = diagnose(history)
    page = build_page(history, findings, "train.py")
    parser = _read(page)
    assert parser.outside == []
    assert "<script" not in page
    for finding in findings:
        assert finding.title in page
        assert finding.remedy.split("'")[0][:40] in page
    assert page.count('class="plot"') == len(figures(history)) >= 5
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_names_of_a_person_are_escaped() -> None:
    history = healthy()
    history.networks = ["<b>Net</b>"]
    page = build_page(history, [], "a<i>b.py")
    _read(page)
    assert "<b>Net" not in page
    assert "a<i>b" not in page


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0])
def test_figures_are_drawn_of_whatever_was_seen(value: float) -> None:
    history = healthy()
    for each in history.by_depth():
        for name in ("rms", "share", "slope", "gradient_rms"):
            setattr(each, name, [value] * len(SAMPLES))
    for parameter in history.parameters.values():
        parameter.update_rms = [value] * len(SAMPLES)
    history.losses = [(step, value) for step in range(200)]
    history.landscape = [[value, 1.0], [0.5, 2.0]]
    _read(build_page(history, diagnose(history), "train.py"))


def test_nothing_and_a_single_sample_have_a_page_too() -> None:
    _read(build_page(History(), [], "train.py"))
    short = healthy(layers=1)
    short.sampled = short.sampled[:1]
    _read(build_page(short, [], "train.py"))


def test_a_flat_landscape_is_drawn_flat() -> None:
    history = healthy()
    history.landscape = [[1.0, 1.0 + 1e-8], [1.0, 1.0]]
    assert "spread 0<" in build_page(history, [], "train.py")


def test_the_headline_counts_what_is_grave() -> None:
    def of(*severities: Severity) -> str:
        return headline([Finding("k", s, "Units are dead.", [], "", "") for s in severities])

    assert of() == of(Severity.INFO) == "Nothing is wrong that this check-up knows of."
    assert of(Severity.ERROR, Severity.INFO) == "Units are dead."
    assert of(Severity.ERROR, Severity.ERROR) == "2 errors: units are dead."
    assert of(Severity.WARNING) == "Units are dead."


@pytest.mark.parametrize(
    "module",
    [
        found.name
        for package in (ogive.health, ogive.page)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ],
)
def test_examples_run(module: str) -> None:
    result = doctest.testmod(import_module(module))
    assert result.failed == 0
