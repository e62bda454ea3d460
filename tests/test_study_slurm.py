"""The engine on Slurm: jobs are tasks. Its jobs run here as processes of this machine."""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

submitit = pytest.importorskip("submitit")

from ogive.study import EngineError, RunSpec, Store, engines  # noqa: E402
from ogive.study.engine import run_specs  # noqa: E402
from ogive.study.engines.base import Task  # noqa: E402
from ogive.study.engines.slurm_queue import SlurmQueue  # noqa: E402

SPECS = [RunSpec(activation=name, seed=seed) for seed in range(2) for name in ("relu", "tanh")]
QUICK = {"cluster": "local", "poll": 0.05, "grace": 0.3}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    monkeypatch.setenv("STUDY_TRAINERS_MARK", str(tmp_path / "died"))
    folder = tmp_path / "shared"
    folder.mkdir()
    yield folder
    # The files of the jobs have gone, whatever became of them.
    assert list(folder.iterdir()) == []


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


def carry_out(store, folder, trainer, specs=SPECS, **options):
    engine = engines.by_name("slurm", folder=str(folder), **{**QUICK, **options})
    return run_specs(specs, store, engine=engine, trainer=f"study_trainers:{trainer}")


def test_everything_is_run_once_in_jobs_of_one_thread(store, folder):
    execution = carry_out(store, folder, "quick")
    assert execution.failures == ()
    assert store.keys() == {spec.key for spec in SPECS}
    runs = store.runs()
    assert {run["threads"] for run in runs} == {"1"}
    assert len({run["pid"] for run in runs}) == len(SPECS)
    assert {run["rows"] for run in runs} == {len(SPECS[0].data.load().train)}


def test_a_job_that_dies_is_submitted_again(store, folder, tmp_path):
    execution = carry_out(store, folder, "dies_once")
    assert (tmp_path / "died").exists()
    assert execution.failures == ()
    assert execution.counts.finished == len(SPECS)


def test_a_job_that_dies_twice_is_given_up_with_its_last_words(store, folder):
    (failure,) = carry_out(store, folder, "leaves", SPECS[:1]).failures
    assert "ended without an answer" in failure.reason
    assert "out of paper" in failure.reason
    assert "\n" not in failure.reason


def test_a_run_that_raises_is_reported_and_not_tried_again(store, folder):
    (failure,) = carry_out(store, folder, "raises").failures
    assert failure.reason == "RuntimeError: no luck today"
    assert "Traceback" in failure.detail


def started(folder, trainer):
    """Return workers with one job under way."""
    workers = engines.by_name("slurm", folder=str(folder), **QUICK)
    workers.start(1, "study_trainers")
    assert workers.free() == 1
    spec = SPECS[0]
    task = Task(f"study_trainers:{trainer}", spec, spec.data, "a run")
    workers.give(task, spec.data.load())
    assert workers.free() == 0
    return workers, task


def test_a_job_out_of_time_is_one_that_died(folder):
    """Slurm warns of the end with a signal, at which submitit would make the run fail."""
    workers, task = started(folder, "hangs_here")
    try:
        mark = Path(os.environ["STUDY_TRAINERS_MARK"])
        deadline = time.monotonic() + 60
        while not mark.exists() or not mark.read_text():
            assert time.monotonic() < deadline
            assert workers.ready() == []
            time.sleep(0.05)
        os.kill(int(mark.read_text()), signal.SIGUSR2)
        (answer,) = workers.wait()
        assert (answer.task, answer.kind) == (task, "died")
        assert workers.free() == 1
    finally:
        workers.stop()


def test_stop_ends_the_jobs(folder):
    workers, _ = started(folder, "hangs_here")
    mark = Path(os.environ["STUDY_TRAINERS_MARK"])
    deadline = time.monotonic() + 60
    while not mark.exists() or not mark.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers.stop()
    workers.stop()
    assert workers.ready() == []
    while os.path.exists(f"/proc/{mark.read_text()}"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


SBATCH = """#!{python}
import sys
from pathlib import Path
script = Path(sys.argv[1])
Path({copy!r}).write_text(script.read_text())
{ending}
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Programs with the names of Slurm's, of which `sbatch` keeps what it is given."""
    programs = tmp_path / "bin"
    programs.mkdir()
    copy = tmp_path / "script.sh"

    def program(name, text):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)

    def sbatch(ending):
        program("sbatch", SBATCH.format(python=sys.executable, copy=str(copy), ending=ending))
        return copy

    for name in ("srun", "sacct", "scancel"):
        program(name, f"#!{sys.executable}\n")
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return sbatch


def test_what_is_asked_of_slurm_stands_in_the_script(folder, slurm):
    script = slurm("print('Submitted batch job 12')")
    workers = engines.by_name(
        "slurm", folder=str(folder), minutes=90, memory=3, partition="long", account="biology"
    )
    workers.start(2, "study_trainers")
    try:
        spec = SPECS[0]
        workers.give(Task("study_trainers:quick", spec, spec.data, "a run"), spec.data.load())
        text = script.read_text()
        for line in (
            "#SBATCH --time=90",
            "#SBATCH --mem=3GB",
            "#SBATCH --partition=long",
            "#SBATCH --account=biology",
            "#SBATCH --cpus-per-task=1",
            "export OMP_NUM_THREADS=1",
        ):
            assert line in text
        assert "qos" not in text
        assert workers.free() == 1
        # What submitit left for the job is what the job does.
        (submitted,) = folder.glob("ogive-jobs-*/12/12_submitted.pkl")
        assert pickle.loads(submitted.read_bytes()).args[0] == "study_trainers:quick"
    finally:
        workers.stop()


def test_a_job_that_slurm_does_not_take_is_said_in_one_line(store, folder, slurm):
    slurm("sys.exit('sbatch: error: invalid partition specified: long')")
    with pytest.raises(EngineError, match="invalid partition") as caught:
        carry_out(store, folder, "quick", cluster="slurm")
    assert "\n" not in str(caught.value)


def test_where_slurm_is_missing_it_is_said_in_one_line(store, folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineError, match="Slurm cannot be had here") as caught:
        carry_out(store, folder, "quick", cluster="slurm")
    assert "\n" not in str(caught.value)


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """A program of that name, which prints what it is set to and counts how often it is asked."""
    programs = tmp_path / "queue"
    programs.mkdir()
    asked = programs / "asked"

    def says(text, code=0):
        program = programs / "squeue"
        program.write_text(f"#!/bin/sh\necho >> {asked}\nprintf '{text}'\nexit {code}\n")
        program.chmod(0o755)
        return lambda: len(asked.read_text().splitlines())

    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return says


@pytest.mark.parametrize(
    ("listed", "ended"),
    [
        ("7 RUNNING\\n", None),
        ("7 PENDING\\n", None),
        ("7 COMPLETING\\n", None),
        ("7 OUT_OF_MEMORY\\n8 RUNNING\\n", "out of memory"),
        ("7 TIMEOUT\\n", "timeout"),
        ("17 RUNNING\\n", "gone"),
        ("", "gone"),
    ],
)
def test_the_queue_says_which_jobs_have_ended(squeue, listed, ended):
    squeue(listed)
    assert SlurmQueue(0).ended("7", time.monotonic()) == ended


def test_no_job_has_ended_while_slurm_does_not_answer(squeue, monkeypatch):
    squeue("slurm_load_jobs error: Unable to contact slurm controller", code=1)
    assert SlurmQueue(0).ended("7", 0.0) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert SlurmQueue(0).ended("7", 0.0) is None


def test_slurm_is_not_asked_too_often_and_an_old_list_ends_no_new_job(squeue):
    times = squeue("7 RUNNING\\n")
    queue = SlurmQueue(3600)
    assert queue.ended("7", 0.0) is None
    # Submitted after the list was made, which cannot have it.
    assert queue.ended("8", time.monotonic()) is None
    assert times() == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"minutes": 0}, "minutes of a job must be at least 1"),
        ({"memory": -1}, "memory of a job must be a positive"),
        ({"folder": "/no/such/folder"}, "there is no folder /no/such/folder"),
        ({"cluster": "pbs"}, "the cluster must be one of slurm, local"),
        ({"partitions": "long"}, "did you mean 'partition'"),
        ({"address": "host:1"}, "an option of the engine 'slurm' must be one of"),
    ],
)
def test_wrong_options_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        engines.by_name("slurm", **options)


def test_interruption_ends_the_jobs_and_says_what_is_stored(tmp_path, folder):
    code = f"""
import sys
sys.path[:0] = [{os.path.dirname(__file__)!r}]
from ogive.study import RunSpec, Store, StudyInterrupted, engines
from ogive.study.engine import run_specs
try:
    with Store(sys.argv[1]) as store:
        engine = engines.by_name("slurm", folder=sys.argv[2], **{QUICK!r})
        run_specs([RunSpec()], store, engine=engine, trainer="study_trainers:hangs_here")
except StudyInterrupted as interrupted:
    print(interrupted, flush=True)
"""
    study = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "runs.sqlite"), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # of the job, which is the parent's child here
        text=True,
    )
    with contextlib.ExitStack() as stack:
        stack.callback(study.kill)
        mark = tmp_path / "died"
        deadline = time.monotonic() + 60
        while not mark.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        study.send_signal(signal.SIGINT)
        said, _ = study.communicate(timeout=60)
    assert said == "interrupted: 0 of 1 runs are stored; the same command makes the rest\n"
