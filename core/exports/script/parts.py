"""The parts of a script, in the order in which they are read: a heading, what it is about, and its code."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass, replace
from typing import cast

from core.catalog.architectures.architecture import Architecture
from core.catalog.datasets.dataset import DataSet
from core.catalog.datasets.download import Downloaded
from core.catalog.losses import default_loss
from core.catalog.losses.loss import Loss
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import parse
from core.catalog.regularizers.early_stopping import EarlyStopping
from core.catalog.regularizers.regularizer import Regularizer
from core.compatibility import check
from core.describe import choices
from core.errors import Refused
from core.experiment import Experiment
from core.exports.script import blocks, data, network, rules
from core.exports.script.augmentation import augmentation_code
from core.exports.script.code import code, refusal
from core.exports.script.own import uses, with_own
from core.exports.script.selection import selection_code
from core.seeding import seed32
from core.text import Text
from core.training.evaluation import piece_size
from core.training.feed import batch_sizes
from core.training.resident import NUM_EVALUATED
from core.training.splits import split_sizes, stratified_order
from core.training.threads import default_threads

BETWEEN = ("penalty", "clip", "decay")
"""The kinds of regularizers that act between the gradient and the update, in the order in which they do."""

STANDARD = ("copy", "hashlib", "math")
"""Modules of the standard library that the code may use."""


@dataclass(frozen=True)
class Part:
    """A cell of a notebook, a section of a script."""

    heading: str
    about: str
    code: str


def parts_of(experiment: Experiment, threads: int | None = None) -> list[Part]:
    """The experiment as plain PyTorch; Refused names what no script holds, BadInput what cannot be trained.

    `threads` are those that the run computed with; sums of floats depend on them in their last bits.
    """
    check(experiment)
    _check_written(experiment)
    return _whole(
        [
            Part("Settings", _title(experiment), _settings(experiment, threads or default_threads())),
            Part(
                "Randomness",
                "Every draw has a seed of its own, made from what is drawn: nothing else that draws can change it.",
                f"{inspect.getsource(seed32)}\n\ngenerator = torch.Generator()\n",
            ),
            Part("Data", "", code(experiment.dataset, experiment)),
            Part("Split", "Every prefix of a stratified order holds each class in its share.", _split(experiment)),
            *_augmentation(experiment),
            Part("Network", "", _network(experiment)),
            Part("Optimizer", "", _optimizer(experiment)),
            Part("Evaluation", "Loss and error of the present weights, in evaluation mode.", _evaluation(experiment)),
            Part("Training", "", _training(experiment)),
            Part("Result", "", _result(experiment)),
        ]
    )


def _check_written(experiment: Experiment) -> None:
    """Refuse what has no code of its own and would be left out silently."""
    if experiment.sealed:
        raise Refused(
            Text("There is no code of this run."),
            Text("A fault is sealed in it, and code would tell which."),
            Text("Find the fault, then take the code of the healthy run along."),
        )
    if experiment.frozen:
        raise refusal(Text("frozen layers"))
    if experiment.precision != "float32":
        raise refusal(Text(experiment.precision))
    if experiment.test_seed and isinstance(experiment.dataset, Downloaded):
        raise refusal(Text("a fresh test set of downloaded data"))


def _title(experiment: Experiment) -> str:
    """The choices in a line."""
    return ", ".join(str(words).replace("\u202f", " ") for words in choices(experiment)) + "."


def _settings(experiment: Experiment, threads: int) -> str:
    return f"""\
import numpy as np
import torch
from torch import nn
from torch.nn import functional

SEED = {experiment.seed}  # draws first weights, the order of the samples, dropout
SPLIT_SEED = {experiment.split_seed}  # draws which samples train and which validate
EPOCHS = {experiment.epochs}
BATCH_SIZE = {experiment.batch_size}
STEPS_PER_EPOCH = {len(_batch_sizes(experiment))}  # updates in a pass over the training samples

torch.set_num_threads({threads})  # the last bits of a sum depend on it
"""


def _split(experiment: Experiment) -> str:
    dataset = cast(DataSet, experiment.dataset)
    is_image = network.is_convolutional(experiment)
    layout = ".contiguous(memory_format=torch.channels_last)" if is_image else ""
    return f"""\
{inspect.getsource(stratified_order)}

{data.split_code(experiment)}{selection_code(experiment)}{data.scaling_code(dataset)}
x_all, y_all = torch.from_numpy(inputs), torch.from_numpy(targets)
train, validation = torch.from_numpy(train), torch.from_numpy(validation)


def samples(rows):
    \"\"\"The inputs and targets of some rows.\"\"\"
    return x_all[rows]{layout}, y_all[rows]
"""


def _augmentation(experiment: Experiment) -> list[Part]:
    written = augmentation_code(experiment)
    return (
        [Part("Augmentation", "Only training samples are changed, anew in every update.", written)] if written else []
    )


def _network(experiment: Experiment) -> str:
    model = code(experiment.architecture, experiment)
    own = cast(Architecture, experiment.architecture).default_initializer
    fill = code(experiment.initializer or parse("initializers", own), experiment)
    layers = (
        "layers = [part for layer in model for part in dense_parts(layer)]"
        if uses("Recurrent", model)
        else "layers = [layer for layer in model.modules() if isinstance(layer, (nn.Linear, nn.Conv1d, nn.Conv2d))]"
    )
    last = "model.to(memory_format=torch.channels_last)\n" if network.is_convolutional(experiment) else ""
    return f"""\
{model}
# First values, drawn by the names of the layers.
names = {_listed(network.weighted_layers(experiment))}
{layers}
for name, layer in zip(names, layers, strict=True):
{textwrap.indent(fill, "    ")}{blocks.first_values(experiment)}{last}"""


def _listed(names: tuple[str, ...]) -> str:
    """A list of strings, broken into lines where it is long."""
    quoted = [f'"{name}"' for name in names]
    line = f"[{', '.join(quoted)}]"
    return line if len(line) < 100 else "[\n" + "".join(f"    {name},\n" for name in quoted) + "]"


def _optimizer(experiment: Experiment) -> str:
    entry = cast(Optimizer, experiment.optimizer)
    schedule, written = code(experiment.schedule, experiment), code(entry, experiment)
    chosen = "weights = [parameter for parameter in parameters if parameter.dim() >= 2]  # no biases\n"
    uses_weights = any("in weights:" in line for line in (*_terms(experiment), *_projections(experiment)))
    factor = f"""
NUM_STEPS = EPOCHS * STEPS_PER_EPOCH


def rate_factor(step):
    \"\"\"What the learning rate is multiplied with in the update that follows `step` others.\"\"\"
{textwrap.indent(schedule, "    ")}"""
    return f"""\
LR = {entry.learning_rate()!r}  # learning rate
parameters = list(model.parameters())
{chosen if uses_weights else ""}optimizer = {written}
{factor if schedule else ""}"""


def _terms(experiment: Experiment) -> list[str]:
    """What regularizers do between the gradient and the update, in that order."""
    return [code(entry, experiment) for kind in BETWEEN for entry in _regularizers(experiment) if entry.kind == kind]


def _projections(experiment: Experiment) -> list[str]:
    """What regularizers do with the weights after the update."""
    return [code(entry, experiment) for entry in _regularizers(experiment) if entry.kind == "projection"]


def _regularizers(experiment: Experiment) -> list[Regularizer]:
    """The regularizers, compound ones as their parts; refuses one that is written nowhere."""
    chosen = [part for entry in experiment.regularizers for part in cast(Regularizer, entry).parts]
    for entry in chosen:
        code(entry, experiment)
    return chosen


def _evaluation(experiment: Experiment) -> str:
    multiplications = sum(row.multiplications for row in network.plan_of(experiment))
    loss = rules.reported(_loss(experiment), experiment)
    if cast(DataSet, experiment.dataset).task == "classification":
        spread = ""
        name, value, error = "wrong", "(outputs.argmax(1) != targets).sum().item()", "wrong / len(rows)"
    else:
        spread = "spread = y_all[train].numpy().std(dtype=np.float64)  # always saying the mean has the error 1\n\n\n"
        name, value = "squares", "(outputs.double() - targets.double()).square().sum().item()"
        error = "(squares / len(rows)) ** 0.5 / spread"
    return f"""\
{spread}def evaluate(rows):
    \"\"\"Mean loss and error on these rows.\"\"\"
    model.eval()
    total, {name} = 0.0, 0
    with torch.no_grad():
        for part in rows.split({piece_size(multiplications, "cpu")}):
            inputs, targets = samples(part)
            outputs = model(inputs)
{textwrap.indent(loss, " " * 12)}            total += loss.item() * len(part)
            {name} += {value}
    model.train()
    return total / len(rows), {error}
"""


def _loss(experiment: Experiment) -> Loss:
    return cast(Loss, experiment.loss or default_loss(cast(DataSet, experiment.dataset).task))


def _training(experiment: Experiment) -> str:
    *others, last = _batch_sizes(experiment)
    # A remainder of one sample has joined the batch before it.
    longer = f"[BATCH_SIZE] * {len(others)} + [BATCH_SIZE + 1]" if others else "[BATCH_SIZE + 1]"
    split = longer if last > experiment.batch_size else "BATCH_SIZE"
    return f"""\
def batches():
    \"\"\"The rows of each batch, epoch after epoch, in an order drawn anew for each.\"\"\"
    for epoch in range(EPOCHS):
        generator.manual_seed(seed32(SEED, "order", counter=epoch))
        order = train[torch.randperm(len(train), generator=generator)]
        yield from order.split({split})


{_update(experiment)}

{_loop(experiment)}"""


def _update(experiment: Experiment) -> str:
    """One update as a function."""
    terms, schedule = _terms(experiment), code(experiment.schedule, experiment)
    changed_inputs = "    inputs = augment(inputs, step)\n"
    seeded = """\
    for layer in model.modules():
        if isinstance(layer, Dropout):
            layer.generator.manual_seed(seed32(SEED, "dropout", layer.name, step))
"""
    new_rate = """\
    for group in optimizer.param_groups:
        group["lr"] = lr
"""
    needs_rate = schedule or any("lr *" in term for term in terms)
    rate = f"    lr = LR{' * rate_factor(step)' if schedule else ''}\n"
    between, after = (
        "    with torch.no_grad():\n" + textwrap.indent("".join(lines), " " * 8) if lines else ""
        for lines in (terms, _projections(experiment))
    )
    return f"""\
def update(rows, step):
    \"\"\"The update that follows `step` others, on the batch with these rows.\"\"\"
    inputs, targets = samples(rows)
{changed_inputs if augmentation_code(experiment) else ""}\
{seeded if uses("Dropout", code(experiment.architecture, experiment)) else ""}\
    outputs = model(inputs)
{textwrap.indent(code(_loss(experiment), experiment), "    ")}    optimizer.zero_grad()
    loss.backward()
{rate if needs_rate else ""}{new_rate if schedule else ""}{between}\
    optimizer.step()
{after}"""


def _loop(experiment: Experiment) -> str:
    """All updates; with early stopping until the validation set has said enough."""
    stops = [entry for entry in experiment.regularizers if isinstance(entry, EarlyStopping)]
    if not stops:
        return """\
for step, rows in enumerate(batches(), start=1):
    update(rows, step - 1)
    if step % STEPS_PER_EPOCH == 0:
        loss, error = evaluate(validation)
        print(f"epoch {step // STEPS_PER_EPOCH}: validation loss {loss:.4f}, error {error:.4f}")
"""
    stop, num_steps = stops[0], len(_batch_sizes(experiment)) * experiment.epochs
    every = experiment.evaluate_every or max(1, min(len(_batch_sizes(experiment)), num_steps // 100))
    place = {"loss": 0, "error": 1}[stop.monitor]
    return f"""\
# Early stopping: measured every {every} updates; the weights of the lowest validation {stop.monitor} are kept.
best, best_step = evaluate(validation)[{place}], 0
best_weights = copy.deepcopy(model.state_dict())
for step, rows in enumerate(batches(), start=1):
    update(rows, step - 1)
    if step % {every} and step < EPOCHS * STEPS_PER_EPOCH:
        continue
    measured = evaluate(validation)[{place}]
    if measured < best - {stop.min_delta!r}:
        best, best_step = measured, step
        best_weights = copy.deepcopy(model.state_dict())
        print(f"epoch {{step / STEPS_PER_EPOCH:.2f}}: validation {stop.monitor} {{measured:.4f}}, the lowest so far")
    elif step / STEPS_PER_EPOCH - best_step / STEPS_PER_EPOCH >= {stop.patience}:
        print(f"stopped in epoch {{step / STEPS_PER_EPOCH:.2f}}")
        break
model.load_state_dict(best_weights)
"""


def _result(experiment: Experiment) -> str:
    rows = f"train[:{NUM_EVALUATED}]" if _num_train(experiment) > NUM_EVALUATED else "train"
    return f"""\
for name, rows in (("train", {rows}), ("validation", validation)):
    loss, error = evaluate(rows)
    print(f"{{name}}_loss = {{loss}}")
    print(f"{{name}}_error = {{error}}")
"""


def _num_train(experiment: Experiment) -> int:
    return split_sizes(experiment).num_train


def _batch_sizes(experiment: Experiment) -> list[int]:
    return batch_sizes(_num_train(experiment), experiment.batch_size)


def _whole(parts: list[Part]) -> list[Part]:
    """The same parts with what they call and no library has, and with all imports in the first one."""
    parts = [replace(part, code=with_own(part.code)) for part in parts]
    lines = {line for part in parts for line in part.code.splitlines() if line.startswith(("import ", "from "))}
    standard = [f"import {name}" for name in STANDARD if any(f"{name}." in part.code for part in parts)]
    others = sorted(lines, key=lambda line: (line.startswith("from "), line))
    bodies = [
        "\n".join(line for line in part.code.splitlines() if line not in lines).strip("\n") + "\n" for part in parts
    ]
    bodies[0] = "\n".join([*standard, "", *others, "", bodies[0]])
    return [replace(part, code=body) for part, body in zip(parts, bodies, strict=True)]
