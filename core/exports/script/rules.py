"""What happens in an update, as code: losses, regularizers, optimizers, schedules."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, cast

from core.catalog.losses.classification import CrossEntropy, LabelSmoothing, SoftmaxTwice
from core.catalog.losses.loss import Loss
from core.catalog.losses.squared import SquaredError
from core.catalog.optimizers.adam import Adam, AdamW
from core.catalog.optimizers.adaptive import AdaDelta, AdaGrad, RmsProp
from core.catalog.optimizers.descent import MomentumSgd, Nesterov, Sgd
from core.catalog.optimizers.matrices import Adafactor
from core.catalog.optimizers.relatives import Adamax, NAdam, RAdam
from core.catalog.optimizers.uncorrected import UncorrectedAdam
from core.catalog.regularizers.clipping import ClipNorm, ClipValue
from core.catalog.regularizers.dropout import Dropout
from core.catalog.regularizers.early_stopping import EarlyStopping
from core.catalog.regularizers.weights import L1, L2, MaximumNorm, WeightDecay
from core.catalog.schedules.decay import Constant, Cosine, Exponential, Step
from core.catalog.schedules.restarts import CosineRestarts, Polynomial
from core.catalog.schedules.warm_up import OneCycle, WarmUp
from core.experiment import Experiment
from core.exports.script.code import code

# -- losses: statements that set `loss`, of `outputs` and `targets` ---------------------------------------------------


@code.register
def _(entry: CrossEntropy, experiment: Experiment) -> str:
    return "loss = functional.cross_entropy(outputs, targets)\n"


@code.register
def _(entry: LabelSmoothing, experiment: Experiment) -> str:
    return f"loss = functional.cross_entropy(outputs, targets, label_smoothing={entry.epsilon!r})\n"


@code.register
def _(entry: SoftmaxTwice, experiment: Experiment) -> str:
    return "loss = functional.cross_entropy(functional.softmax(outputs, dim=1), targets)\n"


@code.register
def _(entry: SquaredError, experiment: Experiment) -> str:
    half = " / 2" if entry.half else ""
    if cast(Any, experiment.dataset).task == "regression":
        return f"loss = functional.mse_loss(outputs, targets){half}\n"
    return f"""\
truth = functional.one_hot(targets, outputs.shape[1]).type_as(outputs)
loss = functional.mse_loss(functional.softmax(outputs, dim=1), truth, reduction="sum") / len(outputs){half}
"""


@singledispatch
def reported(entry: Loss, experiment: Experiment) -> str:
    """The loss that evaluation reports."""
    return code(entry, experiment)


@reported.register
def _(entry: LabelSmoothing, experiment: Experiment) -> str:
    return code(CrossEntropy(), experiment)


# -- regularizers: statements on gradients and weights, within an update ---------------------------------------------


def _tensors(entry: Any) -> str:
    return "parameters" if entry.biases else "weights"


@code.register
def _(entry: L1, experiment: Experiment) -> str:
    return f"""\
for weight in {_tensors(entry)}:  # L1: λ Σ|w| has the gradient λ sign(w)
    weight.grad.add_(weight.sign(), alpha={entry.strength!r})
"""


@code.register
def _(entry: L2, experiment: Experiment) -> str:
    return f"""\
for weight in {_tensors(entry)}:  # L2: λ Σw² has the gradient 2λw
    weight.grad.add_(weight, alpha=2 * {entry.strength!r})
"""


@code.register
def _(entry: ClipNorm, experiment: Experiment) -> str:
    return f"""\
norms = [parameter.grad.double().norm() for parameter in parameters]
factor = ({entry.max_norm!r} / torch.stack(norms).norm()).clamp(max=1.0)
for parameter in parameters:  # clipping by norm: a longer gradient is shortened
    parameter.grad.mul_(factor.type_as(parameter))
"""


@code.register
def _(entry: ClipValue, experiment: Experiment) -> str:
    return f"""\
for parameter in parameters:  # clipping by value: each element by itself
    parameter.grad.clamp_(-{entry.max_value!r}, {entry.max_value!r})
"""


@code.register
def _(entry: WeightDecay, experiment: Experiment) -> str:
    return f"""\
for weight in {_tensors(entry)}:  # weight decay: a small share off, beside the optimizer's rule
    weight.mul_(1 - lr * {entry.weight_decay!r})
"""


@code.register
def _(entry: MaximumNorm, experiment: Experiment) -> str:
    return f"""\
for weight in weights:  # max-norm: the incoming weights of each unit are shortened to a largest length
    norms = torch.linalg.vector_norm(weight, dim=tuple(range(1, weight.dim())), keepdim=True)
    weight.mul_(({entry.max_norm!r} / norms).clamp(max=1.0))
"""


@code.register
def _(entry: Dropout, experiment: Experiment) -> str:
    return ""  # It stands in the network.


@code.register
def _(entry: EarlyStopping, experiment: Experiment) -> str:
    return ""  # It stands around the updates.


# -- optimizers --------------------------------------------------------------------------------------------------------


@code.register
def _(entry: Sgd, experiment: Experiment) -> str:
    return "torch.optim.SGD(parameters, lr=LR, fused=True)"


@code.register
def _(entry: MomentumSgd, experiment: Experiment) -> str:
    return f"torch.optim.SGD(parameters, lr=LR, momentum={entry.momentum!r}, fused=True)"


@code.register
def _(entry: Nesterov, experiment: Experiment) -> str:
    return f"torch.optim.SGD(parameters, lr=LR, momentum={entry.momentum!r}, nesterov=True, fused=True)"


@code.register
def _(entry: AdaGrad, experiment: Experiment) -> str:
    return f"torch.optim.Adagrad(parameters, lr=LR, eps={entry.eps!r}, fused=True)"


@code.register
def _(entry: RmsProp, experiment: Experiment) -> str:
    return f"torch.optim.RMSprop(parameters, lr=LR, alpha={entry.alpha!r}, eps={entry.eps!r}, foreach=True)"


@code.register
def _(entry: AdaDelta, experiment: Experiment) -> str:
    return f"torch.optim.Adadelta(parameters, lr=LR, rho={entry.rho!r}, eps={entry.eps!r}, foreach=True)"


@code.register
def _(entry: Adam, experiment: Experiment) -> str:
    betas = (entry.beta1, entry.beta2)
    return f"torch.optim.Adam(parameters, lr=LR, betas={betas}, eps={entry.eps!r}, fused=True)"


@code.register
def _(entry: AdamW, experiment: Experiment) -> str:
    return (
        f"torch.optim.AdamW(\n    parameters, lr=LR, betas={(entry.beta1, entry.beta2)}, eps={entry.eps!r}, "
        f"weight_decay={entry.weight_decay!r}, fused=True\n)"
    )


@code.register
def _(entry: NAdam, experiment: Experiment) -> str:
    betas = (entry.beta1, entry.beta2)
    return f"torch.optim.NAdam(parameters, lr=LR, betas={betas}, eps={entry.eps!r}, foreach=True)"


@code.register
def _(entry: RAdam, experiment: Experiment) -> str:
    betas = (entry.beta1, entry.beta2)
    return f"torch.optim.RAdam(parameters, lr=LR, betas={betas}, eps={entry.eps!r}, foreach=True)"


@code.register
def _(entry: Adamax, experiment: Experiment) -> str:
    betas = (entry.beta1, entry.beta2)
    return f"torch.optim.Adamax(parameters, lr=LR, betas={betas}, eps={entry.eps!r}, foreach=True)"


@code.register
def _(entry: Adafactor, experiment: Experiment) -> str:
    return f"torch.optim.Adafactor(parameters, lr=LR, weight_decay={entry.weight_decay!r}, foreach=True)"


@code.register
def _(entry: UncorrectedAdam, experiment: Experiment) -> str:
    return f"UncorrectedAdam(parameters, lr=LR, betas={(entry.beta1, entry.beta2)}, eps={entry.eps!r})"


# -- schedules: the body of a function of `step`, the updates done; nothing where the rate stays -----------------------


@code.register
def _(entry: Constant, experiment: Experiment) -> str:
    return ""


@code.register
def _(entry: Step, experiment: Experiment) -> str:
    return f"return {entry.gamma!r} ** (step // STEPS_PER_EPOCH // {entry.every})\n"


@code.register
def _(entry: Exponential, experiment: Experiment) -> str:
    return f"return {entry.gamma!r} ** (step / STEPS_PER_EPOCH)\n"


@code.register
def _(entry: Cosine, experiment: Experiment) -> str:
    return f"return {entry.final!r} + (1 - {entry.final!r}) * (1 + math.cos(math.pi * step / NUM_STEPS)) / 2\n"


@code.register
def _(entry: Polynomial, experiment: Experiment) -> str:
    return f"return (1 - step / NUM_STEPS) ** {entry.power!r}\n"


@code.register
def _(entry: CosineRestarts, experiment: Experiment) -> str:
    return f"""\
length = max(1, round({entry.epochs!r} * STEPS_PER_EPOCH))
while step >= length:  # each fall takes {entry.times} times as long as the one before
    step, length = step - length, length * {entry.times}
return {entry.final!r} + (1 - {entry.final!r}) * (1 + math.cos(math.pi * step / length)) / 2
"""


@code.register
def _(entry: WarmUp, experiment: Experiment) -> str:
    then = (
        "return 1.0\n"
        if entry.then == "constant"
        else "return (1 + math.cos(math.pi * (step - warm) / (NUM_STEPS - warm))) / 2\n"
    )
    return f"""\
warm = max(1, round({entry.epochs!r} * STEPS_PER_EPOCH))
if step < warm:
    return {entry.start!r} + (1 - {entry.start!r}) * step / warm
{then}"""


@code.register
def _(entry: OneCycle, experiment: Experiment) -> str:
    return f"""\
first = 1 / {entry.start_divisor!r}
peak = {entry.rise!r} * NUM_STEPS - 1
if step <= peak:
    return 1.0 + (first - 1.0) * (1 + math.cos(math.pi * (step / peak))) / 2
share = (step - max(peak, 0)) / max(NUM_STEPS - 1 - max(peak, 0), 1e-9)
last = first / 1e4
return last + (1.0 - last) * (1 + math.cos(math.pi * share)) / 2
"""
