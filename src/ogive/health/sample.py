"""One step that is looked at: what its graphs, modules and optimisers show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import isfinite, nan, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ogive.health.graph import Node, nodes_before
from ogive.health.guard import Guard
from ogive.health.heads import Loss, losses_among
from ogive.health.history import (
    ActivationHistory,
    HeadHistory,
    History,
    Incident,
    ParameterHistory,
)
from ogive.health.moments import Copied, Units, mean_of_units, measure, some_samples
from ogive.health.names import Names
from ogive.health.not_finite import Culprits
from ogive.health.plan import Plan, Planned, Plans
from ogive.health.recognised import Activation, read
from ogive.health.recurrent import gates
from ogive.health.sites import Site, first_input
from ogive.health.updates import Update, norm_of, norms_of, rms

__all__ = ["Sample"]

_BACKWARDS = 8
"""Backward passes of one step that are looked at."""


@dataclass
class _Seen:
    """One activation in this step, with the places of its figures."""

    name: str
    layer: str
    order: float
    gate: bool
    recurrent: bool = False
    head: bool = False
    calls: list[tuple[int, list[int]]] = field(default_factory=list)
    gradients: list[tuple[int, int]] = field(default_factory=list)
    ratios: list[int] = field(default_factory=list)


@dataclass
class _Head:
    loss: Loss
    target: int | None
    prediction: int | None
    difference: int | None


class Sample:
    """What is seen of one step.

    Parameters
    ----------
    step : int
    history : History
        What is seen is added to it by `finish`.
    names : Names
    plans : Plans
        Where in graphs of earlier steps there was something to be seen.
    deep : bool
        Whether every operation is looked at for what is not finite.
    """

    def __init__(
        self, step: int, history: History, names: Names, plans: Plans, *, deep: bool
    ) -> None:
        self._plans = plans
        self.step, self.history, self.names = step, history, names
        self.copied = Copied()
        self.updates: list[Update] = []
        self.seen = 0
        self._activations: dict[str, _Seen] = {}
        self._heads: list[_Head] = []
        self._input: tuple[int, int] | None = None
        self._kept: dict[int, list[int | None]] = {}
        self._kept_before_steps: list[list[int | None]] = []
        self._orders: dict[Node, float] = {}
        self._scale: int | None = None
        self._keep_moments = False
        self._guarded = Guard(history)
        self._culprits = Culprits(names, self._guarded) if deep else None

    # While the step runs.

    def look(self, roots: list[Node], scale: Tensor | None, *, inner: bool) -> list[Any]:
        """Look at the graph of a backward pass that is about to begin.

        Parameters
        ----------
        roots : list of Node
        scale : torch.Tensor or None
            By which the loss is multiplied.
        inner : bool
            Whether it is the pass of a part that was computed again, within another.

        Returns
        -------
        list
            Hooks, to be removed after the pass.
        """
        if not roots or (self.seen >= _BACKWARDS and not inner):
            return []
        self.seen += not inner
        nodes = nodes_before(roots)
        orders = self._in_order(nodes, inner)
        if scale is not None and self._scale is None:
            self._scale = self.copied.add(scale.detach().clone())
        handles: list[Any] = []
        if self._culprits is not None:
            handles += self._culprits.look(nodes)
        plan = self._plans.of(nodes, roots, self.names, inner=inner)
        if plan.fused:
            self.history.note(
                "A part of the network was compiled and could not be looked into, because it was "
                "compiled before the check-up began."
            )
        with torch.no_grad():
            for planned in plan.activations:
                handles += self._activation(planned, nodes[planned.index], orders)
            if not inner:
                self._of_graph(nodes, plan)
        return handles

    def _in_order(self, nodes: list[Node], inner: bool) -> dict[Node, float]:
        """Return each node's place; those of an inner pass come where their part stands."""
        if not inner:
            self._orders = {node: float(i) for i, node in enumerate(nodes)}
            return self._orders
        current = torch._C._current_autograd_node()
        base = self._orders.get(current, 0.0)
        return {node: base + i / (len(nodes) + 1) for i, node in enumerate(nodes)}

    def _of_graph(self, nodes: list[Node], plan: Plan) -> None:
        if plan.looks <= _HEADS:
            given = first_input(nodes[: plan.first_layer]) if self._input is None else None
            if given is not None:
                self._input = self.copied.add(norm_of(given)), given.numel()
            for loss in losses_among(nodes):
                ends = map(self._ends, (loss.target, loss.prediction, loss.difference))
                loss.target = loss.prediction = loss.difference = None
                self._heads.append(_Head(loss, *ends))
        if plan.looks == 1:
            _learn_structure(self.history, plan)

    def _ends(self, tensor: Tensor | None) -> int | None:
        if tensor is None or not tensor.is_floating_point() or not tensor.numel():
            return None
        return self.copied.add(torch.stack(tensor.detach().float().aminmax()))

    def _activation(self, planned: Planned, node: Node, orders: dict[Node, float]) -> list[Any]:
        site = planned.site
        seen = self._activations.get(planned.key)
        if seen is None:
            seen = _Seen(planned.name, site.layer, orders[node], planned.gate, head=planned.head)
            self._activations[planned.key] = seen
        activation = read(node)
        figures: list[Tensor] = []
        if activation is not None:
            figures = measure(activation, site.feature_dim)
        if figures and activation is not None and activation.result is not None:
            count = max(activation.result.numel() // len(figures[0]), 1)
            seen.calls.append((count, [self.copied.add(each) for each in figures]))
        handles = [node.register_prehook(self._guarded(self._keeping_gradient(seen)))]
        if not figures:
            handles.append(node.register_hook(self._guarded(self._keeping_ratio(seen, site))))
        return handles

    def _keeping_gradient(self, seen: _Seen) -> Callable[..., None]:
        def keep(gradients: tuple[Tensor | None, ...]) -> None:
            gradient = gradients[0]
            if gradient is None or gradient.is_sparse or not gradient.numel():
                return
            norm = self.copied.add(norm_of(gradient.detach()))
            seen.gradients.append((gradient.numel(), norm))

        return keep

    def _keeping_ratio(self, seen: _Seen, site: Site) -> Callable[..., None]:
        """Return a hook for an activation that saved nothing: its slope is out over in."""

        def keep(onto: tuple[Tensor | None, ...], of: tuple[Tensor | None, ...]) -> None:
            if not onto or onto[0] is None or not of or of[0] is None:
                return
            if onto[0].shape != of[0].shape:
                return
            arrived, passed = (some_samples(each.detach()) for each in (of[0], onto[0]))
            there = arrived != 0
            ratio = torch.where(there, passed / arrived, 0.0).abs().double()
            number = mean_of_units(there.double(), site.feature_dim)
            slope = mean_of_units(ratio, site.feature_dim) / number.clamp(min=1e-300)
            seen.ratios.append(self.copied.add(slope))

        return keep

    def recurrent(self, module: nn.LSTM | nn.GRU, arguments: Any, keywords: Any) -> None:
        """Compute the gates of a call again, and measure them."""
        input = arguments[0] if arguments else keywords["input"]
        state = arguments[1] if len(arguments) > 1 else keywords.get("hx")
        label = self.names.of_module(module)
        with torch.no_grad():
            for name, function, values in gates(module, input, state):
                layer = f"{label} {name}"
                entry = _Seen(function, layer, 0.0, function == "sigmoid", recurrent=True)
                seen = self._activations.setdefault(layer, entry)
                figures = measure(Activation(None, function, (), result=values), -1)
                places = [self.copied.add(each) for each in figures]
                seen.calls.append((len(values), places))

    def note_kept_gradients(self, optimizers: Iterable[torch.optim.Optimizer]) -> None:
        """Look which optimisers' gradients are 0 before a backward pass adds to them."""
        if len(self.history.sampled) > len(self.history.kept_gradients) + 1:
            return  # they were, in some step but the first
        for optimizer in optimizers:
            gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
            held = [g.detach() for g in gradients if g is not None and not g.is_sparse]
            total = self.copied.add(torch.stack(norms_of(held)).sum()) if held else None
            self._kept.setdefault(id(optimizer), []).append(total)

    def stepped(self, update: Update) -> None:
        """Take note of a step of an optimiser."""
        self.updates.append(update)
        self._kept_before_steps.append(self._kept.pop(update.optimizer, []))

    # When it is over.

    def finish(self, scaled: bool, keep_moments: bool) -> bool:
        """Bring everything home and add it to the history.

        Parameters
        ----------
        scaled : bool
            Whether the loss was multiplied by a scale.
        keep_moments : bool
            Whether the moments of units are kept, to be joined with those of other processes.

        Returns
        -------
        bool
            Whether something is not finite that should be.
        """
        self.copied.fetch()
        self._keep_moments = keep_moments
        history = self.history
        history.sampled.append(self.step)
        scale = 1.0 if self._scale is None else float(self.copied[self._scale][0])
        before = len(history.incidents)
        if self._culprits is not None:
            for kind, where in self._culprits.found():
                history.incidents.append(Incident(self.step, kind, where, scaled))
        for key, seen in self._activations.items():
            self._add_activation(key, seen, scale)
        for update in self.updates:
            self._add_update(update, scaled)
        history.learning_rates.append([rate for u in self.updates for rate in u.learning_rates])
        for head in self._heads:
            self._add_head(head)
        if self._input is not None:
            norm, entries = self._input
            history.input_rms.append(rms(float(self.copied[norm][0]), entries))
        if any(self._were_kept(places) for places in self._kept_before_steps):
            history.kept_gradients.append(self.step)
        return len(history.incidents) > before

    def _were_kept(self, places: list[int | None]) -> bool:
        """Whether an optimiser's gradients were never 0 before a backward pass."""
        return bool(places) and all(at is not None and self.copied[at][0] > 0 for at in places)

    def _add_activation(self, key: str, seen: _Seen, scale: float) -> None:
        entry = ActivationHistory(
            seen.name, seen.layer, seen.order, seen.gate, seen.recurrent, seen.head
        )
        past = self.history.activations.setdefault(key, entry)
        units: Units | None = None
        for count, places in seen.calls:
            figures = [self.copied[place] for place in places]
            found = Units(count, figures[0], figures[1], figures[2] if len(figures) > 2 else None)
            units = found if units is None else units.joined(found)
        slope = None if units is None else units.slope
        if units is None and seen.ratios:
            slope = np.mean([self.copied[place] for place in seen.ratios], axis=0)
        entries = sum(number for number, _ in seen.gradients)
        squares = sum(float(self.copied[at][0]) ** 2 for _, at in seen.gradients)
        gradient = sqrt(squares / entries) / scale if entries else nan
        past.add(self.step, units, slope, gradient, self._through_time(seen))
        past.moments.append(units if self._keep_moments else None)
        if units is not None and not isfinite(past.rms[-1]):
            self._incident("forward", past.label)

    def _through_time(self, seen: _Seen) -> float:
        """Return the gradient's size at the first of many calls over that at the last."""
        if len(seen.gradients) < _STEPS:
            return nan
        # The backward pass comes by the last call first.
        (last, at_last), *_, (first, at_first) = seen.gradients
        latest, earliest = (float(self.copied[at][0]) for at in (at_last, at_first))
        return earliest / latest if latest > 0 and first == last else nan

    def _add_update(self, update: Update, scaled: bool) -> None:
        norms = [self.copied[at] for at in (update.rms, update.gradient_rms, update.update_rms)]
        fresh = {self.names.of(parameter) for parameter in update.held}
        self.history.stepped = sorted(fresh.union(self.history.stepped))
        for i, parameter in enumerate(update.parameters):
            name = self.names.of(parameter)
            entry = ParameterHistory(name, tuple(parameter.shape))
            past = self.history.parameters.setdefault(name, entry)
            weight, gradient, change = (float(values[i]) for values in norms)
            past.steps.append(self.step)
            past.rms.append(rms(weight, update.compared[i]))
            past.gradient_rms.append(rms(gradient, update.entries[i]))
            past.update_rms.append(rms(change, update.compared[i]))
            if not isfinite(weight):
                self._incident("parameter", name)
            elif not isfinite(gradient):
                self._incident("gradient", name, scaled)

    def _incident(self, kind: str, where: str, scaled: bool = False) -> None:
        found = self.history.incidents
        if len(found) < _INCIDENTS and not any(
            i.kind == kind and i.step == self.step for i in found
        ):
            found.append(Incident(self.step, kind, where, scaled))

    def _add_head(self, head: _Head) -> None:
        loss = head.loss
        key = f"{loss.name} of {loss.applied or loss.activation}, {loss.classes}"
        entry = HeadHistory(
            loss.name, loss.applied, loss.activation, loss.classes, loss.over_batch, loss.broadcast
        )
        past = self.history.heads.setdefault(key, entry)
        past.steps.append(self.step)
        for what in ("target", "prediction", "difference"):
            place = getattr(head, what)
            if place is None:
                continue
            low, high = self.copied[place]
            setattr(past, f"{what}_low", _least(getattr(past, f"{what}_low"), low, min))
            setattr(past, f"{what}_high", _least(getattr(past, f"{what}_high"), high, max))


_HEADS = 10
"""Looks at graphs of one shape in which their inputs and losses are read."""

_INCIDENTS = 20
_STEPS = 8
"""Calls of an activation in one step, from which on they are taken for steps in time."""


def _least(known: float, fresh: float, pick: Callable[[float, float], float]) -> float:
    return float(fresh) if known != known else pick(known, float(fresh))


def _learn_structure(history: History, plan: Plan) -> None:
    """Add what the shape of a graph tells."""
    fresh = [pair for pair in plan.linear_pairs if pair not in history.linear_pairs]
    history.linear_pairs += fresh
    history.nonlinear |= plan.nonlinear
    history.softmax_before = sorted({*history.softmax_before, *plan.softmax_before})
    history.reached = sorted({*history.reached, *plan.reached})
