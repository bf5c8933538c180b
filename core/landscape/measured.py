"""Measured: the one function whose surface, path and curvature are shown.

It is the mean data loss, in evaluation mode, without augmentation, on a named sample of the training split; a switch
adds the penalty. Shape letters: N parameters, B samples, K outputs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Mapping
from contextlib import nullcontext
from copy import copy
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm

from core.catalog.regularizers.terms import Penalty, accumulation_dtype
from core.landscape.asked import BatchNorm, check_samples
from core.pieces import worked_off
from core.seeding import generator, seed32
from core.training.assembly import loss_of
from core.training.evaluation import CACHED_MULTIPLICATIONS, PIECE_MULTIPLICATIONS
from core.training.parts import network_of
from core.training.run import Run


class Measured:
    """The loss of a run's network as a function of all its parameters in one tensor, in their order in memory.

    It works on copies: the run may go on. `dtype` None is the run's number format. BadInput for an impossible number of
    samples.
    """

    def __init__(
        self,
        run: Run,
        *,
        samples: int = 512,
        seed: int = 0,
        with_penalty: bool = False,
        batch_norm: BatchNorm = "frozen",
        dtype: torch.dtype | None = None,
    ) -> None:
        check_samples(samples)
        parts = run.parts
        self.step = run.step_count
        self.dtype = dtype or run.conditions.dtype
        self.with_penalty, self.batch_norm = with_penalty, batch_norm
        self.names = [name for name, _ in parts.frame.named]
        self.shapes = [parameter.shape for parameter in parts.frame.parameters]
        self._is_channels_last = run.conditions.memory_format == "channels_last"
        self._sizes = [shape.numel() for shape in self.shapes]
        rows = _drawn(parts.data.splits.train, samples, seed)
        batch = parts.feed.rows(rows)
        self.inputs = batch.inputs.to(self.dtype)
        self.targets = batch.targets.to(self.dtype) if batch.targets.is_floating_point() else batch.targets
        self.num_samples = len(rows)
        self.sample_hash = hashlib.sha256(rows.cpu().numpy().astype("<i8").tobytes()).hexdigest()
        loss = loss_of(run.current, parts.data.task)
        self.criterion = loss.plain(parts.data.task)  # type: ignore[arg-type]
        self.row_criterion = loss.plain_rows(parts.data.task)  # type: ignore[arg-type]
        self._penalties = [(term, places) for term, places in parts.loop.penalties if places]
        self.multiplications = parts.multiplications
        state = parts.model.state_dict()
        self.network = self._copied(network_of(run.current, parts.frame.input_shape, parts.frame.num_outputs), state)
        self.flat = self.flat_of(state)
        """The run's parameters, (N,)."""
        self._num_train = parts.data.num_train
        self._here: tuple[float, float] | None = None

    @torch.no_grad()
    def _copied(self, network: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
        """The network with the run's buffers, in evaluation mode; its parameters are given with every call."""
        network = network.to_empty(device=self.inputs.device).to(self.dtype).eval().requires_grad_(False)
        for name, tensor in network.state_dict().items():
            tensor.copy_(state[name])
        for module in network.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = True  # Nobody else reads what it is given; with images that is a sixth of the time.
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
        self.has_batch_norm = bool(norms)
        is_recurrent = any(isinstance(module, nn.RNNBase) for module in network.modules())
        # A GPU's kernel for recurrent layers has no second derivatives, and in evaluation mode no first ones.
        self._differentiable_twice = partial(torch.backends.cudnn.flags, enabled=False) if is_recurrent else nullcontext
        if self.batch_norm == "estimated":
            for norm in norms:
                norm.running_mean = norm.running_var = None
        return network

    @torch.no_grad()
    def move_to(self, state: Mapping[str, Tensor]) -> None:
        """Measure the network of this state from now on: its parameters are `flat`, its buffers those of the loss."""
        self.flat, self._here = self.flat_of(state), None
        for name, buffer in self.network.named_buffers():
            buffer.copy_(state[name])

    def flat_of(self, state: Mapping[str, Tensor]) -> Tensor:
        """The parameters of a network's state as one tensor (N,)."""
        found = [_in_memory_order(state[name].detach(), self._is_channels_last) for name in self.names]
        return torch.cat([tensor.reshape(-1).to(self.inputs.device, self.dtype) for tensor in found])

    def tensors(self, flat: Tensor) -> dict[str, Tensor]:
        """The parameters by name, as views of a tensor (N,), laid out as in the run."""
        pieces = zip(self.names, self.shapes, flat.split(self._sizes), strict=True)
        if not self._is_channels_last:
            return {name: piece.view(shape) for name, shape, piece in pieces}
        found = {}
        for name, shape, piece in pieces:
            if len(shape) == 4:
                outputs, inputs, height, width = shape
                found[name] = piece.view(outputs, height, width, inputs).permute(0, 3, 1, 2)
            else:
                found[name] = piece.view(shape)
        return found

    def outputs(self, flat: Tensor) -> Tensor:
        """The network's outputs on the sample, (B, K), with the parameters `flat` (N,); differentiable."""
        with sdpa_kernel(SDPBackend.MATH), self._differentiable_twice():
            return functional_call(self.network, self.tensors(flat), self.inputs)

    def loss(self, flat: Tensor) -> Tensor:
        """The loss with the parameters `flat` (N,), a tensor without axes; differentiable, twice too."""
        return self.loss_of(self.outputs(flat), flat)

    def loss_of(self, outputs_BK: Tensor, flat: Tensor) -> Tensor:
        """The loss of the network's outputs on the sample."""
        loss = self.criterion(outputs_BK, self.targets)
        return loss + self.penalty(flat) if self.has_penalty else loss

    @property
    def part_size(self) -> int:
        """Samples that are computed in one piece, by a rule that reads no clock: they take well under 0.2 s.

        A Hessian product with the slowest networks takes six times as long as a pass. Statistics of the sample are
        those of the whole sample, which then is one piece.
        """
        if self.has_batch_norm and self.batch_norm == "estimated":
            return self.num_samples
        most = CACHED_MULTIPLICATIONS if self.inputs.device.type == "cpu" else PIECE_MULTIPLICATIONS
        return min(self.num_samples, max(1, most // max(1, self.multiplications)))

    def parts(self) -> list[Measured]:
        """The same loss on one part of the sample after another, `part_size` each."""
        if self.part_size == self.num_samples:
            return [self]
        found = []
        pieces = zip(self.inputs.split(self.part_size), self.targets.split(self.part_size), strict=True)
        for inputs, targets in pieces:
            part = copy(self)
            part.inputs, part.targets, part.num_samples, part._here = inputs, targets, len(targets), None
            found.append(part)
        return found

    @torch.no_grad()
    def outputs_in_pieces(self, tensors: Mapping[str, Tensor]) -> Generator[None, None, Tensor]:
        """The outputs (B, K) with these parameters, and the buffers among them; yields between parts of the sample."""
        found: list[Tensor] = []
        for inputs in self.inputs.split(self.part_size):
            if found:
                yield
            found.append(functional_call(self.network, dict(tensors), inputs))
        return torch.cat(found)

    @property
    def is_cross_entropy(self) -> bool:
        """Whether the data loss is the plain cross-entropy with classes as targets."""
        return self.criterion is functional.cross_entropy and not self.targets.is_floating_point()

    @property
    def has_penalty(self) -> bool:
        """Whether a penalty is added to the data loss."""
        return self.with_penalty and bool(self._penalties)

    def penalty(self, flat: Tensor) -> Tensor:
        """The run's penalties of the parameters `flat` (…, N) → (…); differentiable."""
        pieces = flat.split(self._sizes, -1)
        return sum(
            (_penalty(term, [pieces[place] for place in places]) for term, places in self._penalties),
            flat.new_zeros(()),
        )

    def true_loss(self, state: Mapping[str, Tensor]) -> Generator[None, None, float]:
        """The loss of another network of this shape: its parameters, and with frozen statistics its own; in pieces."""
        names = {name for name, _ in self.network.named_buffers()} | set(self.names)
        flat = self.flat_of(state)
        kept = {name: state[name].to(self.inputs.device) for name in names}
        kept = {name: tensor.to(self.dtype) if tensor.is_floating_point() else tensor for name, tensor in kept.items()}
        return float(self.loss_of((yield from self.outputs_in_pieces(kept)), flat))

    # -- where it stands ---------------------------------------------------------------------------------------------

    @property
    def loss_here(self) -> float:
        """The loss with the parameters `flat`."""
        return worked_off(self.look())[0]

    @property
    def standard_error(self) -> float:
        """How far the mean over the sample is from that over the training split, as a standard deviation."""
        return worked_off(self.look())[1]

    def look(self) -> Generator[None, None, tuple[float, float]]:
        """Find `loss_here` and `standard_error` in pieces, unless they are known; returns both."""
        if self._here is None:
            outputs_BK = yield from self.outputs_in_pieces(self.tensors(self.flat))
            self._here = float(self.loss_of(outputs_BK, self.flat)), self._standard_error(outputs_BK)
        return self._here

    def _standard_error(self, outputs_BK: Tensor) -> float:
        if self.num_samples < 2:
            return math.nan
        if self.is_cross_entropy:
            each = functional.cross_entropy(outputs_BK, self.targets, reduction="none")
        else:
            each = self.row_criterion(outputs_BK.unsqueeze(1), self.targets.unsqueeze(1))
        spread = float(each.to(accumulation_dtype(each)).std())
        # Drawn without putting back: a sample that is the whole split leaves nothing open.
        return spread / math.sqrt(self.num_samples) * math.sqrt(1 - self.num_samples / self._num_train)


def _drawn(train: Tensor, samples: int, seed: int) -> Tensor:
    """So many rows of the training split, or all, in the order of the split."""
    if samples >= len(train):
        return train
    chosen = torch.randperm(len(train), generator=generator("cpu", seed32(seed, "landscape")))[:samples]
    return train[chosen.sort().values.to(train.device)]


def _in_memory_order(tensor: Tensor, is_channels_last: bool) -> Tensor:
    return tensor.permute(0, 2, 3, 1) if is_channels_last and tensor.dim() == 4 else tensor


def _penalty(term: Penalty, pieces: list[Tensor]) -> Tensor:
    """strength · Σ|w| or strength · Σw², with a derivative."""
    sums = [(piece.abs() if term.order == 1 else piece.square()).sum(-1) for piece in pieces]
    return term.strength * torch.stack(sums).sum(0)
