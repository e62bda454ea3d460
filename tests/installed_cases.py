"""Activations and networks whose installation is looked at: sound ones, and one fault each."""

import math

import torch
import torch.nn.functional as F
from torch import nn

# Sound: other people's ways of writing functions of the catalogue.


class PlainSiLU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


def plain_mish(x):
    return x * torch.tanh(torch.log(1 + torch.exp(x)))


def plain_gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def plain_gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def plain_softplus(x):
    return torch.log(1 + torch.exp(x))


def plain_sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def plain_elu(x):
    return torch.where(x > 0, x, torch.exp(x.clamp(max=0)) - 1)


def plain_relu(x):
    return (x + x.abs()) / 2


def plain_hard_swish(x):
    return x * F.relu6(x + 3) / 6


def plain_softsign(x):
    return x / (1 + x.abs())


class PlainPReLU(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.25))

    def forward(self, x):
        return torch.where(x >= 0, x, self.slope * x)


class PlainSwiGLU(nn.Module):
    def forward(self, x):
        value, gate = x.chunk(2, -1)
        return value * F.silu(gate)


# Sound, without a record.


def snake(x):
    return x + torch.sin(x) ** 2


class Channels(nn.Module):
    """Mixes what belongs to one row, and nothing else."""

    def forward(self, x):
        return torch.softmax(x, 1) * x


class Noisy(nn.Module):
    """Draws in training only."""

    def forward(self, x):
        return torch.sin(x) + (0.1 * torch.randn_like(x) if self.training else 0)


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.sign(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


class StraightThrough(nn.Module):
    surrogate_gradient = True

    def forward(self, x):
        return Step.apply(x)


# The faults of the published comparison, in our own words.


class ClippedPDELU(nn.Module):
    """Takes the negative part from an input that it has clipped already: a ReLU."""

    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))

    def forward(self, x):
        positive = x.clamp_(min=0)
        negative = torch.clamp(1 + 0.1 * x, min=0) ** 10 - 1
        return positive + self.alpha * negative.clamp(max=0)


class ReluUnderTheNameOfPDELU(nn.Module):
    """The same, without the trace in its input."""

    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))

    def forward(self, x):
        positive = x.clamp(min=0)
        negative = torch.clamp(1 + 0.1 * positive, min=0) ** 10 - 1
        return positive + self.alpha * negative.clamp(max=0)


class IdentityLReLU(nn.Module):
    def forward(self, x):
        return F.leaky_relu(x, negative_slope=1.0)


class ChannelsAsSlope(nn.Module):
    """An activation that expects no number of channels, and takes it for its slope."""

    def __init__(self, slope=64):
        super().__init__()
        self.slope = slope

    def forward(self, x):
        return F.leaky_relu(x, self.slope)


class ChannelsAsAlpha(nn.Module):
    def forward(self, x):
        return F.elu(x, alpha=x.shape[1])


class ChannelsAsFirstSlope(nn.PReLU):
    def __init__(self):
        super().__init__(1, 64.0)


# Other faults, one each.


def swish_of_two(x):
    return x * torch.sigmoid(2 * x)


def softplus_of_two(x):
    return F.softplus(x, beta=2)


def clipped_through_data(x):
    x.data.clamp_(min=0)
    return x * 1


def clipped_under_no_grad(x):
    with torch.no_grad():
        x.clamp_(min=0)
    return x * 1


def without_gradient(x):
    with torch.no_grad():
        return torch.relu(x)


def detached(x):
    return torch.relu(x.detach())


class HalfDetached(nn.Module):
    """silu whose gate passes no gradient on."""

    def forward(self, x):
        return x * torch.sigmoid(x.detach())


class DetachedSlope(PlainPReLU):
    def forward(self, x):
        return torch.where(x >= 0, x, self.slope.detach() * x)


class UnregisteredSlope(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = torch.tensor(0.25, requires_grad=True)

    def forward(self, x):
        return torch.where(x >= 0, x, self.slope * x)


class SlopeOfTheClass(nn.Module):
    slope = nn.Parameter(torch.tensor(0.25))

    def forward(self, x):
        return torch.where(x >= 0, x, self.slope * x)


_SLOPE = nn.Parameter(torch.tensor(0.25))


class OneSlopeForAll(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = _SLOPE

    def forward(self, x):
        return torch.where(x >= 0, x, self.slope * x)


class LearnedLReLU(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.01))

    def forward(self, x):
        return torch.where(x >= 0, x, self.slope * x)


class OnlyInTraining(nn.Module):
    """Another function in training than in evaluation."""

    def forward(self, x):
        return F.leaky_relu(x, 0.1) if self.training else F.relu(x)


class OneChannelOff(nn.Module):
    def __init__(self):
        super().__init__()
        slopes = torch.full((64,), 0.01)
        slopes[40] = 0.02
        self.register_buffer("slopes", slopes)

    def forward(self, x):
        return torch.where(x >= 0, x, self.slopes * x)


class FixedRReLU(nn.Module):
    def forward(self, x):
        return F.leaky_relu(x, (1 / 8 + 1 / 3) / 2)


class WideRReLU(nn.RReLU):
    def __init__(self):
        super().__init__(0.0, 1 / 8 + 1 / 3)


class SwappedSwiGLU(nn.Module):
    def forward(self, x):
        gate, value = x.chunk(2, -1)
        return value * F.silu(gate)


def not_a_number_at_zero(x):
    return (x + torch.sqrt(x * x)) / 2


def all_in_double(x):
    return torch.relu(x.double())


def one_less(x):
    return torch.sin(x)[..., :-1]


def a_pair(x):
    return torch.sin(x), x


def no_number(x):
    return torch.sqrt(x)


def constant(x):
    return x * 0.0 + 1.0


def over_rows(x):
    return (x - x.mean(0)) * torch.sigmoid(x)


def steps(x):
    return torch.sign(x)


def undeclared_step(x):
    return Step.apply(x)


class Forgetful(nn.Module):
    """Draws in evaluation as well."""

    def forward(self, x):
        return x * torch.rand_like(x)


class WrongBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return -grad * torch.cos(x)


def wrong_backward(x):
    return WrongBackward.apply(x)


def raises(x):
    raise RuntimeError("no luck\ntoday")


# Networks of 64 inputs and ten classes.


class Network(nn.Module):
    """Two hidden layers; what is special about it is said by a subclass."""

    def __init__(self, act):
        super().__init__()
        self.first, self.second, self.head = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)
        self.act1, self.act2 = act(), act()

    def forward(self, x):
        return self.head(self.act2(self.second(self.act1(self.first(x)))))


class ModuleLeft(Network):
    """Takes a number of channels for the slope of an activation of its own."""

    def __init__(self, act):
        super().__init__(act)
        self.branch = nn.LeakyReLU(64)

    def forward(self, x):
        hidden = self.act1(self.first(x))
        return self.head(self.act2(self.second(hidden)) + self.branch(hidden))


class LearnedLeft(ModuleLeft):
    def __init__(self, act):
        super().__init__(act)
        self.branch = nn.PReLU()


class FunctionLeft(Network):
    def forward(self, x):
        return super().forward(F.relu(self.first(x)))


class InPlaceLeft(Network):
    def forward(self, x):
        return super().forward(self.first(x).clamp_(min=0))


class WrittenLeft(Network):
    """Swish as a gate of its own argument."""

    def forward(self, x):
        hidden = self.first(x)
        return super().forward(hidden * torch.sigmoid(1.702 * hidden))


class OutputLeft(Network):
    def forward(self, x):
        return torch.sigmoid(super().forward(x))


class ByItsClass(Network):
    """Makes one, and then another of its class with its own number of channels."""

    def __init__(self, act):
        super().__init__(act)
        self.act2 = type(self.act1)(64)


class SetAfterwards(Network):
    def __init__(self, act):
        super().__init__(act)
        self.act2.negative_slope = 64


class WithArguments(Network):
    def __init__(self, act):
        super().__init__(lambda: act(64))


class Idle(Network):
    def forward(self, x):
        return self.head(self.act1(self.first(x)))


class Dropped(Network):
    def forward(self, x):
        hidden = self.act1(self.first(x))
        self.act2(hidden)
        return self.head(hidden)


class OneForBoth(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.first, self.second, self.head = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)
        self.act = act()

    def forward(self, x):
        return self.head(self.act(self.second(self.act(self.first(x)))))


def one_in_a_row(act):
    shared = act()
    return nn.Sequential(nn.Linear(64, 16), shared, nn.Linear(16, 16), shared, nn.Linear(16, 10))


class InAList(Network):
    def __init__(self, act):
        super().__init__(act)
        self.hidden = [act()]

    def forward(self, x):
        return super().forward(self.hidden[0](self.first(x)))


class EachTime(Network):
    def __init__(self, act):
        super().__init__(act)
        self.make = act

    def forward(self, x):
        return super().forward(self.make()(self.first(x)))


class Redrawn(Network):
    """Draws all of its parameters, those of its activations as well."""

    def __init__(self, act):
        super().__init__(act)
        for parameter in self.parameters():
            nn.init.constant_(parameter, 0.1)


class NoLogits(Network):
    def forward(self, x):
        return super().forward(x)[:, :3]


class APair(Network):
    def forward(self, x):
        return super().forward(x), None


class Fails(Network):
    def forward(self, x):
        return super().forward(x[:, :3])


class NoGradient(Network):
    def forward(self, x):
        with torch.no_grad():
            return super().forward(x)


def no_network(act):
    raise KeyError("width")


# Networks that are sound.


class Gated(Network):
    """Weighs its features by a gate of other origin, as squeeze and excitation does."""

    def forward(self, x):
        hidden = self.act1(self.first(x))
        return self.head(self.act2(self.second(hidden)) * torch.sigmoid(self.first(x)))


class Kept(FunctionLeft):
    keeps = "relu"


class UnknownKept(Network):
    keeps = ("glow",)


class Steps(OneForBoth):
    recurrent = True


class Recurrent(nn.Module):
    """torch's own layer has a tanh inside, which is no place."""

    def __init__(self, act):
        super().__init__()
        self.layer, self.act, self.head = nn.GRU(8, 16, batch_first=True), act(), nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.act(self.layer(x.view(-1, 8, 8))[0][:, -1]))


class OnTheData(Network):
    def forward(self, x):
        return self.head(self.act2(self.second(self.act1(x))))


class SelfMade(Network):
    """Multiplies what a place returns by what it was given."""

    def forward(self, x):
        hidden = self.first(x)
        return self.head(self.act2(self.second(hidden * self.act1(hidden))))


class Unfolded(nn.Module):
    """Channels of a picture, so that a place has four dimensions."""

    def __init__(self, act):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), act(), nn.Flatten(), nn.Linear(216, 10)
        )

    def forward(self, x):
        return self.layers(x.view(-1, 1, 8, 8))


# What training could do nothing with.


class LateSlope(nn.Module):
    """Makes its parameter in the first pass, when the optimiser has been made."""

    def __init__(self):
        super().__init__()
        self.slope = None

    def forward(self, x):
        if self.slope is None:
            self.slope = nn.Parameter(torch.tensor(0.25))
        return torch.where(x >= 0, x, self.slope * x)


class LateWeight(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.first, self.act, self.last = nn.Linear(64, 32), act(), None

    def forward(self, x):
        if self.last is None:
            self.last = nn.Linear(32, 10)
        return self.last(self.act(self.first(x)))


def lazy(act):
    return nn.Sequential(nn.LazyLinear(32), act(), nn.LazyLinear(10))


def frozen(act):
    network = nn.Sequential(nn.Linear(64, 32), act(), nn.Linear(32, 10))
    for layer in (network[0], network[2]):
        layer.requires_grad_(False)
    return network


def half_frozen(act):
    network = nn.Sequential(nn.Linear(64, 32), act(), nn.Linear(32, 10))
    network[0].requires_grad_(False)
    return network


def softmaxed(act):
    return nn.Sequential(nn.Linear(64, 32), act(), nn.Linear(32, 10), nn.Softmax(-1))


def log_softmaxed(act):
    return nn.Sequential(nn.Linear(64, 32), act(), nn.Linear(32, 10), nn.LogSoftmax(-1))
