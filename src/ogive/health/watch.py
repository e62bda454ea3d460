"""Watching a training run: which steps are looked at, and when looking begins and ends.

A step is what lies between two steps of the optimiser. While one is looked at, its backward
passes are preceded by a look at their graph, and modules tell their names; otherwise a backward
pass costs one more call in Python, which keeps the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn

from ogive.health.guard import Guard
from ogive.health.history import History
from ogive.health.hooks import EagerStance, Replaced, after_steps, before_steps, module_calls
from ogive.health.names import Names
from ogive.health.plan import Plans
from ogive.health.plane import Plane
from ogive.health.ranks import Group
from ogive.health.sample import Sample
from ogive.health.schedule import Schedule
from ogive.health.updates import Updates

__all__ = ["Watch"]


_CALLS = 3
"""Samples in which every call of a module is seen."""


class Watch:
    """One training run under observation, between `start` and `stop`.

    Parameters
    ----------
    schedule : Schedule
    models : iterable of torch.nn.Module, optional
        Networks whose names are to be used; others are found when they are called.
    optimizers : iterable of torch.optim.Optimizer, optional
        Only steps of these count; of all if there are none.
    picture : bool, optional
        Whether the network is run over a plane of inputs before its first step.
    """

    def __init__(
        self,
        schedule: Schedule,
        models: Iterable[nn.Module] = (),
        optimizers: Iterable[torch.optim.Optimizer] = (),
        *,
        picture: bool = False,
    ) -> None:
        self.schedule = schedule
        self.history = History()
        self._guarded = Guard(self.history)
        self.group: Group | None = None
        self.names = Names()
        self._plans = Plans()
        self._recurrent: WeakSet[nn.Module] = WeakSet()
        for model in models:
            self.names.see(model)
        self._only = {id(each) for each in optimizers}
        self._counts: dict[int, int] = {}
        self._number = 0
        self._optimizers: WeakSet[torch.optim.Optimizer] = WeakSet()
        self._losses: list[tuple[int, Tensor]] = []
        self._permanent: list[Any] = []
        self._passing: list[Any] = []
        self._sample: Sample | None = None
        self._updates: Updates | None = None
        self._scale: Tensor | None = None
        self._running = 0
        self._deep = True
        self._plane = Plane() if picture else None

    def start(self) -> None:
        """Begin."""
        self._permanent = [
            Replaced(torch.autograd, "backward", self._around_backward),
            Replaced(torch, "compile", self._around_compile),
            Replaced(torch.amp.grad_scaler.GradScaler, "scale", self._around_scale),
            after_steps(self._after_step),
        ]
        self._arm()

    def stop(self) -> None:
        """Take everything away that was put in place, and bring home what was seen."""
        self._guarded(self._finish)()
        self._remove(self._passing)
        self._remove(self._permanent)
        self._guarded(self._keep_losses)()
        self.history.steps = self._number
        self.history.networks = list(self.names.networks)

    @property
    def _armed(self) -> bool:
        return self._sample is not None

    # What is met.

    def _around_backward(self, original: Callable[..., None]) -> Callable[..., None]:
        def backward(tensors: Any, *args: Any, **options: Any) -> None:
            if self._running and self._sample is None:
                return original(tensors, *args, **options)
            outermost = not self._running
            if outermost and isinstance(tensors, Tensor) and tensors.numel() == 1:
                self._losses.append((self._number, tensors.detach()))
            handles: list[Any] = []
            if self._sample is not None:
                handles = self._guarded(self._look)(tensors) or []
            self._running += 1
            try:
                return original(tensors, *args, **options)
            finally:
                self._running -= 1
                self._remove(handles)

        backward.__doc__ = original.__doc__
        return backward

    def _around_compile(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def compile(*args: Any, **options: Any) -> Any:
            result = original(*args, **options)
            held = (each for each in self._passing if isinstance(each, EagerStance))
            if self._armed and not any(each.holds for each in held):
                self._passing.append(EagerStance())
            return result

        compile.__doc__ = original.__doc__
        return compile

    def _around_scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def scale(scaler: Any, outputs: Any) -> Any:
            result = original(scaler, outputs)
            self._scale = scaler._scale
            return result

        scale.__doc__ = original.__doc__
        return scale

    def _see_module(self, module: nn.Module, arguments: Any, keywords: Any) -> None:
        self._guarded(self.names.see)(module)
        if self._plane is not None:
            self._guarded(self._plane.see)(module, arguments, keywords)

    def _see_result(self, module: nn.Module, arguments: Any, keywords: Any) -> None:
        if isinstance(module, nn.LSTM | nn.GRU) and module.training and self._sample is not None:
            self._recurrent.add(module)
            self._guarded(self._sample.recurrent)(module, arguments, keywords)

    def _see_recurrent(self, module: nn.Module, arguments: Any, keywords: Any, output: Any) -> None:
        self._see_result(module, arguments, keywords)

    # The course of a step.

    def _arm(self) -> None:
        self._sample = Sample(self._number, self.history, self.names, self._plans, deep=self._deep)
        self._deep = False
        self._passing = [EagerStance(), before_steps(self._guarded(self._before_step))]
        if len(self.history.sampled) < _CALLS or self.names.strangers:
            self.names.strangers = False
            self._passing.append(module_calls(self._see_module, self._see_result))
        else:
            # All modules are known; to have every call pass by would cost more than to look.
            for module in self._recurrent:
                hook = module.register_forward_hook(self._see_recurrent, with_kwargs=True)
                self._passing.append(hook)

    def _look(self, tensors: Any) -> list[Any]:
        assert self._sample is not None
        roots = [tensors] if isinstance(tensors, Tensor) else list(tensors)
        nodes = [
            root.grad_fn if isinstance(root, Tensor) else getattr(root, "node", None)
            for root in roots
        ]
        found = [node for node in nodes if node is not None]
        if not self._running:
            self._sample.note_kept_gradients(self._optimizers)
        return self._sample.look(found, self._scale, inner=bool(self._running))

    def _mine(self, optimizer: torch.optim.Optimizer) -> bool:
        return not self._only or id(optimizer) in self._only

    def _before_step(self, optimizer: torch.optim.Optimizer) -> None:
        if not self._mine(optimizer):
            return
        if self._plane is not None:
            plane, self._plane = self._plane, None
            self._guarded(self._landscape)(plane)
        if self._sample is not None:
            self._updates = Updates(optimizer, self._sample.copied)

    def _landscape(self, plane: Plane) -> None:
        if plane.draw():
            self.history.landscape = plane.output
        else:
            self.history.note(
                "No landscape was drawn: the network is not called with one batch of numbers, of "
                "three samples at least."
            )

    def _after_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Count a step; this is all that happens after one that was not looked at."""
        count = self._counts.get(id(optimizer))
        if count is None:
            if not self._mine(optimizer):
                return
            self._guarded(self._meet)(optimizer)
            count = 0
        self._counts[id(optimizer)] = count + 1
        begins = count + 1 > self._number
        self._number = max(self._number, count + 1)
        if self._sample is not None:
            self._guarded(self._looked_at)(begins)
        if begins and self._number in self.schedule:
            self._guarded(self._arm)()

    def _meet(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizers.add(optimizer)
        groups = len(optimizer.param_groups)
        more = f", {groups} groups" if groups > 1 else ""
        self.history.optimizers.append(f"{type(optimizer).__name__}{more}")

    def _looked_at(self, ended: bool) -> None:
        """Bring in the step of an optimiser, and end the look with the last of them."""
        updates, self._updates = self._updates, None
        if self._sample is not None and updates is not None:
            self._sample.stepped(updates.finish())
        if ended:
            self._finish()

    def _finish(self) -> None:
        """End the look at a step."""
        self._remove(self._passing)
        sample, self._sample = self._sample, None
        # The beginning of a step that was not made is worth something if there is no other.
        if sample is None or not (sample.updates or (sample.seen and not self.history.sampled)):
            return
        self._keep_losses()
        self.group = Group.current() or self.group
        if sample.finish(self._scale is not None, self.group is not None):
            # Something is not finite: the next step is looked at more closely.
            self._deep = True
        self._scale = None

    def _keep_losses(self) -> None:
        """Bring home the losses since the last time."""
        if not self._losses:
            return
        steps = [step for step, _ in self._losses]
        tensors = [tensor.float().reshape(()) for _, tensor in self._losses]
        groups: dict[torch.device, list[int]] = {}
        for place, tensor in enumerate(tensors):
            groups.setdefault(tensor.device, []).append(place)
        values = [0.0] * len(tensors)
        for places in groups.values():
            together = torch.stack([tensors[place] for place in places]).tolist()
            for place, value in zip(places, together, strict=True):
                values[place] = value
        self.history.losses += zip(steps, values, strict=True)
        self._losses.clear()

    # Care.

    @staticmethod
    def _remove(handles: list[Any]) -> None:
        while handles:
            handles.pop().remove()
