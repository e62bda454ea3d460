"""The report: its parts, its numbers, its words; that it needs nothing and repeats exactly."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from synthetic_study import synthetic_runs

from ogive.page import wording
from ogive.study import findings
from ogive.study.declaration import Protocol, Study
from ogive.study.report import build_report, command
from ogive.study.results import Results, assemble
from ogive.study.statistics import Difference

HOSTILE = '<script>alert("no")</script>&<img src=x onerror=alert(1)>'
VOID = {"meta", "br", "img", "link", "hr", "input", "source", "wbr", "col"}


class Page(HTMLParser):
    """A strict reading of the page: every element closed where it must be, by the right tag."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[tuple[str, ...], str]] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute twice in {self.get_starttag_text()}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at line {self.getpos()[0]}"

    def handle_data(self, data: str) -> None:
        self.text.append((tuple(self.open), data))

    def words(self) -> str:
        shown = [t for path, t in self.text if "style" not in path and "svg" not in path]
        return " ".join(" ".join(shown).split())


def cells(html: str, kind: str) -> dict[str, str]:
    """Return the text of the spans of a class, by the activation of their row."""
    found = {}
    for name, row in re.findall(r'<tr data-activation="(\w+)"(.*?)</tr>', html, re.DOTALL):
        match = re.search(rf'<(span|small) class="{kind}">(.*?)</\1>', row, re.DOTALL)
        if match:
            found[name] = match[2]
    return found


@pytest.fixture(scope="module")
def results() -> Results:
    study = Study(seeds=4, name=HOSTILE)
    diverged = frozenset({study.main_runs()[5].key})
    return assemble(study, synthetic_runs(study, diverged))


@pytest.fixture(scope="module")
def html(results: Results) -> str:
    return build_report(results)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_well_formed(html: str, page: Page) -> None:
    assert html.startswith("<!doctype html>")
    identifiers = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(identifiers)) == len(identifiers)
    for text in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ElementTree.fromstring(text)


def test_needs_nothing_outside_itself(html: str, page: Page) -> None:
    assert "http:" not in html
    assert "https:" not in html
    assert "@import" not in html
    assert "@font-face" not in html
    assert not {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "embed"}
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            address = attributes.get(name)
            if address is not None:
                assert address.startswith(("data:image/png;base64,", "#")), (tag, name, address)
        assert not [name for name in attributes if name.startswith("on")], tag
    for address in re.findall(r"url\(([^)]*)\)", html):
        assert address.startswith("#"), address


def test_has_its_parts(page: Page, results: Results) -> None:
    identifiers = {a.get("id") for _, a in page.elements}
    parts = {"answer", "results", "curves", "gradient", "shapes", "maps", "method", "environment"}
    assert parts <= identifiers
    figures = [a for tag, a in page.elements if tag == "figure"]
    kinds = [a["class"] for a in figures]
    count = len(results.study.activations)
    assert kinds.count("curve") == 3
    assert kinds.count("gradient") == 8
    assert kinds.count("shape") == kinds.count("map") == count
    images = [a for tag, a in page.elements if tag == "img"]
    assert len(images) == count
    assert all(a["alt"] for a in images)
    assert all(a["aria-label"] for tag, a in page.elements if tag == "svg" and "role" in a)


def test_both_schemes_and_small_screens(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html
    assert "@media print" in html
    assert "tabular-nums" in html


def test_table_equals_the_results(html: str, results: Results) -> None:
    accuracy, sd = cells(html, "accuracy"), cells(html, "sd")
    difference, interval = cells(html, "difference"), cells(html, "interval")
    p, seconds = cells(html, "p"), cells(html, "seconds")
    reference = results.study.reference
    assert list(accuracy) == list(results.study.activations)
    assert reference not in difference
    for result in results.activations:
        name = result.activation
        assert result.mean is not None
        assert result.sd is not None
        assert result.seconds_per_epoch is not None
        assert accuracy[name] == f"{100 * result.mean:.2f}"
        assert sd[name] == f"± {100 * result.sd:.2f}"
        assert seconds[name] == f"{1000 * result.seconds_per_epoch:.3g} ms"
        if name == reference:
            continue
        assert result.difference is not None
        assert result.difference.lower is not None
        assert result.difference.upper is not None
        assert result.p_holm is not None
        shown = float(difference[name].replace("−", "-"))
        assert shown == pytest.approx(100 * result.difference.mean, abs=0.0051)
        low, high = (float(end.replace("−", "-")) for end in interval[name].split(" to "))
        assert low == pytest.approx(100 * result.difference.lower, abs=0.0051)
        assert high == pytest.approx(100 * result.difference.upper, abs=0.0051)
        if not p[name].startswith("&lt;"):
            assert float(p[name]) == pytest.approx(result.p_holm, abs=0.00051)
    assert cells(html, "diverged") == {"silu": "1 diverged"}


def test_forest_plot_stands_where_the_numbers_say(html: str, results: Results) -> None:
    places = {}
    for name, row in re.findall(r'<tr data-activation="(\w+)"(.*?)</tr>', html, re.DOTALL):
        zero = re.search(r'class="zero" x1="([\d.]+)%"', row)
        point = re.search(r'<circle cx="([\d.]+)%"', row)
        assert zero
        if point:
            places[name] = float(point[1]) - float(zero[1])
    means = {
        r.activation: r.difference.mean for r in results.activations if r.difference is not None
    }
    assert places.keys() == means.keys()
    widest = max(means, key=lambda name: abs(means[name]))
    scale = places[widest] / means[widest]
    for name, place in places.items():
        assert place == pytest.approx(scale * means[name], abs=0.02), name


def test_hostile_names_are_text(html: str, page: Page) -> None:
    assert "<script" not in html
    assert "<img src=x" not in html
    assert HOSTILE in page.words()
    assert "A processor <of> the tests" in page.words()


def test_words_of_the_answer(page: Page, results: Results) -> None:
    words = page.words()
    assert findings.headline(results) in words
    for sentence in findings.answer(results):
        assert " ".join(sentence.split()) in words
    assert "cannot be told apart from relu" in words
    assert "smallest difference that could have been told from chance" in words
    assert "diverged with silu (1 of 4)" in words
    assert "Through ten layers, sigmoid reaches" in words
    for sentence in findings.gradient_sentences(results):
        assert sentence in words


def test_no_timestamp(html: str) -> None:
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", html)


def test_small_enough(html: str) -> None:
    assert len(html.encode()) < 4_000_000


def test_same_runs_give_the_same_bytes(html: str, results: Results) -> None:
    study = results.study
    diverged = frozenset({study.main_runs()[5].key})
    runs = synthetic_runs(study, diverged)
    assert build_report(assemble(study, reversed(runs))) == html


def test_only_marked_parts_depend_on_the_machine(html: str, results: Results) -> None:
    study = results.study
    slower: list[dict[str, Any]] = synthetic_runs(study, frozenset({study.main_runs()[5].key}))
    for run in slower:
        run["timing"] = {"seconds_per_epoch": 9.5, "seconds_total": 99.0}
        run["environment"] = {"cpu": "another"}
    other = build_report(assemble(study, slower))
    assert other != html

    def without_machine(text: str) -> str:
        text = re.sub(r"<footer.*?</footer>", "", text, flags=re.DOTALL)
        return re.sub(r'<td class="number machine".*?</td>', "", text, flags=re.DOTALL)

    assert without_machine(other) == without_machine(html)


def test_what_is_missing_is_said() -> None:
    study = Study(seeds=2, activations=("relu", "gelu"), depths=(2,))
    runs = synthetic_runs(study)
    gone = study.main_runs()[1]
    partial = assemble(study, [run for run in runs if run["key"] != gone.key])
    page = Page(build_report(partial))
    assert "Incomplete." in page.words()
    assert str(gone) in page.words()
    assert "Incomplete." not in Page(build_report(assemble(study, runs))).words()


@pytest.mark.parametrize(
    "study",
    [
        Study(seeds=1, activations=("relu",), depths=()),
        Study(seeds=1, depths=(1,)),
        Study(activations=("sigmoid", "tanh"), reference="tanh", seeds=2, depths=(3,)),
    ],
    ids=["one activation", "one seed", "another reference"],
)
@pytest.mark.parametrize("share", [0, 1], ids=["no run", "all runs"])
def test_unusual_studies_have_a_report(study: Study, share: int) -> None:
    page = Page(build_report(assemble(study, synthetic_runs(study) if share else [])))
    words = page.words()
    assert study.reference in words
    if not share:
        assert "Incomplete." in words


def test_command_repeats_the_study() -> None:
    assert command(Study()) == "ogive study"
    study = Study(
        activations=("relu", "gelu"),
        seeds=3,
        hidden=(32,),
        depths=(),
        initialization="default",
        protocol=Protocol(epochs=7),
    )
    assert command(study) == (
        "ogive study --activations relu,gelu --seeds 3 --epochs 7 --hidden 32 --depths none "
        "--init default"
    )


def compared(**changes: tuple[float, float | None]) -> Results:
    """Return results with given differences (in points) and adjusted p."""
    study = Study(seeds=5, depths=())
    base = assemble(study, synthetic_runs(study))
    rows = []
    for row in base.activations:
        mean, p = changes.get(row.activation, (0.1, 0.8))
        if row.activation == study.reference:
            rows.append(row)
            continue
        size = mean / 100
        rows.append(
            replace(row, difference=Difference(5, size, size - 0.001, size + 0.001, p), p_holm=p)
        )
    return replace(base, activations=tuple(rows))


def test_headline_names_who_differs_and_only_those() -> None:
    assert findings.headline(compared()) == (
        "None of the other six activations can be told apart from relu."
    )
    assert findings.headline(compared(sigmoid=(-2.0, 0.001))) == (
        "sigmoid does worse than relu; the other five cannot be told apart from relu."
    )
    both = compared(sigmoid=(-2.0, 0.001), tanh=(-3.0, 0.01), gelu=(1.0, 0.04), elu=(-9.0, 0.06))
    assert findings.headline(both) == (
        "tanh and sigmoid do worse than relu; gelu does better than relu; "
        "the other three cannot be told apart from relu."
    )


def test_differences_are_never_claimed_without_a_p_value() -> None:
    unknown = compared(**dict.fromkeys(Study().activations, (-5.0, None)))
    assert findings.headline(unknown).startswith("Nothing can be said yet")
    assert not any(findings.differs(row) for row in unknown.activations)


def test_smallest_visible_difference_is_just_significant() -> None:
    """A mean difference of exactly that size has a Bonferroni p of 5 %, Holm's first step."""
    from scipy import stats

    values = [0.01, 0.013, 0.008, 0.011, 0.016]
    n, m = len(values), 6
    spread = stats.tstd(values) / n**0.5
    half = stats.t.ppf(0.975, n - 1) * spread
    size = findings._threshold(Difference(n, 0.0, -half, half, 1.0), m)
    assert size is not None
    assert 2 * m * stats.t.sf(size / spread, n - 1) == pytest.approx(0.05)


def test_no_interval_no_visible_difference() -> None:
    study = Study(seeds=1, depths=())
    assert findings.smallest_visible(assemble(study, synthetic_runs(study))) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.points(-0.01234), "−1.23"),
        (wording.points(0.00001), "0.00"),
        (wording.points(None), "–"),
        (wording.p_value(0.0004), "< 0.001"),
        (wording.p_value(0.0496), "0.0496"),
        (wording.p_value(0.0512), "0.051"),
        (wording.p_value(1.0), "1.000"),
        (wording.duration(123.4), "123 s"),
        (wording.duration(0.000123), "0.123 ms"),
        (wording.power_of_ten(0.0), "0"),
        (wording.power_of_ten(9.99e-8), "10⁻⁷"),
        (wording.rough(0.0999), "0.10"),
        (wording.listing([]), ""),
        (wording.listing(["a", "b"]), "a and b"),
        (wording.counted(0, "run"), "0 runs"),
        (wording.percentage(None), "–"),
    ],
)
def test_wording(written: str, expected: str) -> None:
    assert written == expected
