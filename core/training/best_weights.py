"""BestWeights: what the network was at its best evaluation, to be put back, and to be taken out again."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class BestWeights:
    """Copies of a network's weights and buffers: the best, and the last while the best stand in their place."""

    def __init__(self, model: nn.Module) -> None:
        # Asked for once: a module takes longer to list them than to copy those of a small network.
        self._tensors: dict[str, Tensor] = model.state_dict(keep_vars=True)
        self._best: dict[str, Tensor] = {}
        self._last: dict[str, Tensor] = {}

    @property
    def are_back(self) -> bool:
        """Whether the network has the best weights instead of its last ones."""
        return bool(self._last)

    def keep(self) -> None:
        """The present weights are the best so far."""
        self._best = self._copies()

    def put_back(self) -> None:
        """Give the network its best weights."""
        self._last = self._copies()
        self._put(self._best)

    def go_on(self) -> None:
        """Give the network its last weights again, where it has the best: training continues from them."""
        if self._last:
            self._put(self._last)
            self._last = {}

    def state(self) -> dict[str, Tensor]:
        """The copies as "best.name" and "last.name"."""
        kept = {"best": self._best, "last": self._last}
        return {f"{which}.{name}": tensor for which, copies in kept.items() for name, tensor in copies.items()}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take what `state` gave, among other tensors."""
        self._best, self._last = (
            {
                name: tensors[f"{which}.{name}"].to(now.device)
                for name, now in self._tensors.items()
                if f"{which}.{name}" in tensors
            }
            for which in ("best", "last")
        )

    def _copies(self) -> dict[str, Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self._tensors.items()}

    @torch.no_grad()
    def _put(self, copies: dict[str, Tensor]) -> None:
        for name, tensor in self._tensors.items():
            tensor.copy_(copies[name])
