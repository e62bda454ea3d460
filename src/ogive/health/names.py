"""What the parts of a network are called: by the names that its modules give them."""

from __future__ import annotations

from weakref import WeakSet

from torch import Tensor, nn

__all__ = ["Names"]

_WRAPPERS = ("module.", "_orig_mod.", "_forward_module.", "_fsdp_wrapped_module.")


class Names:
    """The networks that were seen, and their parameters' names.

    Examples
    --------
    >>> import torch
    >>> from ogive.health.names import Names
    >>> names, layer = Names(), torch.nn.Linear(2, 3)
    >>> names.see(torch.nn.Sequential(layer))
    >>> names.of(layer.weight), names.module_of(layer.weight)
    ('0.weight', '0')
    """

    def __init__(self) -> None:
        self._known: WeakSet[nn.Module] = WeakSet()
        self._names: dict[int, str] = {}
        self._modules: dict[int, str] = {}
        self.networks: list[str] = []
        """The classes of the networks, with their number of parameters."""
        self._gated: set[int] = set()
        self.strangers = False
        """Whether a parameter was met that no network has, so far."""

    def see(self, module: nn.Module) -> None:
        """Take note of a network, unless it is a part of one that was seen."""
        if module in self._known:
            return
        parts = list(module.modules())
        for part in parts:
            self._known.add(part)
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        fresh = [(name, p) for name, p in named if id(p) not in self._names]
        if not fresh:
            return
        inner = _unwrapped(module)
        prefix = f"{type(inner).__name__}." if self.networks else ""
        self.networks.append(
            f"{type(inner).__name__}, {sum(p.numel() for _, p in named):,} parameters"
        )
        for name, parameter in fresh:
            self._names[id(parameter)] = prefix + _plain(name)
        for part in parts:
            if isinstance(part, nn.LSTM | nn.GRU):
                self._gated.update(id(p) for p in part.parameters())
        for name, part in module.named_modules():
            self._modules[id(part)] = prefix + _plain(f"{name}.")[:-1]

    def of(self, parameter: Tensor) -> str:
        """Return the name of a parameter; one that no module has is called by its shape."""
        name = self._names.get(id(parameter))
        if name is not None:
            return name
        self.strangers = True
        return f"tensor {'×'.join(map(str, parameter.shape)) or 'scalar'}"

    def is_of_gates(self, parameter: Tensor) -> bool:
        """Whether a parameter is one of an LSTM or GRU module."""
        return id(parameter) in self._gated

    def module_of(self, parameter: Tensor) -> str:
        """Return the name of the module that holds a parameter."""
        name = self.of(parameter)
        if id(parameter) not in self._names:
            return name
        for ending in (".original0", ".original1", ".original"):
            name = name.removesuffix(ending)
        owner, _, _ = name.replace(".parametrizations.", ".").rpartition(".")
        return owner or "network"

    def of_module(self, module: nn.Module) -> str:
        """Return the name of a module in its network; its class if it was not seen."""
        return self._modules.get(id(module)) or type(module).__name__


def _plain(name: str) -> str:
    while any(name.startswith(wrapper) for wrapper in _WRAPPERS):
        name = name.partition(".")[2]
    return name


def _unwrapped(module: nn.Module) -> nn.Module:
    for name in ("module", "_orig_mod"):
        inner = getattr(module, name, None)
        if isinstance(inner, nn.Module) and type(module).__name__ in (
            "DistributedDataParallel",
            "DataParallel",
            "OptimizedModule",
            "FullyShardedDataParallel",
        ):
            return _unwrapped(inner)
    return module
