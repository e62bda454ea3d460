"""The report: its parts, its numbers, its words; that it needs nothing and repeats exactly."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from synthetic_study import synthetic_costs, synthetic_runs

from ogive.study import Grid, Recipe, Study, depth_grid, findings
from ogive.study.plan import plan
from ogive.study.report import build_report, sections
from ogive.study.report import command as command_of
from ogive.study.report.context import Context
from ogive.study.report.cost import cost
from ogive.study.report.section import Figures, Prose, Section
from ogive.study.results import LOSS, Results, assemble

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
    """Return the text of the spans of a class in the first table, by activation."""
    found = {}
    table = re.search(r'<table class="results".*?</table>', html, re.DOTALL)
    assert table
    for name, row in re.findall(r'<tr data-activation="([^"]+)"(.*?)</tr>', table[0], re.DOTALL):
        match = re.search(rf'<(span|small) class="{kind}">(.*?)</\1>', row, re.DOTALL)
        if match:
            found[name] = match[2]
    return found


FOUR = ("sigmoid", "relu", "silu", "gelu")
STUDY = Study(
    activations=FOUR,
    grids=(Grid(protocols=("drop-in", "tuned"), seeds=4), depth_grid((2, 10))),
    recipe=Recipe(epochs=12),
    name=HOSTILE,
)
DIVERGED = frozenset({STUDY.spec(STUDY.settings()[0], STUDY.activation("silu"), 1).key})
RUNS = synthetic_runs(STUDY, DIVERGED, cost=True)

#: Every page, and what it draws.
PAGES = {
    "answer": set(),
    "results": set(),
    "curves": {"curve", "target"},
    "cost": {"cost"},
    "pareto": {"pareto"},
    "gradient": {"gradient", "between"},
    "depth": {"depth"},
    "sparsity": {"sparsity"},
    "calibration": {"calibration", "reliability"},
    "disagreement": {"disagreement"},
    "robustness": {"robustness"},
    "ranks": set(),
    "shapes": {"shape"},
    "maps": {"map"},
    "method": set(),
}


@pytest.fixture(scope="module")
def results() -> Results:
    return assemble(STUDY, RUNS)


@pytest.fixture(scope="module")
def pages(results: Results) -> list[Section]:
    return sections(results)


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


def test_has_its_pages_and_their_figures(
    html: str, page: Page, pages: list[Section], results: Results
) -> None:
    assert [section.name for section in pages] == list(PAGES)
    for name, kinds in PAGES.items():
        section = re.search(rf'<section id="{name}".*?</section>', html, re.DOTALL)
        assert section, name
        found = set(re.findall(r'<figure class="([^"]+)"', section[0]))
        assert found == kinds, name
    count = len(results.study.activations)
    kinds = [a["class"] for tag, a in page.elements if tag == "figure"]
    assert kinds.count("curve") == 2 * 3
    assert kinds.count("shape") == kinds.count("map") == kinds.count("reliability") == count
    images = [a for tag, a in page.elements if tag == "img"]
    assert len(images) == count
    assert all(a["alt"] for a in images)
    assert all(a["aria-label"] for tag, a in page.elements if tag == "svg" and "role" in a)


def test_every_page_can_be_reached_and_every_figure_is_read(
    page: Page, pages: list[Section]
) -> None:
    links = [a["href"] for tag, a in page.elements if tag == "a"]
    assert links == [f"#{name}" for name in (*PAGES, "environment")]
    identifiers = {a.get("id") for _, a in page.elements}
    assert {link[1:] for link in links if link} <= identifiers
    for section in pages:
        figures = [block for block in section.blocks if isinstance(block, Figures)]
        # Of several rows of one kind the last has it.
        last = {block.kind: block for block in figures}
        assert all(block.reading for block in last.values()), section.name


def test_both_schemes_and_small_screens(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html
    assert "@media print" in html
    assert "tabular-nums" in html


def test_table_equals_the_results(html: str, results: Results) -> None:
    level, sd, other = cells(html, "level"), cells(html, "sd"), cells(html, "other")
    difference, interval = cells(html, "difference"), cells(html, "interval")
    p, seconds, group = cells(html, "p"), cells(html, "seconds"), cells(html, "group")
    chance, chances = cells(html, "chance"), cells(html, "chances")
    reference = results.study.reference
    main = results.main
    assert main.groups is not None
    assert list(level) == [activation.label for activation in results.study.activations]
    assert reference not in difference
    for cell in main.cells:
        name = cell.label
        assert cell.mean is not None
        assert cell.sd is not None
        assert cell.loss.mean is not None
        assert cell.seconds_per_epoch is not None
        assert level[name] == f"{100 * cell.mean:.2f}"
        assert sd[name] == f"± {100 * cell.sd:.2f}"
        assert other[name] == f"{cell.loss.mean:.4f}"
        assert seconds[name] == f"{1000 * cell.seconds_per_epoch:.3g} ms"
        assert group[name] == main.groups.letters[name]
        if name == reference:
            continue
        assert cell.difference is not None
        assert cell.difference.lower is not None
        assert cell.difference.upper is not None
        assert cell.p_holm is not None
        assert cell.superiority is not None
        shown = float(difference[name].replace("−", "-"))
        assert shown == pytest.approx(100 * cell.difference.mean, abs=0.0051)
        low, high = (float(end.replace("−", "-")) for end in interval[name].split(" to "))
        assert low == pytest.approx(100 * cell.difference.lower, abs=0.0051)
        assert high == pytest.approx(100 * cell.difference.upper, abs=0.0051)
        if not p[name].startswith("&lt;"):
            assert float(p[name]) == pytest.approx(cell.p_holm, abs=0.00051)
        assert float(chance[name]) == pytest.approx(100 * cell.superiority.probability, abs=0.51)
        low, high = (float(end) for end in chances[name].split(" to "))
        assert low == pytest.approx(100 * (cell.superiority.lower or 0), abs=0.51)
        assert high == pytest.approx(100 * (cell.superiority.upper or 0), abs=0.51)
    assert cells(html, "diverged") == {"silu": "1 diverged"}


def test_forest_plot_stands_where_the_numbers_say(html: str, results: Results) -> None:
    places = {}
    table = re.search(r'<table class="results".*?</table>', html, re.DOTALL)
    assert table
    for name, row in re.findall(r'<tr data-activation="(\w+)"(.*?)</tr>', table[0], re.DOTALL):
        zero = re.search(r'class="zero" x1="([\d.]+)%"', row)
        point = re.search(r'<circle cx="([\d.]+)%"', row)
        assert zero
        if point:
            places[name] = float(point[1]) - float(zero[1])
    means = {c.label: c.difference.mean for c in results.main.cells if c.difference is not None}
    assert places.keys() == means.keys()
    widest = max(means, key=lambda name: abs(means[name]))
    scale = places[widest] / means[widest]
    for name, place in places.items():
        assert place == pytest.approx(scale * means[name], abs=0.02), name


def test_drop_in_and_tuned_stand_side_by_side(page: Page, results: Results) -> None:
    words = page.words()
    untuned, tuned = results.compared
    for cell in tuned.cells:
        assert cell.choice is not None
        before = untuned.cell(cell.label)
        edge = " at an edge" if cell.choice.at_edge else ""
        change = results.measure.difference((cell.mean or 0) - (before.mean or 0))
        assert (
            f"{cell.name} {results.measure.level(before.mean)} {results.measure.level(cell.mean)} "
            f"{change} {cell.choice.learning_rate:g} {cell.choice.gain:g}{edge}"
        ) in words


def test_costs_stand_as_they_were_measured(page: Page, results: Results) -> None:
    words = page.words()
    cost = results.costs[0]
    base = cost.rows["relu"]
    for label, row in cost.rows.items():
        ratio = row.step.median / base.step.median
        forward, step = 1000 * row.forward.median, 1000 * row.step.median
        assert f"{label} {forward:.3g} ms {step:.3g} ms {ratio:.2f} × " in words


def test_a_busy_machine_is_said() -> None:
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=1),))
    (record,) = synthetic_costs(study)
    said = []
    for flagged in (False, True):
        section = cost(Context(assemble(study, [{**record, "flagged": flagged}])))
        assert section is not None
        assert section.machine
        texts = [block.text for block in section.blocks if isinstance(block, Prose)]
        said.append(any("The machine was busy" in text for text in texts))
    assert said == [False, True]


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
    assert "diverged with silu (1 of 4), drop-in" in words
    assert "training stops working with sigmoid from ten layers on" in words
    assert "Through the 10 activations of mlp:128x10 with default initialisation" in words


def test_no_timestamp(html: str) -> None:
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", html)


def test_small_enough(html: str) -> None:
    assert len(html.encode()) < 4_000_000


def test_same_runs_give_the_same_bytes(html: str) -> None:
    assert build_report(assemble(STUDY, reversed(RUNS))) == html


def test_only_marked_parts_depend_on_the_machine(html: str) -> None:
    slower: list[dict[str, Any]] = []
    for run in RUNS:
        if run["spec"].get("kind") == "cost":
            network = {
                label: {**row, "step": {"best": 1.0, "median": 2.0}}
                for label, row in run["network"].items()
            }
            slower.append({**run, "network": network, "busy": 3.0, "flagged": True})
            continue
        timing = {"seconds_per_epoch": 9.5, "seconds_total": 99.0}
        slower.append({**run, "timing": timing, "environment": {"cpu": "another"}})
    other = build_report(assemble(STUDY, slower))
    assert other != html

    def without_machine(text: str) -> str:
        text = re.sub(r"<footer.*?</footer>", "", text, flags=re.DOTALL)
        text = re.sub(r'<section id="\w+" class="machine".*?</section>', "", text, flags=re.DOTALL)
        text = re.sub(r'<div class="panels \w+ machine".*?</div>', "", text, flags=re.DOTALL)
        return re.sub(r'<td class="number machine".*?</td>', "", text, flags=re.DOTALL)

    assert without_machine(other) == without_machine(html)


def test_what_is_missing_is_said() -> None:
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=2),), recipe=Recipe(epochs=2))
    runs = synthetic_runs(study)
    gone = plan(study, {}).specs()[1]
    partial = assemble(study, [run for run in runs if run["key"] != gone.key])
    words = Page(build_report(partial)).words()
    assert "Incomplete." in words
    assert str(gone) in words
    assert "Incomplete." not in Page(build_report(assemble(study, runs))).words()


def test_what_was_asked_is_said_of_all_settings() -> None:
    shorter = Grid(models=("mlp:8x3",), seeds=3, recipe=Recipe(epochs=3))
    longer = Grid(models=("mlp:8x2",), seeds=10)
    study = Study(activations=("relu", "gelu"), grids=(longer, shorter), cost=False)
    words = Page(build_report(assemble(study, synthetic_runs(study)))).words()
    assert (
        "Two activations in 2 settings, trained on digits, 3 to 10 seeds each. Within a setting "
        "everything else is the same for all of them." in words
    )
    one = replace(study, grids=(longer,))
    assert (
        "Two activations in mlp:8x2, trained on digits for 25 epochs, 10 seeds each. Everything "
        "else is the same for all of them." in Page(build_report(assemble(one, []))).words()
    )
    tuned = replace(study, grids=(replace(longer, protocols=("tuned",)),))
    said = Page(build_report(assemble(tuned, []))).words()
    assert "Everything else is the same for all of them, but for what tuning chose." in said


def test_times_refer_to_the_page_on_cost_where_there_is_one(page: Page) -> None:
    alone = "the page on cost has what was measured alone"
    assert alone in page.words()
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=2),), cost=False)
    words = Page(build_report(assemble(study, synthetic_runs(study)))).words()
    assert "page on cost" not in words
    assert "Other runs may have shared the machine when these were taken." in words
    assert "Other runs may have shared the machine when times were taken." in words


def test_times_of_nobody_who_arrives_are_not_drawn() -> None:
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=2),), recipe=Recipe(epochs=2))
    runs = synthetic_runs(study)
    for run in runs:
        final = 0.95 if run["spec"]["seed"] else 0.5
        run["curves"]["validation_accuracy"] = [0.3, 0.6]
        run["validation"]["accuracy"] = final
    html = build_report(assemble(study, runs))
    assert 'id="target-1-epochs"' in html
    assert 'id="target-1-seconds"' not in html
    assert "The same in seconds" not in html


@pytest.mark.parametrize("epochs", [(1,), (1, 3), (3,)])
def test_curves_are_spoken_of_where_there_are_any(epochs: tuple[int, ...]) -> None:
    grids = tuple(
        Grid(models=(f"mlp:{8 + number}x1",), seeds=2, recipe=Recipe(epochs=number))
        for number in epochs
    )
    study = Study(activations=("relu", "gelu"), grids=grids, cost=False)
    words = Page(build_report(assemble(study, synthetic_runs(study)))).words()
    assert ("The mean over the seeds, by epoch" in words) == (max(epochs) > 1)
    assert ("One epoch makes no curve" in words) == (min(epochs) == 1)


def test_points_keep_their_size_on_a_small_screen(html: str) -> None:
    """What is twice as wide as a telephone is drawn at half its size there."""
    kinds = ("target", "sparsity", "calibration", "disagreement")
    for kind in kinds:
        opening = rf'<figure class="{kind}"[^>]*><svg class="plot"[^>]*viewBox="0 0 (\d+) '
        widths = [int(width) for width in re.findall(opening, html)]
        assert widths, kind
        assert max(widths) <= 400, kind
        assert f".two > .{kind}" in html


def test_a_table_that_scrolls_has_a_shadow_where_it_goes_on(html: str) -> None:
    rule = re.search(r"\.scroll \{(.*?)\}", html, re.DOTALL)
    assert rule
    assert "overflow-x: auto" in rule[1]
    assert (rule[1].count(" local"), rule[1].count(" scroll")) == (2, 2)


def test_the_command_breaks_between_words_first(html: str) -> None:
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=2),), name="two words")
    text = build_report(assemble(study, []))
    command = re.search(r'<code id="command">(.*?)</code>', text)
    assert command
    assert "<span>--seeds</span> <span>2</span>" in command[1]
    assert "<span>relu,<wbr>gelu</span>" in command[1]
    # What is copied is the command.
    assert unescape(re.sub(r"<[^>]+>", "", command[1])) == command_of(study)
    assert "#command span { display: inline-block;" in html


def test_pages_without_data_are_left_out() -> None:
    """A store of bare runs has the tables and curves, and no empty page."""
    study = Study(activations=("relu", "gelu"), grids=(Grid(seeds=2),), recipe=Recipe(epochs=2))
    bare = synthetic_runs(study)
    for run in bare:
        for name in ("calibration", "mistakes", "robustness", "sparsity", "health", "signal"):
            del run[name]
    found = sections(assemble(study, bare))
    assert [section.name for section in found] == [
        *("answer", "results", "curves", "shapes", "maps", "method"),
    ]
    nothing = sections(assemble(study, []))
    assert [section.name for section in nothing] == [
        *("answer", "results", "shapes", "maps", "method"),
    ]


BRIEF = Recipe(epochs=2, batch_size=16, optimizer="sgd", momentum=0.9)
LAYERS = (Grid(models=("mlp:8x3",), seeds=2),)


@pytest.mark.parametrize(
    "study",
    [
        Study(activations=("relu",), grids=(Grid(seeds=1),)),
        Study(grids=(Grid(models=("mlp:8x1",), seeds=1), depth_grid((1,)))),
        Study(activations=("sigmoid", "tanh"), reference="tanh", grids=LAYERS),
        Study(activations=("elu:alpha=2", "elu", "prelu", "rrelu"), grids=LAYERS),
        Study(activations=("relu", "elu"), grids=(*LAYERS, replace(LAYERS[0], recipe=BRIEF))),
    ],
    ids=["one activation", "one seed", "another reference", "parameters", "two recipes"],
)
@pytest.mark.parametrize("share", [0, 1], ids=["no run", "all runs"])
def test_unusual_studies_have_a_report(study: Study, share: int) -> None:
    page = Page(build_report(assemble(study, synthetic_runs(study, cost=True) if share else [])))
    words = page.words()
    assert study.reference in words
    assert ("Incomplete." in words) == (not share)


def test_language_models_are_compared_by_their_loss() -> None:
    study = Study(
        data="text",
        activations=("relu", "gelu", "swiglu"),
        grids=(Grid(models=("charlm",), seeds=3),),
        recipe=Recipe(epochs=2),
    )
    results = assemble(study, synthetic_runs(study))
    assert results.measure is LOSS
    html = build_report(results)
    words = Page(html).words()
    assert "A lower test loss is better." in words
    assert "bits per character" in words
    assert "swiglu is not drawn" in words
    cell = results.main.cell("gelu")
    assert cell.mean is not None
    assert cells(html, "level")["gelu"] == f"{cell.mean:.4f}"
    names = [section.name for section in sections(results)]
    assert not {"robustness", "disagreement"} & set(names)


def test_a_report_loads_neither_torch_nor_scikit_learn() -> None:
    """Both take longer than the report itself."""
    program = (
        "import sys\n"
        "from synthetic_study import synthetic_runs\n"
        "from ogive.study import Grid, Recipe, Study\n"
        "from ogive.study.exports import latex_table\n"
        "from ogive.study.report import build_report\n"
        "from ogive.study.results import assemble\n"
        "study = Study(activations=('relu', 'elu'), grids=(Grid(seeds=2),), "
        "recipe=Recipe(epochs=2))\n"
        "results = assemble(study, synthetic_runs(study, cost=True))\n"
        "assert '</html>' in build_report(results) and latex_table(results)\n"
        "print(sorted({'torch', 'sklearn'} & set(sys.modules)))"
    )
    here = str(Path(__file__).parent)
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


def own_activation(x: object) -> object:
    """Stand for a person's own: the report must not call it."""
    raise AssertionError("the report ran a person's own code")


def test_a_person_s_own_activation_is_in_every_table_and_only_not_drawn() -> None:
    study = Study(
        activations=("relu", own_activation), grids=(Grid(seeds=3),), recipe=Recipe(epochs=3)
    )
    results = assemble(study, synthetic_runs(study, cost=True))
    page = Page(build_report(results))
    words = page.words()
    assert "own_activation" in results.names
    assert "own_activation is not drawn" in words
    kinds = [a["class"] for tag, a in page.elements if tag == "figure"]
    assert kinds.count("shape") == kinds.count("map") == 1
    assert kinds.count("reliability") == 2
