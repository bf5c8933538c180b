"""Gan: a generator trained on the training split of an experiment, piece by piece, the same wherever it is needed.

The tab that shows it and the runs that mix its samples in share one object in this process, and whoever comes first
does the next piece; the finished one is kept in the data folder. So the bits depend on its recipe alone: the data, the
updates and the seed. It computes in float32 with one thread, whatever the runs do.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.catalog.augmentations.synthetic import LearnedAugmentation
from core.errors import CoreError
from core.experiment import DATA_FIELDS, Experiment
from core.seeding import generator, seed32
from core.text import Text
from core.training.checkpoint import Snapshot, latest_valid, write_snapshot
from core.training.device import use_threads
from core.training.gan_judge import MOST_ROWS, NUM_COMPARED, Reference, neighbours, reference, variety
from core.training.gan_networks import NUM_NOISE, multiplications, networks
from core.training.resident import ResidentData, host_samples
from core.training.splits import draw_splits

logger = logging.getLogger(__name__)

FORMAT = 1
"""Grows with every change of what is computed: what was kept by an earlier program is trained anew."""
BATCH_SIZE = 64
RATE, BETAS = 5e-4, (0.5, 0.999)
NUM_GRIDS = 10
NUM_SHOWN = 6
"""So many samples of each class stand in a grid."""
PIECE_S, PIECE_S_PER_MULTIPLICATION = 3e-3, 6.5e-11
"""About what one update takes on one core: a part that is always there, and one that grows with the images."""
FOLDER = "generators"
MOST_KEPT = 100
"""So many finished generators stay in the data folder; the one that was made first goes first."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Samples after `step` updates, drawn of the same noise in every grid.

    images, nearest: uint8 (K, n, C, H, W), samples and the training image nearest to each; distances: float32 (K, n);
    variety: float32 (K,), how much the samples of a class differ, as a share of real ones.
    """

    step: int
    images: np.ndarray
    nearest: np.ndarray
    distances: np.ndarray
    variety: np.ndarray


class Gan:
    """A generator and a discriminator, `step` of `num_updates` updates trained. Call `piece` in one thread at a time.

    `losses` (2, num_updates) float32 are those of generator and discriminator, as far as they are known.
    """

    def __init__(self, key: str, data: ResidentData, experiment: Experiment, entry: LearnedAugmentation, folder: Path):
        self.key, self._folder = key, folder / FOLDER
        self.num_updates, self._seed = entry.num_updates, entry.learning_seed
        self.class_names = data.class_names
        self.step = 0
        self.grids: list[Grid] = []
        self.losses = np.full((2, self.num_updates), np.nan, np.float32)
        self._device = data.device
        self._lock = threading.Lock()
        samples = host_samples(data)
        splits = draw_splits(samples, experiment)
        self._environment = {"torch": torch.__version__, "device": str(data.device), "train": splits.hashes["train"]}
        self._inputs, self._rows = data.inputs, torch.from_numpy(splits.train).to(data.device)
        self._classes = torch.from_numpy(splits.targets[splits.train]).to(data.device)
        self._factor = float(samples.scale.fitted(samples.inputs, splits.train)[1].flat[0])
        self.shape = cast(tuple[int, int, int], tuple(self._inputs.shape[1:]))
        self.network, self._critic = networks(self.shape, data.num_outputs, self._seed, data.device)
        self._draws = generator("cpu", 0)
        self.real: Reference | None = None
        if data.device.type == "meta":
            self.step = self.num_updates
            return
        self._rules = [self._rule(network) for network in (self.network, self._critic)]
        self._take(stored(self._folder, key))

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be learned."""
        return self.step >= self.num_updates

    @property
    def progress(self) -> float:
        """Finished share, 0 to 1."""
        return self.step / self.num_updates

    @property
    def seconds_left(self) -> float:
        """About how long the rest takes."""
        return price_s(self.shape, self.num_updates - self.step)

    def piece(self) -> None:
        """Do the next update, and what is due after it. Raises CoreError where its numbers are none any more."""
        with self._lock:
            if self.is_done:
                return
            use_threads(1)
            if not self.grids:
                self._look()
            self._update()
            self.step += 1
            if self.step in _looks(self.num_updates):
                self._look()
            if self.is_done:
                self._keep()

    def sample(self, classes: Tensor, draws: torch.Generator | None) -> Tensor:
        """Images (B, C, H, W) of given classes (B,), float32 from 0 to 1, by the generator as it is now."""
        z_BZ = torch.empty((len(classes), NUM_NOISE), device=classes.device).normal_(generator=draws)
        with torch.no_grad():
            return self.network.eval()(z_BZ, classes)

    # -- learning ------------------------------------------------------------------------------------------------

    def _rule(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(network.parameters(), RATE, BETAS, fused=self._device.type in ("cpu", "cuda"))

    def _update(self) -> None:
        """One update of each network, on one batch; the generator follows the discriminator."""
        self.network.train()
        of_generator, of_critic = self._rules
        self._draws.manual_seed(seed32(self._seed, "order", "gan", self.step))
        count = min(BATCH_SIZE, len(self._rows))
        places = torch.randint(len(self._rows), (count,), generator=self._draws).to(self._device)
        z_BZ = torch.empty(count, NUM_NOISE).normal_(generator=self._draws).to(self._device)
        real, classes = self._feed(places), self._classes[places]
        drawn = self.network(z_BZ, classes)
        of_critic.zero_grad()
        loss_of_critic = functional.softplus(-self._critic(real, classes)).mean()
        loss_of_critic = loss_of_critic + functional.softplus(self._critic(drawn.detach(), classes)).mean()
        loss_of_critic.backward()
        of_critic.step()
        of_generator.zero_grad()
        loss = functional.softplus(-self._critic(drawn, classes)).mean()
        loss.backward()
        of_generator.step()
        self.losses[:, self.step] = loss.item(), loss_of_critic.item()
        if not np.isfinite(self.losses[:, self.step]).all():
            raise CoreError(
                Text("The generator has diverged at update {step}.", step=self.step + 1),
                Text("Its loss is no number any more, and nothing can be drawn by it."),
                Text("Take another seed of the generator."),
            )

    def _feed(self, places: Tensor) -> Tensor:
        """Images of the training split (B, C, H, W), 0 to 1, by their places in it: all that is ever looked at."""
        return self._inputs.index_select(0, self._rows[places]).float().mul_(self._factor)

    @torch.no_grad()
    def _look(self) -> None:
        """Keep a grid of samples as they are now."""
        count = len(self.class_names)
        if self.real is None:
            groups = [torch.nonzero(self._classes == place).flatten()[:NUM_COMPARED] for place in range(count)]
            self.real = reference([self._feed(places) for places in groups])
        classes = torch.arange(count, device=self._device).repeat_interleave(NUM_COMPARED)
        draws = self._draws.manual_seed(seed32(self._seed, "augment", "gan"))
        z_BZ = torch.empty(len(classes), NUM_NOISE).normal_(generator=draws).to(self._device)
        samples = self.network.eval()(z_BZ, classes).unflatten(0, (count, NUM_COMPARED))
        shown = samples[:, :NUM_SHOWN].flatten(0, 1)
        everything = torch.arange(len(self._rows), device=self._device).split(MOST_ROWS)
        places, distances = neighbours(shown, (self._feed(places) for places in everything))
        grid = (count, NUM_SHOWN)
        self.grids.append(
            Grid(
                self.step,
                _bytes(shown.unflatten(0, grid)),
                _bytes(self._feed(places).unflatten(0, grid)),
                distances.unflatten(0, grid).cpu().numpy(),
                variety(samples, self.real).astype(np.float32),
            )
        )

    # -- keeping -------------------------------------------------------------------------------------------------

    def _take(self, found: Snapshot | None) -> None:
        """Go on from what was kept, where it was made here: finished."""
        if found is None or found.state["environment"] != self._environment:
            return
        self.network.load_state_dict({name: found.tensors[f"generator.{name}"] for name in self.network.state_dict()})
        shown = Shown.of(found)
        self.grids, self.losses, self.real, self.step = shown.grids, shown.losses, shown.real, self.num_updates

    def _keep(self) -> None:
        """Write what is finished; where the disk does not take it, it is trained anew when it is needed again."""
        assert self.real is not None
        tensors = {f"generator.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors["losses"] = torch.from_numpy(self.losses)
        for name in ("images", "nearest", "distances", "variety"):
            tensors[name] = torch.from_numpy(np.stack([getattr(grid, name) for grid in self.grids]))
        state = {
            "environment": self._environment,
            "steps": [grid.step for grid in self.grids],
            "class_names": list(self.class_names),
            "spread": self.real.spread.tolist(),
            "nearest": self.real.nearest,
        }
        try:
            write_snapshot(self._folder / self.key, self.num_updates, tensors, state, run=self.key)
            _forget_the_oldest(self._folder)
        except (CoreError, OSError) as error:
            logger.warning("a generator is not kept: %s", error)


@dataclass(frozen=True, eq=False)
class Shown:
    """All of a finished generator that is shown; see Gan."""

    num_updates: int
    grids: list[Grid]
    losses: np.ndarray
    real: Reference
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, found: Snapshot) -> Shown:
        """What was kept."""
        kept = {name: found.tensors[name].numpy() for name in ("images", "nearest", "distances", "variety")}
        grids = [
            Grid(step, **{name: values[place] for name, values in kept.items()})
            for place, step in enumerate(found.state["steps"])
        ]
        real = Reference(np.array(found.state["spread"]), found.state["nearest"])
        names = tuple(found.state["class_names"])
        return cls(found.step, grids, found.tensors["losses"].numpy(), real, names)


def gan_key(experiment: Experiment, entry: LearnedAugmentation) -> str:
    """Names the recipe of a generator: what decides about the training split, the updates and the seed."""
    chosen = json.loads(experiment.canonical())
    recipe = {name: chosen[name] for name in DATA_FIELDS if name in chosen}
    recipe |= {"format": FORMAT, "num_updates": entry.num_updates, "seed": entry.learning_seed}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:32]


def gan_of(experiment: Experiment, entry: LearnedAugmentation, data: ResidentData, folder: Path) -> Gan:
    """The generator of a recipe in this process, finished where the data folder has it."""
    key = gan_key(experiment, entry)
    place = (key, str(data.device), folder.resolve())
    with _lock:
        found = _alive.get(place)
        if found is None:
            found = _alive[place] = Gan(key, data, experiment, entry, folder)
        return found


def gans_of(experiment: Experiment, data: ResidentData, folder: Path) -> dict[LearnedAugmentation, Gan]:
    """The generators whose samples an experiment mixes in."""
    chosen = [entry for entry in experiment.augmentations if isinstance(entry, LearnedAugmentation)]
    return {entry: gan_of(experiment, entry, data, folder) for entry in chosen if not entry.changes_nothing}


def price_s(shape: tuple[int, ...], num_updates: int) -> float:
    """About how many seconds of one core so many updates take on images of this shape."""
    each = 4 * BATCH_SIZE * multiplications(cast(tuple[int, int, int], shape))
    return num_updates * (PIECE_S + PIECE_S_PER_MULTIPLICATION * each)


def stored(folder: Path, key: str) -> Snapshot | None:
    """What was kept of a finished generator in the folder of all of them; None where nothing whole is there."""
    return latest_valid(folder / key, run=key).snapshot


_alive: weakref.WeakValueDictionary[Any, Gan] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def _looks(num_updates: int) -> set[int]:
    """After which updates a grid is kept: closer together at first, when most happens."""
    return {round(num_updates * (place / NUM_GRIDS) ** 1.5) for place in range(1, NUM_GRIDS + 1)}


def _bytes(images: Tensor) -> np.ndarray:
    return images.mul(255).round_().clamp_(0, 255).to(torch.uint8).cpu().numpy()


def _forget_the_oldest(folder: Path) -> None:
    with suppress(FileNotFoundError):  # Another process does the same at this moment, and goes on with it.
        kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in kept[: max(0, len(kept) - MOST_KEPT)]:
            shutil.rmtree(path)
