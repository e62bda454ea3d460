"""The engine on Ray: the same loop, on actors that may die."""

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import ClassVar

import pytest

ray = pytest.importorskip("ray")

from ogive.study import EngineError, Progress, RunSpec, Store, engines  # noqa: E402
from ogive.study.engine import run_specs  # noqa: E402

SPECS = [RunSpec(activation=name, seed=seed) for seed in range(3) for name in ("relu", "tanh")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Ray with two workers' worth of CPUs, as a person may have started it in a notebook."""
    marks = tmp_path_factory.mktemp("marks")
    # What a worker inherits is what stands here when Ray is started.
    os.environ["STUDY_TRAINERS_MARKS"] = str(marks)
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.CRITICAL,
    )
    yield marks
    ray.shutdown()
    del os.environ["STUDY_TRAINERS_MARKS"]


@pytest.fixture(autouse=True)
def trainers(monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        yield store


def carry_out(store, trainer, specs=SPECS, **others):
    trainer = f"study_trainers:{trainer}"
    return run_specs(specs, store, engine=engines.by_name("ray"), trainer=trainer, **others)


def test_everything_is_run_once_and_the_cluster_is_left_as_it_was(cluster, store):
    execution = carry_out(store, "holds")
    assert execution.failures == ()
    assert store.keys() == {spec.key for spec in SPECS}
    runs = store.runs()
    assert {run["threads"] for run in runs} == {"1"}
    assert os.getpid() not in {run["pid"] for run in runs}
    # The data are fetched once by each worker.
    held = {(run["pid"], run["dataset"]) for run in runs}
    assert len(held) == len({pid for pid, _ in held}) <= 2
    assert ray.is_initialized()
    deadline = time.monotonic() + 60
    while ray.available_resources().get("CPU") != 2:
        assert time.monotonic() < deadline, "the actors hold CPUs that nobody uses"
        time.sleep(0.1)


def test_more_workers_than_the_cluster_has_cpus_wait_for_nothing(cluster, store):
    # What is given to an actor that waits for a CPU would never be done.
    assert carry_out(store, "slow", workers=5).counts.finished == len(SPECS)
    assert len({run["pid"] for run in store.runs()}) <= 2


def test_a_run_that_raises_is_reported_with_its_traceback(cluster, store):
    (failure,) = carry_out(store, "raises").failures
    assert failure.reason == "RuntimeError: no luck today"
    assert "Traceback" in failure.detail


def test_a_worker_killed_in_the_middle_loses_only_its_run_which_is_tried_again(cluster, store):
    """From outside, as the kernel does it where memory runs out."""
    killed = []

    def kill():
        # While a run is under way its worker's number is the name of a file.
        deadline = time.monotonic() + 60
        while not (marks := list(cluster.iterdir())):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        killed.append(int(marks[0].name))
        os.kill(killed[0], signal.SIGKILL)
        marks[0].unlink()

    class Started(Progress):
        keys: ClassVar = []

        def started(self, spec, counts):
            self.keys.append(spec.key)

    killer = threading.Thread(target=kill)
    killer.start()
    execution = carry_out(store, "marks", progress=Started())
    killer.join()
    assert killed
    assert execution.failures == ()
    assert store.keys() == {spec.key for spec in SPECS}
    assert len(Started.keys) == len(SPECS) + 1


def test_a_run_that_kills_its_worker_twice_is_given_up(cluster, store):
    execution = carry_out(store, "dies")
    (failure,) = execution.failures
    assert failure.spec.seed == 1
    assert "worker has gone" in failure.reason
    assert "the one before it" in failure.reason
    assert "\n" not in failure.reason
    assert execution.counts.finished == 5


SCRIPT = """
import sys
sys.path[:0] = [{folder!r}]
from ogive.study import RunSpec, Store, StudyInterrupted, engines
from ogive.study.engine import run_specs
specs = [RunSpec(activation=name, seed=seed) for seed in range(3) for name in ("relu", "tanh")]
path, trainer, address = sys.argv[1:]
try:
    with Store(path) as store:
        engine = engines.by_name("ray", address=address or None)
        run_specs(specs, store, engine=engine, trainer="study_trainers:" + trainer)
        print(len(store.keys()), flush=True)
except StudyInterrupted as interrupted:
    print(interrupted, flush=True)
"""


def start_study(path, trainer, address=""):
    code = SCRIPT.format(folder=os.path.dirname(__file__))
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, str(path), trainer, address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_ray_is_started_and_ended_without_a_word(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_TRAINERS_MARK", str(tmp_path / "died"))
    study = start_study(tmp_path / "runs.sqlite", "dies_once")
    assert study.communicate(timeout=120) == ("6\n", "")
    assert (tmp_path / "died").exists()
    with Store(tmp_path / "runs.sqlite") as store:
        pids = {run["pid"] for run in store.runs()}
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_ctrl_c_ends_ray_and_says_what_is_stored(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_TRAINERS_MARKS", str(tmp_path / "marks"))
    (tmp_path / "marks").mkdir()
    study = start_study(tmp_path / "runs.sqlite", "hangs")
    deadline = time.monotonic() + 60
    while len(marks := list((tmp_path / "marks").iterdir())) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # As a terminal does it: to the whole process group.
    os.killpg(study.pid, signal.SIGINT)
    said, complained = study.communicate(timeout=60)
    assert complained == ""
    assert said == "interrupted: 0 of 6 runs are stored; the same command makes the rest\n"
    assert not any(os.path.exists(f"/proc/{mark.name}") for mark in marks)


def answers(host, port):
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def test_a_cluster_that_is_running_is_joined_by_its_address(tmp_path, monkeypatch):
    # Whoever joins it must know a word, from 2.61 on by default.
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    host = ray.util.get_node_ip_address()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    head = subprocess.Popen(
        [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
            *(f"--port={port}", "--num-cpus=2", "--include-dashboard=false"),
            "--disable-usage-stats",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(host, port):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        study = start_study(tmp_path / "runs.sqlite", "quick", f"{host}:{port}")
        assert study.communicate(timeout=120) == ("6\n", "")
        # It is left as it was.
        assert head.poll() is None
        assert answers(host, port)
        # Without the word it is closed, which is said in one line and not by Ray in twenty.
        monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        monkeypatch.setenv("RAY_NUM_REDIS_GET_RETRIES", "2")
        study = start_study(tmp_path / "others.sqlite", "quick", f"{host}:{port}")
        said, complained = study.communicate(timeout=120)
        assert said == ""
        assert complained.splitlines()[-1].startswith("ogive.study.engines.base.EngineError: Ray")
    finally:
        head.terminate()
        head.wait(timeout=60)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:{free}", "no Ray cluster answers at 127.0.0.1:"),
        ("ray://127.0.0.1:{free}", "no Ray cluster answers at ray://127.0.0.1:"),
        ("somewhere", "is host:port, not 'somewhere'"),
        ("host:name", "is host:port, not 'host:name'"),
        ("127.0.0.1:99999", "no Ray cluster answers at 127.0.0.1:99999"),
    ],
)
def test_an_address_where_no_cluster_is_is_said_in_one_line(store, address, said):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = address.format(free=probe.getsockname()[1])
        with pytest.raises(EngineError, match=said) as caught:
            run_specs(
                SPECS,
                store,
                engine=engines.by_name("ray", address=address),
                trainer="study_trainers:quick",
            )
    assert "\n" not in str(caught.value)


def test_another_cluster_than_the_one_of_this_process_is_refused(cluster, store):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        engine = engines.by_name("ray", address=address)
        with pytest.raises(EngineError, match="running in this process already"):
            run_specs(SPECS, store, engine=engine, trainer="study_trainers:quick")
    assert ray.is_initialized()
