"""The engine: only what is missing is made, and whatever dies loses its own run at most."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ogive.study import (
    Data,
    Grid,
    Progress,
    Recipe,
    RunSpec,
    Store,
    StoreError,
    Study,
    StudyInterrupted,
    StudyRefusedError,
    Tuning,
    engines,
    run_study,
)
from ogive.study.engine import _Driver, run_specs
from ogive.study.engines.base import Task
from ogive.study.engines.local import LocalWorkers
from ogive.study.engines.processes import ForkServer
from ogive.study.plan import plan

SPECS = [RunSpec(activation=name, seed=seed) for seed in range(3) for name in ("relu", "tanh")]
CHOSEN = RunSpec(activation="tanh", seed=1)

TINY = Study(
    activations=("relu", "sigmoid"),
    grids=(
        Grid(models=("mlp:16x2",), seeds=3),
        Grid(models=("mlp:16x2", "mlp:16x3"), initializations=("default", "matched"), seeds=1),
    ),
    recipe=Recipe(epochs=4),
    cost=False,
)
TINY_SPECS = plan(TINY, {}).specs()


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


def carry_out(store, trainer, specs=SPECS, workers=2, **others):
    record = Record()
    named = {
        name: f"study_trainers:{value}" if name in ("inspector", "measurer") else value
        for name, value in others.items()
    }
    trainer = f"study_trainers:{trainer}"
    execution = run_specs(specs, store, workers=workers, progress=record, trainer=trainer, **named)
    return record, execution


def test_everything_is_run_once_and_stored(store):
    record, execution = carry_out(store, "quick")
    keys = {spec.key for spec in SPECS}
    assert store.keys() == keys
    assert sorted(record.keys("finished")) == sorted(record.keys("started")) == sorted(keys)
    assert execution.failures == ()
    assert (execution.counts.finished, execution.counts.reused) == (6, 0)
    assert {run["rows"] for run in store.runs()} == {len(Data.read("digits").load().train)}
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
    servers, workers = [], []
    start = ForkServer.__init__

    def remember(self):
        start(self)
        servers.append(self.process)

    monkeypatch.setattr(ForkServer, "__init__", remember)

    def full(run):
        workers.append(run["pid"])
        raise StoreError("the store: database or disk is full")

    monkeypatch.setattr(store, "put", full)
    with pytest.raises(StoreError, match="full"):
        carry_out(store, "quick")
    # It has waited for them all: not even a zombie is left.
    assert [process.returncode for process in servers] == [0]
    with pytest.raises(ProcessLookupError):
        os.kill(workers[0], 0)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_wrong_numbers_of_workers_are_refused(store, workers):
    with pytest.raises(ValueError, match=f"workers .* not {workers!r}"):
        run_study(TINY, store, workers=workers)


def task(name, spec=CHOSEN):
    return Task(f"study_trainers:{name}", spec, spec.data, "a run")


@pytest.fixture
def engine():
    engine = LocalWorkers()
    yield engine
    engine.stop()


def answers(engine, number):
    heard = []
    while len(heard) < number:
        heard += engine.wait()
    return heard


def test_a_busy_worker_ends_when_the_connection_closes(engine):
    # The way out where the kernel does not end orphans.
    engine.start(1, "study_trainers")
    engine.give(task("forever"), CHOSEN.data.load())
    (worker,) = engine._workers
    assert not worker.connection.poll(0.3)
    worker.connection.close()
    assert worker.server.cause_of_death(worker) == "its worker ended with status 0"


SCRIPT = """
import sys
sys.path[:0] = [{folder!r}]
from ogive.study import Store, StudyInterrupted
from ogive.study.engine import TRAINER, run_specs
from test_study_engine import SPECS, TINY_SPECS
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
    try:
        # One file a thread; all of the engine's processes come from the first.
        said = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in said.split()]


def family(pid):
    """The fork server of a study, and the workers that come from it."""
    return [process for child in children(pid) for process in (child, *children(child))]


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
@pytest.mark.parametrize("trainer", ["forever", "deaf"])
def test_a_killed_study_leaves_no_process_behind(tmp_path, trainer):
    path = tmp_path / "runs.sqlite"
    study = start_study(path, "SPECS", f"'study_trainers:{trainer}'")
    wait_until(lambda: len(family(study.pid)) == 3)
    processes = family(study.pid)
    os.kill(study.pid, signal.SIGKILL)
    study.communicate()
    wait_until(lambda: all(gone(pid) for pid in processes))


@linux
def test_workers_are_forked_from_one_process_that_has_loaded_the_module(store):
    carry_out(store, "quick")
    runs = store.runs()
    (server,) = {run["loaded_by"] for run in runs}
    assert server not in {os.getpid(), *(run["pid"] for run in runs)}


def test_a_module_that_starts_a_thread_has_it_in_every_worker(store):
    run_specs(SPECS, store, trainer="study_threads:needs_its_thread")
    runs = store.runs()
    assert len(runs) == len(SPECS)
    # A fork would lack the thread: each worker has loaded the module itself.
    assert all(run["loaded_by"] == run["by"] for run in runs)


@linux
def test_workers_do_not_outlive_the_process_that_they_come_from(engine):
    engine.start(3, "study_trainers")
    for name in ("forever", "deaf"):
        engine.give(task(name), CHOSEN.data.load())
    server = engine._server.process
    wait_until(lambda: len(children(server.pid)) == 3)
    workers = children(server.pid)
    server.kill()
    heard = answers(engine, 2)
    assert sorted(answer.task.function for answer in heard) == sorted(
        f"study_trainers:{name}" for name in ("forever", "deaf")
    )
    assert {(answer.kind, answer.content) for answer in heard} == {
        ("died", "the process that its worker came from was killed by SIGKILL (out of memory?)")
    }
    wait_until(lambda: all(gone(pid) for pid in workers))
    # Another one has taken its place, with as many workers.
    assert engine.free() == 3
    engine.give(task("quick"), CHOSEN.data.load())
    (answer,) = answers(engine, 1)
    assert answer.kind == "finished"
    assert answer.content["loaded_by"] == engine._server.process.pid != server.pid


def test_a_module_that_ends_what_loads_it_is_told(tmp_path, store, monkeypatch):
    (tmp_path / "study_leaves.py").write_text("import sys\nsys.exit('out of ink')\n")
    monkeypatch.syspath_prepend(tmp_path)
    execution = run_specs(SPECS[:1], store, trainer="study_leaves:train")
    (failure,) = execution.failures
    assert "ended with status 1: out of ink" in failure.reason


def test_a_worker_that_holds_the_interpreter_is_ended_and_waited_for(engine):
    engine.start(2, "study_trainers")
    engine.give(task("quick"), CHOSEN.data.load())
    engine.give(task("deaf"), CHOSEN.data.load())
    (answer,) = answers(engine, 1)
    server = engine._server.process
    workers = children(server.pid) if sys.platform == "linux" else [answer.content["pid"]]
    engine.stop()
    assert server.returncode == 0
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_is_loading_still_can_be_stopped(tmp_path, engine, monkeypatch):
    (tmp_path / "study_loads.py").write_text("import time\ntime.sleep(3600)\n")
    monkeypatch.syspath_prepend(tmp_path)
    engine.start(2, "study_loads")
    assert engine.ready() == []
    engine.stop()
    assert engine.free() == 0


def test_a_question_that_was_interrupted_is_not_taken_for_an_end(engine, monkeypatch):
    engine.start(2, "study_trainers")
    for name in ("leaves", "quick"):
        engine.give(task(name), CHOSEN.data.load())
    first, second = engine._workers
    assert first.connection.poll(20)
    assert second.connection.poll(20)

    def interrupted(self, worker):
        self.connection.send((worker.number, ""))
        assert self.connection.poll(20)
        raise KeyboardInterrupt

    monkeypatch.setattr(ForkServer, "cause_of_death", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.wait()
    # What had arrived is not lost, and nothing else has died.
    assert [answer.kind for answer in engine.ready()] == ["finished"]


@linux
def test_ctrl_c_stops_the_workers_and_says_what_is_stored(tmp_path):
    path = tmp_path / "runs.sqlite"
    study = start_study(path, "SPECS * 20 + TINY_SPECS", "'study_trainers:slow'")
    with Store(path) as store:
        wait_until(lambda: len(store.keys()) >= 2)
        processes = family(study.pid)
        # As a terminal does it: to the whole process group.
        os.killpg(study.pid, signal.SIGINT)
        said, _ = study.communicate(timeout=60)
        stored = len(store.keys())
    assert study.returncode == 130
    assert said.startswith("interrupted: ")
    assert said.count("\n") == 1
    assert len(processes) == 3
    # Not even a zombie: all have been waited for.
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)
    assert 2 <= stored < len(SPECS) + len(TINY_SPECS)


def test_interruption_carries_the_counts(store):
    class Impatient(Record):
        def finished(self, spec, run, counts):
            if counts.finished == 2:
                raise KeyboardInterrupt

    with pytest.raises(StudyInterrupted, match="of 6 runs are stored") as caught:
        run_specs(SPECS, store, progress=Impatient(), trainer="study_trainers:quick")
    assert caught.value.counts.stored == len(store.keys()) >= 2


def test_an_answer_is_stored_though_ctrl_c_comes_before_it_is(store, monkeypatch):
    keep, interrupted = _Driver._keep, []

    def impatient(self, spec, run):
        if not interrupted:
            interrupted.append(spec)
            raise KeyboardInterrupt
        keep(self, spec, run)

    monkeypatch.setattr(_Driver, "_keep", impatient)
    with pytest.raises(StudyInterrupted) as caught:
        run_specs(SPECS, store, trainer="study_trainers:quick")
    stored = store.keys()
    assert interrupted[0].key in stored
    assert caught.value.counts.stored == len(stored)


def numbers(run):
    """What must not depend on when, where and after what a run was made."""
    return {name: part for name, part in run.items() if name not in ("timing", "environment")}


def test_a_killed_study_goes_on_where_it_was_and_gives_the_same_numbers(tmp_path):
    from ogive.study.training import train

    path = tmp_path / "runs.sqlite"
    study = start_study(path, "TINY_SPECS", "TRAINER")
    with Store(path) as store:
        wait_until(lambda: len(store.keys()) >= 3)
        os.kill(study.pid, signal.SIGKILL)
        study.communicate()
        before = store.keys()
    wanted = {spec.key: spec for spec in TINY_SPECS}
    assert 3 <= len(before) < len(wanted), "the study was not killed half-way"

    record = Record()
    with Store(path) as store:
        execution = run_study(TINY, store, workers=1, progress=record)
        after = store.runs()
    assert execution.failures == ()
    assert sorted(record.keys("started")) == sorted(wanted.keys() - before)
    assert execution.counts.reused == len(before)

    # Undisturbed, and in this very process: the same numbers, bit for bit.
    undisturbed = {key: numbers(train(spec)) for key, spec in wanted.items()}
    assert {run["key"]: numbers(run) for run in after} == undisturbed


def test_the_data_are_handed_to_a_worker_once(store):
    carry_out(store, "holds", SPECS)
    held = {(run["pid"], run["dataset"]) for run in store.runs()}
    # A second copy lies elsewhere in memory while the first is held.
    assert len(held) == len({pid for pid, _ in held}) <= 2


def test_an_engine_given_is_used_and_stopped(store):
    class Counted(LocalWorkers):
        started = given = stopped = 0

        def start(self, number, module):
            self.started += number
            assert module == "study_trainers"
            super().start(number, module)

        def give(self, task, dataset):
            self.given += 1
            super().give(task, dataset)

        def stop(self):
            self.stopped += 1
            super().stop()
            assert self.free() == 0

    engine = Counted()
    _, execution = carry_out(store, "quick", workers=5, engine=engine)
    assert execution.counts.finished == engine.given == len(SPECS)
    assert engine.started == 5
    assert engine.stopped >= 1
    # No more workers than there is to do.
    engine = Counted()
    carry_out(store, "quick", [*SPECS, RunSpec(activation="elu")], workers=5, engine=engine)
    assert (engine.started, engine.given) == (1, 1)


def test_every_network_is_looked_at_once_before_the_first_run(store, tmp_path, monkeypatch):
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.setenv("STUDY_TRAINERS_MARKS", str(folder))
    deeper = [RunSpec(activation="relu", model="mlp:8x3", seed=seed) for seed in range(2)]
    record, execution = carry_out(store, "quick", [*SPECS, *deeper], inspector="passes")
    # A second look at one would have failed.
    assert {path.name for path in folder.iterdir()} == {"relu-2", "tanh-2", "relu-3"}
    assert execution.counts.finished == 8
    # What is in the store needs no look.
    record, _ = carry_out(store, "quick", [*SPECS, *deeper], inspector="missing")
    assert record.keys("started") == []


def test_what_is_refused_in_the_inspection_stops_everything(store):
    record = Record()
    with pytest.raises(StudyRefusedError, match=r"^tanh in mlp:128x2: tanh\(1\) is 0\.5 here$"):
        run_specs(
            SPECS,
            store,
            progress=record,
            trainer="study_trainers:quick",
            inspector="study_trainers:refuses",
        )
    assert record.keys("started") == []
    assert store.keys() == set()


def test_an_inspection_that_fails_is_refused_in_one_line(store):
    with pytest.raises(StudyRefusedError) as caught:
        carry_out(store, "quick", workers=1, inspector="inspection_fails")
    assert str(caught.value) == "relu in mlp:128x2: RuntimeError: no luck today"


def test_a_worker_that_dies_in_the_inspection_is_replaced(store, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_TRAINERS_MARK", str(tmp_path / "died"))
    _, execution = carry_out(store, "quick", inspector="inspection_dies_once")
    assert (tmp_path / "died").exists()
    assert execution.counts.finished == len(SPECS)


def test_an_inspection_that_kills_its_worker_twice_is_refused(store):
    with pytest.raises(StudyRefusedError, match=r"killed by SIGKILL.*the one before") as caught:
        carry_out(store, "quick", inspector="inspection_dies")
    assert "\n" not in str(caught.value)


def rounds(stored):
    """Ask for one seed after the other, the next when the one before it is there."""
    number = 0
    while number < 3 and all(spec.key in stored for spec in SPECS[: 2 * number]):
        number += 1
    return SPECS[: 2 * number], len(SPECS) - 2 * number


def test_what_is_asked_for_may_grow_with_what_is_there(store):
    record, execution = carry_out(store, "quick", rounds)
    assert execution.counts.finished == execution.counts.total == len(SPECS)
    # The total is known from the first, and each round begins when the one before it has ended.
    assert {counts.total for _, _, counts in record.events} == {len(SPECS)}
    finished = record.keys("finished")
    for first in (0, 2, 4):
        assert set(finished[first : first + 2]) == {s.key for s in SPECS[first : first + 2]}
    record, execution = carry_out(store, "missing", rounds)
    assert execution.counts.reused == len(SPECS)


def test_a_round_that_asks_for_more_gets_more_workers(store):
    def growing(stored):
        return (SPECS, 0) if SPECS[0].key in stored else (SPECS[:1], 5)

    record, execution = carry_out(store, "slow", growing, workers=3)
    assert execution.counts.finished == len(SPECS)
    assert max(counts.running for _, _, counts in record.events) == 3


@pytest.mark.parametrize("trainer", ["raises", "dies"])
def test_a_study_that_waits_for_a_run_that_failed_comes_to_an_end(store, trainer):
    _, execution = carry_out(store, trainer, rounds)
    (failure,) = execution.failures
    assert failure.spec == CHOSEN
    # The last round was never asked for, and the counts say so.
    assert (execution.counts.finished, execution.counts.total) == (3, 6)


def test_the_tuned_protocol_runs_to_its_end_in_rounds(store):
    study = Study(
        activations=("relu", "tanh"),
        grids=(Grid(models=("mlp:8x1",), protocols=("tuned",), seeds=2),),
        tuning=Tuning(rates=(0.5, 1, 2), gains=(1,), seeds=1),
        cost=False,
    )

    def asked(stored):
        planned = plan(study, stored)
        return planned.specs(), planned.later

    _, execution = carry_out(store, "tuned", asked)
    assert execution.counts.finished == execution.counts.total == 2 * 3 + 2 * 2
    made = plan(study, {run["key"]: run for run in store.runs()})
    assert [cell.choice.learning_rate for cell in made.cells] == [
        2 * study.recipe.learning_rate
    ] * 2
    # From a store that holds the trials, the same runs are asked for.
    _, execution = carry_out(store, "missing", asked)
    assert execution.counts.reused == 10


ALONE = [RunSpec(activation="elu", seed=seed) for seed in range(3)]


def test_what_must_be_alone_is_done_last_and_one_at_a_time(store, tmp_path, monkeypatch):
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.setenv("STUDY_TRAINERS_MARKS", str(folder))
    record, execution = carry_out(store, "marks", alone=ALONE, measurer="alone")
    assert execution.counts.finished == execution.counts.total == len(SPECS) + len(ALONE)
    assert record.keys("finished")[-3:] == [spec.key for spec in ALONE]
    assert [store.get(spec.key)["others"] for spec in ALONE] == [[], [], []]
    started = [counts for name, spec, counts in record.events if name == "started"]
    assert [counts.running for counts in started[-3:]] == [1, 1, 1]
    # It is kept like a run: nothing is left to do, and no worker starts.
    record, execution = carry_out(store, "missing", alone=ALONE, measurer="missing")
    assert record.keys("started") == []


def test_what_must_be_alone_is_done_where_no_run_is_missing(store):
    carry_out(store, "quick")
    _, execution = carry_out(store, "missing", alone=ALONE, measurer="quick")
    assert (execution.counts.reused, execution.counts.finished) == (6, 3)


def test_what_must_be_alone_fails_like_a_run(store):
    alone = [RunSpec(activation="tanh", seed=1, gain=2), *ALONE]
    _, execution = carry_out(store, "quick", SPECS[:1], alone=alone, measurer="raises")
    assert [failure.spec for failure in execution.failures] == alone[:1]
    assert execution.counts.finished == 4
    _, execution = carry_out(store, "quick", SPECS[:1], alone=alone, measurer="dies")
    (failure,) = execution.failures
    assert "the one before it" in failure.reason


def test_another_engines_workers_have_gone_when_something_is_alone(store):
    class Elsewhere:
        """Workers of another engine, which must not be there in the end."""

        def __init__(self):
            self.inner = LocalWorkers()
            self.start, self.free = self.inner.start, self.inner.free
            self.give, self.wait, self.ready = self.inner.give, self.inner.wait, self.inner.ready
            self.stop = self.inner.stop

    engine = Elsewhere()

    class Look(Progress):
        def started(self, spec, counts):
            if spec.activation.label == "elu":
                assert not engine.inner._workers

    execution = run_specs(
        SPECS[:2],
        store,
        engine=engine,
        progress=Look(),
        trainer="study_trainers:quick",
        alone=ALONE[:1],
        measurer="study_trainers:quick",
    )
    assert execution.counts.finished == 3


def test_the_run_of_a_quicker_process_is_the_one_that_counts(store):
    class Quicker(Progress):
        """Store another process's result while the run is under way."""

        def started(self, spec, counts):
            with Store(store.path) as other:
                other.put({"key": spec.key, "spec": spec.to_dict(), "by": "another"})

        def finished(self, spec, run, counts):
            assert run["by"] == "another"

    seen = []

    def asked(stored):
        seen.append([run["by"] for run in stored.values()])
        return SPECS[:1], 0

    run_specs(asked, store, progress=Quicker(), trainer="study_trainers:quick")
    assert seen[-1] == ["another"]


def test_counts_cost_no_look_at_every_run(store, monkeypatch):
    # They are said twice a run: were each in proportion to the runs, thousands would take minutes.
    looks = []
    monkeypatch.setattr(RunSpec, "work", property(lambda spec: looks.append(spec) or 1.0))
    specs = [RunSpec(activation="relu", seed=seed) for seed in range(30)]
    _, execution = carry_out(store, "quick", specs)
    assert execution.counts.work_done == 30
    assert len(looks) == 2 * len(specs)


@pytest.mark.parametrize("least", [0, 1, 4])
def test_a_study_killed_at_any_moment_loses_nothing_that_was_stored(tmp_path, least):
    path = tmp_path / "runs.sqlite"
    study = start_study(path, "SPECS + TINY_SPECS", "'study_trainers:slow'")
    with Store(path) as store:
        wait_until(lambda: len(store.keys()) >= least)
        before = {run["key"]: run for run in store.runs()}
        os.kill(study.pid, signal.SIGKILL)
        study.communicate()
        after = {run["key"]: run for run in store.runs()}
        assert before.items() <= after.items()
        assert len(after) < len(SPECS) + len(TINY_SPECS)
        record, execution = carry_out(store, "quick", SPECS + TINY_SPECS)
        assert execution.counts.reused == len(after)
        assert execution.counts.stored == len(SPECS) + len(TINY_SPECS)
        assert not after.keys() & set(record.keys("started"))


def test_engines_are_had_by_name():
    assert isinstance(engines.by_name("local"), LocalWorkers)
    with pytest.raises(ValueError, match="must be one of local, ray, slurm, not 'lokal'"):
        engines.by_name("lokal")
    with pytest.raises(ValueError, match="'local' has no options, and was given 'address'"):
        engines.by_name("local", address="host:1")


@pytest.mark.parametrize(("name", "library"), [("ray", "ray"), ("slurm", "submitit")])
def test_a_cluster_without_its_library_is_refused_in_one_line(monkeypatch, name, library):
    monkeypatch.setattr("ogive.extras.find_spec", lambda module: None)
    with pytest.raises(ModuleNotFoundError, match=rf'needs {library}: pip install "ogive\[{name}'):
        engines.by_name(name)


def test_reading_the_engines_loads_no_heavy_library():
    code = """
import sys
from ogive.study import engines
engines.by_name("local")
print([name for name in ("torch", "scipy", "sklearn", "ray", "submitit") if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
