"""Which activation is called on which layer's output, seen by running the network once.

Every operation of torch, and every function of Ogive, announces itself to a `TorchFunctionMode`
with its arguments. A tensor carries a trail: the layers whose output it still is. Activations
take the layers off it, further layers begin a new one, and everything that keeps a signal a
signal passes it on. What hides its operations (a module with code of its own inside) is seen by
hooks instead, as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ogive.torch.init import operations
from ogive.torch.init.layers import OUTPUT_FUNCTIONS
from ogive.torch.init.nonlinearity import Found
from ogive.torch.init.running import as_found, run, watching
from ogive.torch.nn import recognise

__all__ = ["called_activations"]

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Trail:
    """What a tensor is made of.

    Attributes
    ----------
    pending : frozenset of str
        Layers of whose output nothing but passing operations has been made.
    altered : frozenset of (str, str)
        Layers, and the nonlinear operation without a record that their output went through.
    activated : frozenset of str
        Layers whose activation's output this is.
    """

    pending: frozenset[str] = _NOTHING
    altered: frozenset[tuple[str, str]] = frozenset()
    activated: frozenset[str] = _NOTHING

    def __or__(self, other: _Trail) -> _Trail:
        return _Trail(
            self.pending | other.pending,
            self.altered | other.altered,
            self.activated | other.activated,
        )

    def through(self, operation: str) -> _Trail:
        """Return the trail behind a nonlinear operation without a record."""
        fresh = frozenset((layer, operation) for layer in self.pending)
        return _Trail(altered=self.altered | fresh, activated=self.activated)


@dataclass
class _Seen:
    """What was seen of one layer's output."""

    activations: list[Found] = field(default_factory=list)
    plainly: bool = False  # It reached a further layer, or the network's output, as it is.
    hidden: bool = False  # Its activation's output reached a further layer.
    unknown: list[str] = field(default_factory=list)


def called_activations(
    module: nn.Module, layers: Mapping[str, nn.Module], example_inputs: Any, *, strict: bool
) -> dict[str, Found | None]:
    """Run a network once, and say for each of its layers which activation follows.

    Parameters
    ----------
    module : torch.nn.Module
        The network; afterwards it is as it was.
    layers : mapping of str to torch.nn.Module
        Its weight layers.
    example_inputs : object
        A tensor, a sequence of arguments or a mapping of keywords.
    strict : bool
        Whether to raise where it cannot be told.

    Returns
    -------
    dict of str to (ogive.catalog.Function, dict of str to float), or None
        The record and parameters for each layer; None for a layer that no activation follows.

    Raises
    ------
    ValueError
        If `strict` and a layer's activation cannot be told.
    """
    # The wrapper of torch.compile would run code that no mode sees into.
    model = getattr(module, "_orig_mod", module)
    tracer = _Tracer(layers)
    with as_found(model), torch.no_grad(), tracer.watching(model), tracer:
        tracer.finish(run(model, example_inputs))
    return {name: _decided(name, seen, strict) for name, seen in tracer.seen.items()}


class _Tracer(TorchFunctionMode):
    """Follows every tensor from layer to activation."""

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.seen = {name: _Seen() for name in layers}
        self._layers = {id(layer): name for name, layer in layers.items()}
        self._weights: dict[int, list[str]] = {}
        for name, layer in layers.items():
            self._weights.setdefault(id(layer.weight), []).append(name)
        # The tensors are held, so that none of another trail gets the identity of a dead one.
        self._trails: dict[int, tuple[Tensor, _Trail]] = {}
        self._inside = 0

    # ---- trails -------------------------------------------------------------------------------

    def _trail(self, *values: Any) -> _Trail:
        trail = _Trail()
        for tensor in operations.tensors_in(values):
            trail |= self._trails.get(id(tensor), (tensor, _Trail()))[1]
        return trail

    def _leave(self, output: Any, trail: _Trail, taken: Iterable[Tensor] = ()) -> None:
        """Give what an operation returned its trail; done in place, the views of it too."""
        before = {id(tensor) for tensor in taken}
        for tensor in operations.tensors_in(output):
            if not (tensor.is_floating_point() or tensor.dtype == torch.bool):
                continue  # Places and counts; a condition, x > 0, may make an activation.
            self._trails[id(tensor)] = (tensor, trail)
            if id(tensor) in before:
                for other, _ in list(self._trails.values()):
                    if _same_memory(other, tensor):
                        self._trails[id(other)] = (other, trail)

    # ---- what happens to a trail ----------------------------------------------------------------

    def _into_layer(self, trail: _Trail) -> None:
        for name in trail.pending:
            self.seen[name].plainly = True
        for name in trail.activated:
            self.seen[name].hidden = True
        for name, operation in trail.altered:
            self._unknown(name, operation)

    def _into_activation(self, trail: _Trail, activation: Found) -> _Trail:
        for name in trail.pending:
            if activation not in self.seen[name].activations:
                self.seen[name].activations.append(activation)
        for name, operation in trail.altered:
            self._unknown(name, operation)
        return _Trail(activated=trail.pending | trail.activated)

    def _unknown(self, name: str, operation: str) -> None:
        if operation not in self.seen[name].unknown:
            self.seen[name].unknown.append(operation)

    def _product(self, name: str, arguments: tuple[Any, ...]) -> _Trail:
        one, other = (self._trail(argument) for argument in (*arguments, None)[:2])
        gates = (one.pending & other.activated) | (one.activated & other.pending)
        for layer in gates:
            of = " and ".join(record.name for record, _ in self.seen[layer].activations)
            self._unknown(layer, f"a product with its own {of}")
        both = one | other
        squared = one.pending & other.pending
        left = _Trail(both.pending - squared, both.altered, both.activated)
        return left | _Trail(pending=squared).through(name)

    def finish(self, output: Any) -> None:
        """Take in what the network returned."""
        trail = self._trail(output)
        self._into_layer(_Trail(trail.pending, trail.altered))

    # ---- operations -----------------------------------------------------------------------------

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self._inside:
            return func(*args, **kwargs)
        name = operations.name_of(func)
        trail = self._trail(args, kwargs)
        if name in operations.LAYERS:
            self._into_layer(trail)
            trail = _Trail(pending=frozenset(self._layers_called(args, kwargs)))
        elif trail != _Trail():
            trail = self._through(name, trail, args, kwargs)
        output = func(*args, **kwargs)
        if name == "__setitem__":
            self._leave(args[0], trail, (args[0],))
        elif trail != _Trail() or name in operations.LAYERS:
            self._leave(output, trail, operations.tensors_in(args))
        return output

    def _through(
        self, name: str, trail: _Trail, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> _Trail:
        """Return the trail behind an operation that is no layer."""
        activation = operations.activation_called(name, args, kwargs)
        if activation is not None:
            return self._into_activation(trail, activation)
        if name in operations.PRODUCTS:
            return self._product(name, args)
        if name in operations.PASSES:
            return trail
        if operations.is_fresh(name):
            return _Trail()
        if name in operations.REDUCTIONS and not operations.takes_the_larger(name, args, kwargs):
            return _Trail(pending=trail.pending, activated=trail.activated)
        if name in operations.STATISTICS:
            return _Trail()
        if name in operations.SCORES:
            self._into_layer(_Trail(trail.pending, trail.altered))
            return _Trail()
        return trail.through(name)

    def _layers_called(self, *values: Any) -> Iterable[str]:
        for tensor in operations.tensors_in(values):
            yield from self._weights.get(id(tensor), ())

    # ---- modules --------------------------------------------------------------------------------

    def watching(self, model: nn.Module) -> AbstractContextManager[None]:
        """Watch layers and activation modules as wholes, in a context."""
        watched = [
            module
            for module in model.modules()
            if id(module) in self._layers or recognise(module) is not None
        ]
        return watching(watched, self._enter, self._exit)

    def _enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._inside += 1
        if self._inside > 1:
            return
        trail = self._trail(args, kwargs)
        name = self._layers.get(id(module))
        if name is not None:
            self._into_layer(trail)
            self._behind = _Trail(pending=frozenset({name}))
        else:
            activation = recognise(module)
            assert activation is not None
            self._behind = self._into_activation(trail, activation)

    def _exit(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        self._inside -= 1
        if not self._inside:
            self._leave(output, self._behind, operations.tensors_in((args, kwargs)))


def _same_memory(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are all of the same elements."""
    if one.numel() != other.numel() or not one.layout == other.layout == torch.strided:
        return False
    # A tensor on the device "meta" has no memory.
    return one.data_ptr() == other.data_ptr() != 0


def _decided(name: str, seen: _Seen, strict: bool) -> Found | None:
    """Say which activation a layer has, from all that was seen of its output."""
    if strict:
        if seen.unknown:
            raise ValueError(
                f"the output of layer {name!r} goes through {' and '.join(seen.unknown)}, of which "
                "the catalogue has no record under that name: call a function that it has, or "
                "give activation=, or strict=False"
            )
        if len(seen.activations) > 1:
            different = " and ".join(
                f"{record.name}{parameters or ''}" for record, parameters in seen.activations
            )
            raise ValueError(
                f"the output of layer {name!r} goes into different activations, {different}: "
                "give activation=, or strict=False to take the first"
            )
        if not (seen.activations or seen.plainly):
            raise ValueError(
                f"the example inputs do not show what follows layer {name!r}: it is not called, "
                "or its output is lost in code that torch does not see; give activation=, or "
                "strict=False"
            )
    if not seen.activations:
        return None
    first = seen.activations[0]
    return None if first[0].name in OUTPUT_FUNCTIONS and not seen.hidden else first
