"""Faults of the data: labels, scaling, order, splits, augmentation."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from core.catalog.augmentations.flip import Flip
from core.catalog.faults.fault import Fault, Instrument, Seen, Series, late, of_layers
from core.catalog.registry import register
from core.seeding import generator, seed32
from core.text import Text


class _OfClasses(Fault):
    """A fault that needs classes."""

    def check(self, experiment: Any) -> None:
        if experiment.dataset.task != "classification":
            raise self.nothing_to_act_on(Text("It needs classes, and here the target is a number."))


@register
class WrongLabels(_OfClasses):
    key: ClassVar[str] = "wrong_labels"
    title: ClassVar[str] = "a quarter of the labels wrong"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "A quarter of the training samples carry the label of another class; validation has true ones."
    choose: ClassVar[str] = (
        "Training error beside validation error: it stays above it by many points, since what is learned of the true "
        "labels is wrong about the false ones."
    )
    fix: ClassVar[str] = "Look through the training samples that the network gets wrong, and correct their labels."
    formula: ClassVar[str] = r"y'_i = y_i \ \text{with probability}\ 0.75, \text{ else one of the other classes}"
    source: ClassVar[str] = "Frenay and Verleysen, Classification in the Presence of Label Noise: a Survey, 2014"
    instrument: ClassVar[Instrument] = "errors"
    reading_title: ClassVar[str] = "training error − validation error where validation error is lowest"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "%"
    margin: ClassVar[float] = 0.1

    def check(self, experiment: Any) -> None:
        super().check(experiment)
        if experiment.label_noise:
            raise self.nothing_to_act_on(Text("Labels are wrong already, by choice."))

    def data(self, seen: Seen, num_outputs: int, seed: int) -> Seen:
        import torch

        drawn = generator("cpu", seed32(seed, "fault", self.key))
        rows = seen.train[(torch.rand(len(seen.train), generator=drawn) < 0.25).to(seen.train.device)]
        shift = torch.randint(1, num_outputs, (len(rows),), generator=drawn).to(rows.device)
        targets = seen.targets.clone()
        targets[rows] = (targets[rows] + shift) % num_outputs
        return seen._replace(targets=targets)

    def reading(self, series: Series) -> float:
        place = series["validation/error"].argmin()
        return float(series["train/error"][place] - series["validation/error"][place])


@register
class ClassOrder(_OfClasses):
    key: ClassVar[str] = "class_order"
    title: ClassVar[str] = "no shuffling"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "Every pass goes through the samples class by class, so that a batch knows of one class only."
    choose: ClassVar[str] = (
        "Loss of the batches: it draws the same teeth in every pass, because each class is half forgotten when its "
        "turn comes again; with another order in every pass it jitters without a pattern."
    )
    fix: ClassVar[str] = "Draw a new order of the samples for every pass."
    formula: ClassVar[str] = r"\text{order} = \operatorname{argsort}(y_1, \dots, y_n) \ \text{in every pass}"
    source: ClassVar[str] = "Bengio, Practical Recommendations for Gradient-Based Training, 2012, section 3.1.1"
    instrument: ClassVar[Instrument] = "losses"
    reading_title: ClassVar[str] = "how alike the batch losses of one pass and the next are (correlation)"
    margin: ClassVar[float] = 0.5
    shuffles: ClassVar[bool] = False

    def reading(self, series: Series) -> float:
        import numpy as np

        in_a_pass = int((series["epoch"] <= 1).sum())
        num_passes = len(series["epoch"]) // in_a_pass
        if num_passes < 2 or in_a_pass < 3:
            return 0.0  # Nothing to compare.
        last, before = series["batch/loss"][: num_passes * in_a_pass].reshape(num_passes, -1)[[-1, -2]]
        return float(np.corrcoef(last, before)[0, 1])


@register
class UnscaledInputs(Fault):
    key: ClassVar[str] = "unscaled_inputs"
    title: ClassVar[str] = "unscaled inputs"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = (
        "The network is fed grey levels as they are stored, up to 16 or 255, instead of values up to 1."
    )
    choose: ClassVar[str] = (
        "Sizes of the gradients by layer: those of the first layer, which are multiplied by the inputs, are far larger "
        "from the first update on."
    )
    fix: ClassVar[str] = "Divide images by their largest grey level; standardize the columns of a table."
    formula: ClassVar[str] = r"x' = x \quad \text{instead of} \quad x' = (x - m)\,/\,s"
    source: ClassVar[str] = "LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.3"
    instrument: ClassVar[Instrument] = "gradients"
    reading_title: ClassVar[str] = "size of the first layer's gradient in the first updates"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "power of ten"
    margin: ClassVar[float] = 0.7

    def check(self, experiment: Any) -> None:
        if experiment.dataset.input_kind != "image":
            raise self.nothing_to_act_on(Text("It needs images: other inputs are of size 1 before they are scaled."))
        if any(not (entry.keeps_range or entry.changes_nothing) for entry in experiment.augmentations):
            raise self.nothing_to_act_on(Text("Augmentations that change grey levels bring them to values up to 1."))

    def data(self, seen: Seen, num_outputs: int, seed: int) -> Seen:
        import torch

        return seen._replace(shift=None, factor=torch.ones_like(seen.factor))

    def reading(self, series: Series) -> float:
        return float(of_layers(series, "gradient_norm")[0][:10].mean())


@register
class Leak(Fault):
    key: ClassVar[str] = "leak"
    title: ClassVar[str] = "training samples among the validation samples"
    see: ClassVar[str] = "overfits_moons"
    why: ClassVar[str] = "Four of five validation samples are training samples: what was learned by heart is asked for."
    choose: ClassVar[str] = (
        "Training beside validation error: they stay together where few samples and a large network should drive them "
        "apart."
    )
    fix: ClassVar[str] = "Split before anything else is done, and check that no sample stands in both parts."
    formula: ClassVar[str] = r"|V \cap T| = \tfrac45 |V| \quad \text{instead of} \quad V \cap T = \emptyset"
    source: ClassVar[str] = "Kaufman, Rosset and Perlich, Leakage in Data Mining, 2011"
    instrument: ClassVar[Instrument] = "errors"
    reading_title: ClassVar[str] = "validation error − training error at the end"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "%"
    margin: ClassVar[float] = 0.05
    falls: ClassVar[bool] = True

    def data(self, seen: Seen, num_outputs: int, seed: int) -> Seen:
        import torch

        places = torch.arange(len(seen.validation), device=seen.validation.device)
        leaked = seen.train[places % len(seen.train)]
        return seen._replace(validation=torch.where(places % 5 == 0, seen.validation, leaked))

    def reading(self, series: Series) -> float:
        return float(late(series["validation/error"]).mean() - late(series["train/error"]).mean())


@register
class LabelFlips(Fault):
    key: ClassVar[str] = "label_flips"
    title: ClassVar[str] = "flips that change the meaning"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "Half of the images are mirrored, half stand on their heads: a 6 becomes a 9, its label stays."
    choose: ClassVar[str] = (
        "Training beside validation error: both stay high, with almost no gap; wrong answers go to signs that mirror "
        "into each other, as 2 and 5, or 6 and 9."
    )
    fix: ClassVar[str] = "Augment only in ways that keep the label: shifts and small rotations of signs, no mirrors."
    formula: ClassVar[str] = (
        r"x'_{i,j} = x_{H-1-i,\,j},\quad x''_{i,j} = x'_{i,\,W-1-j}, \ \text{each with probability}\ \tfrac12"
    )
    source: ClassVar[str] = "Shorten and Khoshgoftaar, A Survey on Image Data Augmentation, 2019, section Flipping"
    instrument: ClassVar[Instrument] = "errors"
    reading_title: ClassVar[str] = "training error in the last fourth of the run"
    unit: ClassVar[Literal["", "%", "power of ten"]] = "%"
    margin: ClassVar[float] = 0.08

    def check(self, experiment: Any) -> None:
        if experiment.dataset.input_kind != "image":
            raise self.nothing_to_act_on(Text("It needs images: nothing else can be mirrored."))
        if any(isinstance(entry, Flip) for entry in experiment.augmentations):
            raise self.nothing_to_act_on(Text("The images are mirrored already, by choice."))

    def instead(self, experiment: Any) -> Any:
        flips = Flip(horizontal=0.5, vertical=0.5)
        return experiment.model_copy(update={"augmentations": (flips, *experiment.augmentations)})

    def reading(self, series: Series) -> float:
        return float(late(series["train/error"]).mean())
