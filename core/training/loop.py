"""One update, from batch to recorded row. Nothing here reads a tensor back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from core.catalog.regularizers.counter_dropout import CounterDropout
from core.catalog.regularizers.terms import Decay, MaxNorm, NormClip, Penalty, ValueClip
from core.seeding import seed32
from core.training.average import Average
from core.training.batch import Batch
from core.training.guard import Guard
from core.training.instruments.norms import Norms, total_norm
from core.training.recorder import Recorder
from core.training.update import Update


@dataclass
class Loop:
    """The pieces of one run's update, in the order in which `step` uses them.

    Penalties name the parameters they act on by place, decays and projections hold them. `trained` are the places of
    the parameters that are updated, None where all are. `watch` is shown the step and the very batch that the network
    is fed.

    A rule that computes several gradients for one update gets them all of the same batch, with the same masks of
    dropout, with penalties and clipping in each; running statistics and what is recorded are those of the first. Decay
    beside such a rule follows it, so that it sees one and the same loss throughout. With a mode for evaluation the
    weights are moved to where gradients are taken before the first pass, and are back before the rule is applied. An
    average of the weights is put aside for the whole update.

    Where a `stage_loss` is given its gradient is followed instead: of one hidden layer and of a head, whose parameters
    come after those of the network. All others have the gradient 0.
    """

    seed: int
    batch_of: Callable[[int], Batch]
    augment: Callable[[Batch, int], Batch] | None
    dropouts: list[tuple[str, CounterDropout]]
    model: nn.Module
    autocast: Callable[[], AbstractContextManager[object]] | None
    criterion: Callable[[Tensor, Tensor], Tensor]
    parameters: list[nn.Parameter]
    penalties: list[tuple[Penalty, list[int]]]
    clips: list[NormClip | ValueClip]
    decays: list[tuple[Decay, list[Tensor]]]
    projections: list[tuple[MaxNorm, list[Tensor]]]
    optimizer: torch.optim.Optimizer
    update: Update
    norms: Norms
    guard: Guard
    recorder: Recorder
    trained: list[int] | None = None
    watch: Callable[[int, Batch], None] | None = None
    statistics: Sequence[Tensor] = ()
    needs_closure: bool = False
    has_eval_mode: bool = False
    average: Average | None = None
    stage_loss: Callable[[Batch], Tensor] | None = None

    def step(self, step: int, lr: float) -> None:
        """Do update `step` (counted from 0) with learning rate `lr`."""
        if self.average is None:
            self._step(step, lr)
            return
        with self.average.put_aside():
            self._step(step, lr)
            self.average.take(step + 1, self.recorder.epochs.at(step + 1), self.guard.found)

    def _step(self, step: int, lr: float) -> None:
        self.guard.remember()
        batch = self.batch_of(step)
        if self.augment is not None:
            batch = self.augment(batch, step)
        if self.watch is not None:
            self.watch(step, batch)
        if self.has_eval_mode:
            self.optimizer.train()  # type: ignore[attr-defined]
        self._draw_masks(step)
        loss = self.backward(batch)
        anew = partial(self._anew, batch, step) if self.needs_closure else None
        del batch  # Its memory serves the rest of the step.
        with torch.no_grad():
            self._update(self._gradients(), loss, lr, anew)

    def loss_of(self, batch: Batch) -> Tensor:
        """The data loss of a batch, with its graph."""
        if self.autocast is None:
            return self.criterion(self.model(batch.inputs), batch.targets)
        with self.autocast():
            return self.criterion(self.model(batch.inputs), batch.targets)

    def backward(self, batch: Batch) -> Tensor:
        """The data loss of a batch (no axes); its gradients stand in the parameters' `grad`."""
        loss = self._objective(batch)
        for parameter in self.parameters:
            parameter.grad = None
        loss.backward()
        return loss

    def _objective(self, batch: Batch) -> Tensor:
        if self.stage_loss is None:
            return self.loss_of(batch)
        with self.autocast() if self.autocast else nullcontext():
            return self.stage_loss(batch)

    def _draw_masks(self, step: int) -> None:
        for name, dropout in self.dropouts:
            if dropout.generator is not None:
                dropout.generator.manual_seed(seed32(self.seed, "dropout", name, step))

    def _gradients(self) -> list[Tensor]:
        if self.stage_loss is None:
            return [parameter.grad for parameter in self.parameters]  # type: ignore[misc]
        return [torch.zeros_like(tensor) if tensor.grad is None else tensor.grad for tensor in self.parameters]

    def _moving(self, gradients: list[Tensor]) -> list[Tensor]:
        return gradients if self.trained is None else [gradients[place] for place in self.trained]

    def _update(self, gradients: list[Tensor], loss: Tensor, lr: float, anew: Callable[[], Tensor] | None) -> None:
        recorder, guard = self.recorder, self.guard
        recorder.loss.copy_(loss)
        for number, (penalty, places) in enumerate(self.penalties):
            weights: list[Tensor] = [self.parameters[place] for place in places]
            value = penalty.value(weights)
            recorder.penalty.copy_(value) if number == 0 else recorder.penalty.add_(value)
            penalty.add_gradient([gradients[place] for place in places], weights)
        self.norms.gradients(gradients)
        guard.check()
        moving = self._moving(gradients)
        for number, clip in enumerate(self.clips):
            # The measured norm, unless the clipping before has changed it or gradients of frozen weights count in it.
            is_measured = number == 0 and self.trained is None
            norm = recorder.gradient_squares.sum().sqrt_() if is_measured else total_norm(moving)
            clipped = clip.apply(moving, norm)
            recorder.clipped.copy_(clipped) if number == 0 else recorder.clipped.logical_or_(clipped)
        if self.has_eval_mode:
            self.optimizer.eval()  # type: ignore[attr-defined]
        self.norms.before_update()
        if anew is None:
            self._decay(lr)
            self.update(moving, lr)
        else:
            self.update(moving, lr, _first_then(recorder.loss + recorder.penalty, anew))
            self._decay(lr)
        for projection, weights in self.projections:
            projection.apply(weights, guard.found)
        stamp = time.time()
        self.norms.after_update()
        recorder.end_row(lr, stamp)

    def _decay(self, lr: float) -> None:
        for decay, weights in self.decays:
            decay.apply(weights, lr, self.guard.found)

    @torch.no_grad()
    def _anew(self, batch: Batch, step: int) -> Tensor:
        """The loss of a batch with its penalties at the weights as they are now; its gradients stand in `grad`."""
        before = [tensor.clone() for tensor in self.statistics]
        self._draw_masks(step)
        with torch.enable_grad():
            total = self.backward(batch).detach()
        for now, kept in zip(self.statistics, before, strict=True):
            now.copy_(kept)
        gradients = self._gradients()
        for penalty, places in self.penalties:
            weights: list[Tensor] = [self.parameters[place] for place in places]
            total = total + penalty.value(weights)
            penalty.add_gradient([gradients[place] for place in places], weights)
        moving = self._moving(gradients)
        largest = torch._foreach_norm(moving, math.inf)
        self.guard.check_also(total + torch.stack(largest).sum())
        for clip in self.clips:
            self.recorder.clipped.logical_or_(clip.apply(moving, total_norm(moving)))
        return total


def _first_then(loss: Tensor, anew: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """A closure that says at its first call what is known already, its gradients too, and then computes anew."""
    known = [loss]
    return lambda: known.pop() if known else anew()
