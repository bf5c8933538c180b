"""Classes and functions that scripts use and no library has, by their names: each stands where it is first needed."""

from __future__ import annotations

import inspect
import re

from core.catalog.augmentations.gaussian import MANY, Drawn, gaussian, gaussian_of_torch
from core.exports.script.own_blocks import BLOCKS
from core.training.splits import balanced_order

DROPOUT = '''\
class Dropout(nn.Module):
    """Switches units off with probability p; seeded before each update by its name and the number of the update."""

    def __init__(self, p, name):
        super().__init__()
        self.p, self.name, self.generator = p, name, torch.Generator()

    def forward(self, x):
        if not self.training:
            return x
        mask = torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator).div_(1 - self.p)
        return x * mask


'''

AVERAGE = '''\
class GlobalAverage(nn.Module):
    """The average of each feature map."""

    def forward(self, x):
        return x.flatten(2).mean(2)


'''

RESIDUAL = '''\
class Residual(nn.Sequential):
    """Layers whose result, times a share, is added to what they were given."""

    def __init__(self, share, *layers):
        super().__init__(*layers)
        self.share = share

    def forward(self, x):
        return x + self.share * super().forward(x)


'''

UNCORRECTED_ADAM = '''\
class UncorrectedAdam(torch.optim.Optimizer):
    """Adam's averages as they are, without the correction for their start at 0."""

    def __init__(self, parameters, lr, betas, eps):
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weight in group["params"]:
                memory = self.state[weight]
                if not memory:
                    memory["m"], memory["s"] = torch.zeros_like(weight), torch.zeros_like(weight)
                memory["m"].mul_(beta1).add_(weight.grad, alpha=1 - beta1)
                memory["s"].mul_(beta2).addcmul_(weight.grad, weight.grad, value=1 - beta2)
                weight.addcdiv_(memory["m"], memory["s"].sqrt().add_(group["eps"]), value=-group["lr"])


'''

WARP = '''\
def after(a, b):
    """The map v ↦ a(b(v)). A map is (xx, xy, x0, yx, yy, y0): where in the image a pixel of the result is found."""
    return (
        *(a[0] * b[0] + a[1] * b[3], a[0] * b[1] + a[1] * b[4], a[0] * b[2] + a[1] * b[5] + a[2]),
        *(a[3] * b[0] + a[4] * b[3], a[3] * b[1] + a[4] * b[4], a[3] * b[2] + a[4] * b[5] + a[5]),
    )


def warp(x, where, mode):
    """Each image of a batch (B, C, H, W) sampled by its map, in pixels from the middle; outside is 0."""
    count, _, height, width = x.shape
    across, down = torch.arange(width) - (width - 1) / 2, torch.arange(height) - (height - 1) / 2
    base = torch.zeros(6, height, width, 2)
    for row, axis, side in ((0, 0, width), (3, 1, height)):
        base[row, :, :, axis] = across * (2 / side)
        base[row + 1, :, :, axis] = down.unsqueeze(1) * (2 / side)
        base[row + 2, :, :, axis] = 2 / side
    numbers = torch.stack([value + torch.zeros(count) for value in where])
    grid = torch.mm(numbers.t(), base.view(6, -1)).view(count, height, width, 2)
    return functional.grid_sample(x, grid, mode=mode, padding_mode="zeros", align_corners=False)


'''

GAUSSIAN = "\n\n".join(
    (
        "from numpy.random.bit_generator import ISeedSequence\n",
        f"MANY = {MANY}\n",
        *map(inspect.getsource, (Drawn, gaussian_of_torch, gaussian)),
        "",
    )
)

OWN = {
    "Dropout": DROPOUT,
    "GlobalAverage": AVERAGE,
    "Residual": RESIDUAL,
    **BLOCKS,
    "UncorrectedAdam": UNCORRECTED_ADAM,
    "warp": WARP,
    "gaussian": GAUSSIAN,
    "balanced_order": f"{inspect.getsource(balanced_order)}\n\n",
}


def uses(name: str, code: str) -> bool:
    """Whether code calls something by this name."""
    return re.search(rf"(?<![\w.]){name}\(", code) is not None


def with_own(code: str) -> str:
    """The code, with what it calls and no library has before it."""
    return "".join(text for name, text in OWN.items() if uses(name, code)) + code
