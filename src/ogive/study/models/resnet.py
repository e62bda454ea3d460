"""Residual networks for small images: ResNet-8 and its deeper kin, ResNet-18, ResNet-50."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from ogive.study.data import Shape
from ogive.study.models.images import Average, he_, scaled
from ogive.study.sites import Sites

__all__ = ["Residual", "Subsample", "of_cifar", "resnet8", "resnet18", "resnet50"]

Block = Callable[[Sites, int, int, int], "Residual"]
"""Makes a block from its sites, inputs, channels and stride."""


class Subsample(nn.Module):
    """A shortcut without parameters: every second pixel, and channels of zeros added.

    Parameters
    ----------
    stride : int
        Every how many pixels.
    added : int
        How many channels.

    Examples
    --------
    >>> import torch
    >>> Subsample(2, 3)(torch.ones(1, 1, 4, 4)).shape
    torch.Size([1, 4, 2, 2])
    """

    def __init__(self, stride: int, added: int) -> None:
        super().__init__()
        self.stride, self.added = stride, added

    def forward(self, input: Tensor) -> Tensor:
        """Return the pixels that are kept."""
        kept = input[:, :, :: self.stride, :: self.stride]
        return nn.functional.pad(kept, (0, 0, 0, 0, 0, self.added))

    def extra_repr(self) -> str:
        """Show both numbers."""
        return f"{self.stride}, {self.added}"


class Residual(nn.Module):
    """The activation of the sum of a branch and a shortcut.

    Parameters
    ----------
    branch, shortcut : torch.nn.Module
        What is added.
    activation : torch.nn.Module
        What the sum goes through.
    channels : int
        Of the output.

    Examples
    --------
    >>> import torch
    >>> Residual(nn.Identity(), nn.Identity(), nn.ReLU(), 1)(torch.tensor([-1.0, 2.0]))
    tensor([0., 4.])
    """

    def __init__(
        self, branch: nn.Module, shortcut: nn.Module, activation: nn.Module, channels: int
    ) -> None:
        super().__init__()
        self.branch, self.shortcut, self.activation = branch, shortcut, activation
        self.channels = channels

    def forward(self, input: Tensor) -> Tensor:
        """Add, and activate."""
        total: Tensor = self.activation(self.branch(input) + self.shortcut(input))
        return total


def of_cifar(sites: Sites, shape: Shape, *, blocks: int, width: float) -> nn.Module:
    """Return the network of 6 · blocks + 2 layers that the paper has for CIFAR-10.

    Three stages of 16, 32 and 64 channels; where the channels grow, the shortcut takes every
    second pixel and adds channels of zeros.

    Source: K. He et al. (2016), Deep residual learning for image recognition, CVPR, §4.2.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 1 + 6 · blocks.
    shape : Shape
        Of the images.
    blocks : int
        Of each stage.
    width : float
        A factor on all channels.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> shape = Shape("images", (3, 32, 32), 10)
    >>> network = of_cifar(Sites(Activation("relu")), shape, blocks=3, width=1.0)
    >>> sum(parameter.numel() for parameter in network.parameters())
    269722
    """
    return _network(sites, shape, _padded, [scaled(c, width) for c in (16, 32, 64)], [blocks] * 3)


def resnet8(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return the shallowest network of the paper's family for CIFAR-10; see `of_cifar`.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 7.
    shape : Shape
        Of the images, with sides of at least 3 pixels.
    width : float
        A factor on all channels.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> network = resnet8(Sites(Activation("relu")), Shape("images", (1, 8, 8), 10), width=1.0)
    >>> [name for name, _ in network.named_children()]
    ['stem', 'stage1', 'stage2', 'stage3', 'average', 'head']
    """
    return of_cifar(sites, shape, blocks=1, width=width)


def resnet18(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return ResNet-18 for small images.

    Its first layer is a 3 × 3 convolution of stride 1, without max-pooling behind it. Where a
    stage changes the sides or the channels, the shortcut is a 1 × 1 convolution with a norm.

    Source: K. He et al. (2016), Deep residual learning for image recognition, CVPR; in the form
    for CIFAR that was trained for S. R. Dubey et al. (2022), Activation functions in deep
    learning, Neurocomputing, arXiv 2109.14545.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 17.
    shape : Shape
        Of the images, with sides of at least 5 pixels.
    width : float
        A factor on all channels.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = resnet18(sites, Shape("images", (3, 32, 32), 10), width=0.125)
    >>> len(sites.made)
    17
    """
    return _network(sites, shape, _basic, _four(width), [2, 2, 2, 2])


def resnet50(sites: Sites, shape: Shape, *, width: float) -> nn.Module:
    """Return ResNet-50 for small images: `resnet18` with bottlenecks of three convolutions.

    The middle convolution of a bottleneck has the stride, and its last has four times as many
    channels.

    Parameters
    ----------
    sites : Sites
        Makes its activations: 49.
    shape : Shape
        Of the images, with sides of at least 5 pixels.
    width : float
        A factor on all channels.

    Returns
    -------
    torch.nn.Sequential
        It ends in logits.

    Examples
    --------
    >>> from ogive.study.activation import Activation
    >>> sites = Sites(Activation("relu"))
    >>> network = resnet50(sites, Shape("images", (3, 32, 32), 10), width=0.0625)
    >>> len(sites.made)
    49
    """
    return _network(sites, shape, _bottleneck, _four(width), [3, 4, 6, 3])


def _four(width: float) -> list[int]:
    return [scaled(channels, width) for channels in (64, 128, 256, 512)]


def _network(
    sites: Sites, shape: Shape, block: Block, widths: Sequence[int], counts: Sequence[int]
) -> nn.Module:
    """Return a first layer, stages of blocks, each but the first of half the sides, and a head."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["stem"] = nn.Sequential(*_convolved(shape.inputs[0], widths[0], 3), sites())
    size = widths[0]
    for number, (channels, count) in enumerate(zip(widths, counts, strict=True), 1):
        stage: list[Residual] = []
        for place in range(count):
            stride = 2 if number > 1 and place == 0 else 1
            stage.append(block(sites, size, channels, stride))
            size = stage[-1].channels
        layers[f"stage{number}"] = nn.Sequential(*stage)
    layers["average"] = Average()
    layers["head"] = nn.Linear(size, shape.classes)
    return he_(nn.Sequential(layers))


def _convolved(inputs: int, channels: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """Return a convolution that keeps the sides, but for its stride, and a norm."""
    convolution = nn.Conv2d(inputs, channels, kernel, stride, kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(channels)]


def _two(sites: Sites, inputs: int, channels: int, stride: int) -> nn.Module:
    return nn.Sequential(
        *_convolved(inputs, channels, 3, stride), sites(), *_convolved(channels, channels, 3)
    )


def _padded(sites: Sites, inputs: int, channels: int, stride: int) -> Residual:
    branch = _two(sites, inputs, channels, stride)
    alike = stride == 1 and inputs == channels
    shortcut = nn.Identity() if alike else Subsample(stride, channels - inputs)
    return Residual(branch, shortcut, sites(), channels)


def _basic(sites: Sites, inputs: int, channels: int, stride: int) -> Residual:
    branch = _two(sites, inputs, channels, stride)
    return Residual(branch, _projected(inputs, channels, stride), sites(), channels)


def _bottleneck(sites: Sites, inputs: int, channels: int, stride: int) -> Residual:
    wide = 4 * channels
    branch = nn.Sequential(
        *_convolved(inputs, channels, 1),
        sites(),
        *_convolved(channels, channels, 3, stride),
        sites(),
        *_convolved(channels, wide, 1),
    )
    return Residual(branch, _projected(inputs, wide, stride), sites(), wide)


def _projected(inputs: int, channels: int, stride: int) -> nn.Module:
    if stride == 1 and inputs == channels:
        return nn.Identity()
    return nn.Sequential(*_convolved(inputs, channels, 1, stride))
