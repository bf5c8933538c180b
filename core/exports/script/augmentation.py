"""Augmentations as code: `augment(x, step)` changes a batch of images, neighbouring movements in one warp."""

from __future__ import annotations

import math
import textwrap
from typing import Any, cast

from core.catalog.augmentations.brightness import Brightness
from core.catalog.augmentations.contrast import Contrast
from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.flip import Flip
from core.catalog.augmentations.gaussian import MANY
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import Photometric, Stage, Warp, compile_pipeline
from core.catalog.augmentations.resized_crop import ResizedCrop
from core.catalog.augmentations.rotate import Rotate
from core.catalog.augmentations.scale import Scale
from core.catalog.augmentations.shift import Shift
from core.experiment import Experiment
from core.exports.script.code import code, refusal
from core.text import Text


def augmentation_code(experiment: Experiment) -> str:
    """The function `augment(x, step)`; nothing where nothing is changed."""
    shape = cast(Any, experiment.dataset).facts().input_shape
    stages = compile_pipeline(experiment.augmentations, shape).stages
    if not stages:
        return ""
    lines = "".join(_stage(stage, experiment) for stage in stages)
    return f"""\
def augment(x, step):
    \"\"\"A batch changed at random; what is drawn for an augmentation is seeded by its name and the update.\"\"\"
{textwrap.indent(lines, "    ")}    return x
"""


def _stage(stage: Stage, experiment: Experiment) -> str:
    drawn = "".join(
        f'generator.manual_seed(seed32(SEED, "augment", "{name}", step))\n{code(entry, experiment)}'
        for name, entry in stage.parts
    )
    if isinstance(stage, Warp):
        return f'where = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)\n{drawn}x = warp(x, where, "{stage.mode}")\n'
    assert isinstance(stage, Photometric), "what sees whole batches has no code"
    toned = f"{TONE}{drawn}x = x * gain + offset\n" if _is_toned(experiment) else drawn
    return f"{toned}x = x.clamp(0, 1)\n" if stage.clamp else toned


def _is_toned(experiment: Experiment) -> bool:
    """Whether values are multiplied: what neighbours do is then collected in `gain` and `offset`, one each a sample."""
    return any(isinstance(entry, Brightness | Contrast) for entry in experiment.augmentations)


TONE = "gain, offset = torch.ones(len(x), 1, 1, 1), torch.zeros(len(x), 1, 1, 1)\n"


@code.register
def _(entry: Shift, experiment: Experiment) -> str:
    return f"""\
right, down = torch.empty(2, len(x)).uniform_(-1, 1, generator=generator)
right, down = right * {entry.horizontal!r} * -x.shape[3], down * {entry.vertical!r} * -x.shape[2]
where = after(where, (1.0, 0.0, right, 0.0, 1.0, down))
"""


@code.register
def _(entry: Rotate, experiment: Experiment) -> str:
    limit = math.radians(entry.degrees)
    return f"""\
angle = torch.empty(len(x)).uniform_({-limit!r}, {limit!r}, generator=generator)  # {entry.degrees:g}° either way
where = after(where, (angle.cos(), -angle.sin(), 0.0, angle.sin(), angle.cos(), 0.0))
"""


@code.register
def _(entry: Scale, experiment: Experiment) -> str:
    return f"""\
shrink = torch.empty(len(x)).uniform_({entry.low!r}, {entry.high!r}, generator=generator).reciprocal()
where = after(where, (shrink, 0.0, 0.0, 0.0, shrink, 0.0))
"""


@code.register
def _(entry: Flip, experiment: Experiment) -> str:
    return f"""\
coins = torch.empty(2, len(x)).uniform_(generator=generator)
across, upside = 1.0 - 2.0 * (coins[0] < {entry.horizontal!r}), 1.0 - 2.0 * (coins[1] < {entry.vertical!r})
where = after(where, (across, 0.0, 0.0, 0.0, upside, 0.0))
"""


@code.register
def _(entry: Crop, experiment: Experiment) -> str:
    return f"""\
right, down = torch.empty(2, len(x)).random_({-entry.padding}, {entry.padding + 1}, generator=generator)
where = after(where, (1.0, 0.0, right, 0.0, 1.0, down))
"""


@code.register
def _(entry: ResizedCrop, experiment: Experiment) -> str:
    return f"""\
area, stretch, right, down = torch.empty(4, len(x)).uniform_(generator=generator)
area = area * (1 - {entry.area!r}) + {entry.area!r}
stretch = ((stretch * 2 - 1) * {math.log(entry.aspect)!r}).exp()
wide, high = (area * stretch).sqrt().clamp(max=1), (area / stretch).sqrt().clamp(max=1)
right, down = (1 - wide) * (right * 2 - 1) * (x.shape[3] / 2), (1 - high) * (down * 2 - 1) * (x.shape[2] / 2)
where = after(where, (wide, 0.0, right, 0.0, high, down))
"""


@code.register
def _(entry: Noise, experiment: Experiment) -> str:
    shape = cast(Any, experiment.dataset).facts().input_shape
    # A last batch takes the one sample that would be left.
    is_many = (experiment.batch_size + 1) * math.prod(shape) >= MANY
    plain = f"torch.empty(x.shape).normal_(0, {entry.std!r}, generator=generator)"
    noise = f"gaussian(x, {entry.std!r}, generator)" if is_many else plain
    if _is_toned(experiment):
        return f"x = {noise}.addcmul_(x, gain).add_(offset)\n{TONE}"
    return f"x = {noise} + x\n"


@code.register
def _(entry: Brightness, experiment: Experiment) -> str:
    return f"""\
factor = torch.empty(gain.shape).uniform_({1 - entry.amount!r}, {1 + entry.amount!r}, generator=generator)
gain, offset = gain * factor, offset * factor
"""


@code.register
def _(entry: Contrast, experiment: Experiment) -> str:
    if cast(Any, experiment.dataset).facts().input_shape[0] == 3:
        raise refusal(Text(entry.title))  # In colours the mean brightness is weighted.
    return f"""\
factor = torch.empty(gain.shape).uniform_({1 - entry.amount!r}, {1 + entry.amount!r}, generator=generator)
mean = x.flatten(1).mean(1).view(gain.shape) * gain + offset
gain, offset = gain * factor, offset * factor + (1 - factor) * mean
"""
