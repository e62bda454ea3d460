"""Workers on a Ray cluster: one that is running, or one started on this machine.

Each worker is an actor of one CPU. The data set is put into Ray's object store once, from where
each node fetches it once.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ogive.extras import require
from ogive.study.data import Data, Dataset, Part
from ogive.study.engines.base import ONE_THREAD, Answer, EngineError, Task, search_path
from ogive.study.worker import carry_out

__all__ = ["RayWorkers"]

CONNECT_SECONDS = 10.0
"""How long the address of a cluster may take to answer."""

LOOK_SECONDS = 1.0
"""How long Ray is waited for at a time, so that Ctrl-C is heard."""


class RayWorkers:
    """Actors of a Ray cluster, one task each at a time.

    Parameters
    ----------
    address : str, optional
        Of a cluster that is running: ``host:port`` of its head node, ``ray://host:port`` of its
        client server, or "auto". Ogive must be installed on its nodes, and a person's own code must
        lie there where it lies here. Without an address Ray is started on this machine, and ended
        with the study; where this process has started Ray already, that is used and left as it is.

    Raises
    ------
    ModuleNotFoundError
        If Ray is not installed.
    """

    def __init__(self, address: str | None = None) -> None:
        require("the engine 'ray'", "ray", extra="ray")
        self._address = address
        self._ray: Any = None
        self._ours = False
        self._module = ""
        # Actors by the answer that is awaited of them: of the idle ones none is.
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, Task]] = {}
        self._data: dict[Data, Any] = {}

    def start(self, number: int, module: str) -> None:
        """Begin to start so many actors more, of which as many run as the cluster has CPUs free.

        Raises
        ------
        EngineError
            If the cluster cannot be reached or started, or has no CPU for a worker.
        """
        self._module = module
        if self._ray is None:
            self._connect(number)
        for _ in range(number):
            self._hire()

    def _connect(self, number: int) -> None:
        with _quiet():
            import ray

            if self._address is not None:
                _reachable(self._address)
                if ray.is_initialized():
                    raise EngineError(
                        "Ray is running in this process already: leave the address out to use "
                        "that, or end it with ray.shutdown()"
                    )
            self._ray = ray
            if ray.is_initialized():
                return
            # Ray tells its makers of each cluster that is started, unless it is told not to.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            where = (
                {"address": "local", "num_cpus": number, "include_dashboard": False}
                if self._address is None
                else {"address": self._address}
            )
            try:
                with contextlib.nullcontext() if self._address is None else _silent():
                    ray.init(**where, log_to_driver=False, logging_level=logging.CRITICAL)
            except Exception as error:  # what Ray raises depends on how far it came
                self._ray = None
                said = " ".join(str(error).split())
                raise EngineError(f"Ray cannot be started: {said}") from error
            self._ours = True
        if self._ray.cluster_resources().get("CPU", 0) < 1:
            raise EngineError("the Ray cluster has no CPU for a worker")

    def _hire(self) -> None:
        environment = {**ONE_THREAD, "PYTHONPATH": search_path()}
        actor = (
            self._ray.remote(_Actor)
            .options(num_cpus=1, max_restarts=0, runtime_env={"env_vars": environment})
            .remote(os.getcwd(), self._module)
        )
        # An actor may wait for a CPU for ever: it is given nothing before it has answered.
        self._starting[actor.ready.remote()] = actor

    def free(self) -> int:
        """Return how many actors run and have nothing to do."""
        return len(self._idle)

    def give(self, task: Task, dataset: Dataset) -> None:
        """Hand a task to one of them."""
        if task.data not in self._data:
            self._data = {task.data: self._ray.put(dataset)}
        actor = self._idle.pop()
        awaited = actor.carry_out.remote(
            task.function, task.argument, task.data, [self._data[task.data]]
        )
        self._busy[awaited] = actor, task

    def wait(self) -> list[Answer]:
        """Wait for an answer, a death or an actor that is ready."""
        done: list[Any] = []
        while not done:
            done = self._done(LOOK_SECONDS)
        return self._heard(done)

    def ready(self) -> list[Answer]:
        """Return what has arrived already."""
        return self._heard(self._done(0)) if self._busy else []

    def _done(self, seconds: float) -> list[Any]:
        awaited = [*self._busy, *self._starting]
        done: list[Any]
        done, _ = self._ray.wait(awaited, num_returns=len(awaited), timeout=0)
        if not done and seconds:
            done, _ = self._ray.wait(awaited, num_returns=1, timeout=seconds)
        return done

    def _heard(self, done: list[Any]) -> list[Answer]:
        answers = []
        for awaited in done:
            if awaited in self._starting:
                actor = self._starting.pop(awaited)
                try:
                    self._ray.get(awaited)
                except self._ray.exceptions.RayError as error:
                    raise EngineError(
                        f"a worker cannot be started on Ray: {_line(error)}"
                    ) from None
                self._idle.append(actor)
                continue
            actor, task = self._busy.pop(awaited)
            try:
                kind, content = self._ray.get(awaited)
            except self._ray.exceptions.RayError as error:
                answers.append(Answer(task, "died", f"its worker has gone ({_line(error)})"))
                self._dismiss(actor)
                self._hire()
            else:
                answers.append(Answer(task, kind, content))
                self._idle.append(actor)
        return answers

    def _dismiss(self, actor: Any) -> None:
        with contextlib.suppress(Exception):  # it may have gone already, and the cluster with it
            self._ray.kill(actor)

    def stop(self) -> None:
        """End the actors, and Ray where it was started here."""
        if self._ray is None:
            return
        for actor in (
            *self._starting.values(),
            *self._idle,
            *(actor for actor, _ in self._busy.values()),
        ):
            self._dismiss(actor)
        self._starting, self._idle, self._busy, self._data = {}, [], {}, {}
        if self._ours:
            with _quiet():
                self._ray.shutdown()
        self._ray, self._ours = None, False


class _Actor:
    """What runs on the cluster."""

    def __init__(self, folder: str, module: str) -> None:
        # Ctrl-C reaches the whole process group; the parent decides what becomes of the workers.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A person's own code may be named by a path from where the command was given.
        with contextlib.suppress(OSError):
            os.chdir(folder)
        with contextlib.suppress(Exception):
            importlib.import_module(module)
        self._holds: Data | None = None
        self._dataset: Dataset | None = None

    def ready(self) -> None:
        """Answer."""

    def carry_out(
        self, function: str, argument: Any, data: Data, where: list[Any]
    ) -> tuple[str, Any]:
        """Do a task. The data are named by a reference, and fetched where they are not held."""
        if data != self._holds:
            import ray

            self._dataset = _writable(ray.get(where[0]))
            self._holds = data
        return carry_out(function, argument, self._dataset)


def _writable(dataset: Dataset) -> Dataset:
    """Return a data set of one's own: arrays in the object store cannot be written."""

    def part(each: Part) -> Part:
        return Part(np.array(each.inputs), np.array(each.targets))

    return replace(
        dataset,
        train=part(dataset.train),
        validation=part(dataset.validation),
        test=part(dataset.test),
    )


def _reachable(address: str) -> None:
    """Look whether something listens at `address`: Ray itself tries for minutes, and loudly."""
    if address in ("auto", "local"):
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not host or not port.isdigit():
        raise EngineError(f"the address of a Ray cluster is host:port, not {address!r}")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise EngineError(f"no Ray cluster answers at {address}: {said}") from None


def _line(error: Exception) -> str:
    """Return the first sentence of what Ray says, which goes on for a page."""
    return str(error).strip().split("\n")[0].split(". ")[0].rstrip(".")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Ray from printing what the study says itself.

    A worker's death is printed by Ray in the parent; what is to be left out it reads from the
    environment, when it is imported.
    """
    name = "RAY_DEDUP_LOGS_SKIP_REGEX"
    if "ray" in sys.modules or name in os.environ:
        yield
        return
    os.environ[name] = "."
    try:
        yield
    finally:
        del os.environ[name]


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Send what this process writes to standard error nowhere, from whatever language.

    While a cluster is joined that does not let one in, Ray's C++ complains every second.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
