"""The engine on Slurm itself: a cluster of this one machine, which keeps no accounts.

Where Slurm's daemons are not installed (Debian: slurmctld, slurmd) there is nothing to try;
test_study_slurm.py has what can be held without them.
"""

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

pytest.importorskip("submitit")

from ogive.study import RunSpec, Store, engines
from ogive.study.engine import run_specs

DAEMONS = ("slurmctld", "slurmd")
SPECS = [RunSpec(activation=name, seed=seed) for seed in range(2) for name in ("relu", "tanh")]

CONFIGURATION = """
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
MpiDefault=none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=4000 State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=60 State=UP
"""


def free_ports(number):
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """One node, this machine, and its controller."""
    if not all(map(shutil.which, DAEMONS)):
        pytest.skip("Slurm's daemons are not installed")
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    file = folder / "slurm.conf"
    file.write_text(
        CONFIGURATION.format(
            host=socket.gethostname().split(".")[0],
            ports=free_ports(2),
            user=getpass.getuser(),
            folder=folder,
            cpus=os.cpu_count(),
        )
    )
    environment = {**os.environ, "SLURM_CONF": str(file)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(file))
        daemons = [
            subprocess.Popen(
                [name, "-D"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for name in DAEMONS
        ]
        try:
            deadline = time.monotonic() + 30
            while "idle" not in said("sinfo", "--noheader", "--format=%T"):
                if time.monotonic() > deadline:
                    pytest.skip("Slurm's daemons do not start here")
                time.sleep(0.2)
            yield
        finally:
            for daemon in reversed(daemons):
                daemon.terminate()
                daemon.wait(30)


def said(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path, monkeypatch, cluster):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    # Slurm hands the environment of the command that submits a job on to it.
    monkeypatch.setenv("STUDY_TRAINERS_MARK", str(tmp_path / "died"))
    folder = tmp_path / "shared"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def carry_out(folder, tmp_path, trainer, specs=SPECS):
    engine = engines.by_name("slurm", folder=str(folder), poll=0.1, grace=0.5, partition="short")
    with Store(tmp_path / "runs.sqlite") as store:
        execution = run_specs(specs, store, engine=engine, trainer=f"study_trainers:{trainer}")
        return execution, store.runs()


def test_runs_are_made_by_jobs(folder, tmp_path, capfd):
    execution, runs = carry_out(folder, tmp_path, "quick")
    assert execution.failures == ()
    assert {run["key"] for run in runs} == {spec.key for spec in SPECS}
    assert {run["threads"] for run in runs} == {"1"}
    # Of accounts that are not kept nobody need hear.
    assert capfd.readouterr().err == ""


def test_a_job_that_is_cancelled_is_submitted_again(folder, tmp_path):
    first = {}

    def cancel():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not first:
            running = said("squeue", "--noheader", "--states=running", "--format=%i").split()
            if running and (tmp_path / "died").exists():
                first["job"] = running[0]
                subprocess.run(["scancel", running[0]], check=True)
            time.sleep(0.1)

    other = threading.Thread(target=cancel)
    other.start()
    try:
        execution, runs = carry_out(folder, tmp_path, "hangs_once", SPECS[:1])
    finally:
        other.join()
    assert first
    assert execution.failures == ()
    assert [run["key"] for run in runs] == [SPECS[0].key]


def test_a_job_that_dies_twice_is_given_up_with_how_it_ended(folder, tmp_path):
    (failure,) = carry_out(folder, tmp_path, "leaves", SPECS[:1])[0].failures
    assert "ended without an answer (failed)" in failure.reason
    assert "out of paper" in failure.reason
