"""The engine: only what is missing is made, and whatever dies loses its own run at most."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ogive.study import Progress, Protocol, RunSpec, Store, Study, StudyInterrupted, run_study
from ogive.study.data import load
from ogive.study.engine import _Worker, run_specs
from ogive.study.store import StoreError

SPECS = [RunSpec(activation=name, seed=seed) for seed in range(3) for name in ("relu", "tanh")]
CHOSEN = RunSpec(activation="tanh", seed=1)

TINY = Study(
    activations=("relu", "sigmoid"),
    seeds=3,
    hidden=(16, 16),
    depths=(2, 3),
    protocol=Protocol(epochs=4, batch_size=64),
)


class Record(Progress):
    def __init__(self):
        self.events = []

    def begin(self, counts):
        self.events.append(("begin", None, counts))

    def started(self, spec, counts):
        self.events.append(("started", spec, counts))

    def finished(self, spec, run, counts):
        assert run["key"] == spec.key
        self.events.append(("finished", spec, counts))

    def failed(self, failure, counts):
        self.events.append(("failed", failure.spec, counts))

    def keys(self, kind):
        return [spec.key for name, spec, _ in self.events if name == kind]


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


@pytest.fixture(autouse=True)
def trainers(monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))


def carry_out(store, trainer, specs=SPECS, workers=2):
    record = Record()
    execution = run_specs(
        specs, store, workers=workers, progress=record, trainer=f"study_trainers:{trainer}"
    )
    return record, execution


def test_everything_is_run_once_and_stored(store):
    record, execution = carry_out(store, "quick")
    keys = {spec.key for spec in SPECS}
    assert store.keys() == keys
    assert sorted(record.keys("finished")) == sorted(record.keys("started")) == sorted(keys)
    assert execution.failures == ()
    assert (execution.counts.finished, execution.counts.reused) == (6, 0)
    assert {run["rows"] for run in store.runs()} == {len(load("digits").train)}
    assert {run["threads"] for run in store.runs()} == {"1"}


def test_what_is_stored_is_not_repeated(store):
    carry_out(store, "quick", SPECS[:4])
    record, execution = carry_out(store, "quick")
    assert sorted(record.keys("started")) == sorted(spec.key for spec in SPECS[4:])
    assert (execution.counts.finished, execution.counts.reused) == (2, 4)
    # With nothing to do no worker is started: this trainer does not exist.
    record, execution = carry_out(store, "missing")
    assert record.keys("started") == []
    assert execution.counts.stored == 6


def test_counts_go_up_to_the_whole(store):
    record, _ = carry_out(store, "quick")
    begin = record.events[0]
    assert begin[0] == "begin"
    assert (begin[2].total, begin[2].finished, begin[2].work_done) == (6, 0, 0)
    ends = [counts for name, _, counts in record.events if name == "finished"]
    assert [counts.finished for counts in ends] == [1, 2, 3, 4, 5, 6]
    assert ends[-1].work_done == pytest.approx(ends[-1].work)
    assert max(counts.running for _, _, counts in record.events) == 2


def test_one_worker_keeps_the_order_given(store):
    record, _ = carry_out(store, "quick", workers=1)
    assert record.keys("finished") == [spec.key for spec in SPECS]


def test_a_run_is_in_the_store_when_it_is_said_to_be_finished(store):
    class Look(Progress):
        def finished(self, spec, run, counts):
            with Store(store.path) as other:
                assert other.get(spec.key) == run
                assert len(other.keys()) == counts.stored

    run_specs(SPECS[:3], store, progress=Look(), trainer="study_trainers:quick")


def test_a_run_that_raises_is_reported_and_the_others_go_on(store):
    record, execution = carry_out(store, "raises")
    (failure,) = execution.failures
    assert failure.spec == CHOSEN
    assert failure.reason == "RuntimeError: no luck today"
    assert "Traceback" in failure.detail
    assert record.keys("failed") == [CHOSEN.key]
    # It would raise again: it is not tried a second time, and it can be made later.
    assert record.keys("started").count(CHOSEN.key) == 1
    assert store.keys() == {spec.key for spec in SPECS} - {CHOSEN.key}
    assert carry_out(store, "quick")[0].keys("started") == [CHOSEN.key]


def test_a_worker_that_dies_loses_only_its_run_which_is_tried_again(store, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_TRAINERS_MARK", str(tmp_path / "died"))
    record, execution = carry_out(store, "dies_once")
    assert (tmp_path / "died").exists()
    assert execution.failures == ()
    assert record.keys("started").count(CHOSEN.key) == 2
    assert len(record.keys("started")) == 7
    assert store.keys() == {spec.key for spec in SPECS}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_kills_its_worker_twice_is_given_up(store, workers):
    record, execution = carry_out(store, "dies", workers=workers)
    (failure,) = execution.failures
    assert failure.spec == CHOSEN
    assert "killed by SIGKILL" in failure.reason
    assert "\n" not in failure.reason
    assert record.keys("started").count(CHOSEN.key) == 2
    assert store.keys() == {spec.key for spec in SPECS} - {CHOSEN.key}
    assert execution.counts.work_done == pytest.approx(execution.counts.work)


def test_the_last_words_of_a_worker_are_told(store):
    _, execution = carry_out(store, "leaves", SPECS[:1])
    (failure,) = execution.failures
    assert "status 3: out of paper" in failure.reason
    assert store.keys() == set()


def test_a_trainer_that_does_not_load_is_reported(store):
    _, execution = carry_out(store, "missing", SPECS[:1])
    (failure,) = execution.failures
    assert "missing" in failure.reason


def test_what_a_run_prints_disturbs_nothing(store):
    _, execution = carry_out(store, "chatters", SPECS[:2])
    assert execution.counts.finished == 2


def test_a_store_that_takes_no_more_stops_the_workers(store, monkeypatch):
    workers = []
    start = _Worker.__init__

    def remember(self, trainer):
        start(self, trainer)
        workers.append(self.process)

    monkeypatch.setattr(_Worker, "__init__", remember)

    def full(run):
        raise StoreError("the store: database or disk is full")

    monkeypatch.setattr(store, "put", full)
    with pytest.raises(StoreError, match="full"):
        carry_out(store, "quick")
    assert len(workers) == 2
    assert all(process.returncode is not None for process in workers)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_wrong_numbers_of_workers_are_refused(store, workers):
    with pytest.raises(ValueError, match=f"workers .* not {workers!r}"):
        run_study(TINY, store, workers=workers)


def test_a_busy_worker_ends_when_the_connection_closes():
    # The way out where the kernel does not end orphans.
    worker = _Worker("study_trainers:forever")
    try:
        worker.give(SPECS[0], load("digits"))
        assert not worker.connection.poll(0.3)
        worker.connection.close()
        assert worker.process.wait(timeout=20) == 0
    finally:
        worker.stop()


SCRIPT = """
import sys
sys.path[:0] = [{folder!r}]
from ogive.study import Store, StudyInterrupted
from ogive.study.engine import TRAINER, run_specs
from test_study_engine import SPECS, TINY
specs = {specs}
try:
    with Store(sys.argv[1]) as store:
        run_specs(specs, store, trainer={trainer})
except StudyInterrupted as interrupted:
    print(interrupted, flush=True)
    sys.exit(130)
"""


def start_study(path, specs, trainer):
    folder = os.path.dirname(__file__)
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(folder=folder, specs=specs, trainer=trainer), path],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(pid):
    # One file a thread; all of the engine's workers come from the first.
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid):
    try:
        # A zombie computes no more; it waits for whoever reaps orphans here.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_a_killed_study_leaves_no_worker_behind(tmp_path):
    path = tmp_path / "runs.sqlite"
    study = start_study(path, "SPECS", "'study_trainers:forever'")
    wait_until(lambda: len(children(study.pid)) == 2)
    workers = children(study.pid)
    os.kill(study.pid, signal.SIGKILL)
    study.communicate()
    wait_until(lambda: all(gone(pid) for pid in workers))


@linux
def test_ctrl_c_stops_the_workers_and_says_what_is_stored(tmp_path):
    path = tmp_path / "runs.sqlite"
    study = start_study(path, "SPECS * 20 + TINY.runs()", "'study_trainers:slow'")
    with Store(path) as store:
        wait_until(lambda: len(store.keys()) >= 2)
        workers = children(study.pid)
        # As a terminal does it: to the whole process group.
        os.killpg(study.pid, signal.SIGINT)
        said, _ = study.communicate(timeout=60)
        stored = len(store.keys())
    assert study.returncode == 130
    assert said.startswith("interrupted: ")
    assert said.count("\n") == 1
    assert all(gone(pid) for pid in workers)
    assert 2 <= stored < len(SPECS) + len(TINY.runs())


def test_interruption_carries_the_counts(store):
    class Impatient(Record):
        def finished(self, spec, run, counts):
            if counts.finished == 2:
                raise KeyboardInterrupt

    with pytest.raises(StudyInterrupted, match="of 6 runs are stored") as caught:
        run_specs(SPECS, store, progress=Impatient(), trainer="study_trainers:quick")
    assert caught.value.counts.stored == len(store.keys()) >= 2


def numbers(run):
    """What must not depend on when, where and after what a run was made."""
    return {name: part for name, part in run.items() if name not in ("timing", "environment")}


def test_a_killed_study_goes_on_where_it_was_and_gives_the_same_numbers(tmp_path):
    from ogive.study.training import train

    path = tmp_path / "runs.sqlite"
    study = start_study(path, "TINY.runs()", "TRAINER")
    with Store(path) as store:
        wait_until(lambda: len(store.keys()) >= 3)
        os.kill(study.pid, signal.SIGKILL)
        study.communicate()
        before = store.keys()
    wanted = {spec.key: spec for spec in TINY.runs()}
    assert 3 <= len(before) < len(wanted), "the study was not killed half-way"

    record = Record()
    with Store(path) as store:
        execution = run_study(TINY, store, workers=1, progress=record)
        after = store.runs()
    assert execution.failures == ()
    assert sorted(record.keys("started")) == sorted(wanted.keys() - before)
    assert execution.counts.reused == len(before)

    # Undisturbed, and in this very process: the same numbers, bit for bit.
    data = load("digits")
    undisturbed = {key: numbers(train(spec, data)) for key, spec in wanted.items()}
    assert {run["key"]: numbers(run) for run in after} == undisturbed
