"""What the page Building blocks is told: numbers of layers as torch has them, masks, votes, and the shipped run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.catalog.architectures.layers import ConvolutionNet
from core.errors import BadInput
from core.pieces import worked_off
from core.studies import blocks_dropout
from core.studies.blocks import WORK, moved
from core.studies.blocks_asked import Attention, Layers, Mask, Normalized, PreActivations, Samples
from core.studies.blocks_dropout import votes
from core.studies.blocks_layers import END, NUM_PLACES, Kernels, layers
from core.studies.blocks_pooling import pooled
from core.studies.blocks_shipped import DEVICE, FILE, shipped
from core.studies.workbench import Workbench
from core.training.resident import resident
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import images, points
from tests.stored_runs import finished

BLOCKS = [
    {"channels": 4, "kernel": 2, "padding": "same", "normalization": "batch", "pooling": "average"},
    {
        "channels": 4,
        "kernel": 3,
        "stride": 2,
        "padding": 1,
        "normalization": "group",
        "groups": 2,
        "activation": "gelu",
    },
]


def network(**changes: Any) -> dict[str, Any]:
    """A convolutional network with two different blocks and dropout."""
    return {"key": "cnn", "blocks": BLOCKS, "dense": [6], "dropout": 0.5, **changes}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small network after a few updates."""
    return Run(images(architecture=network(), epochs=1), tmp_path_factory.mktemp("data")).train()


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    with Workbench.open(data_folder) as opened:
        yield opened


# -- layers -----------------------------------------------------------------------------------------------------------


def arithmetic(given: np.ndarray, kernels: Kernels) -> torch.Tensor:
    """The sums of a convolution by torch's own function, in float64."""
    pads = (kernels.before, kernels.after) * 2
    bias = None if kernels.bias is None else torch.from_numpy(kernels.bias).double()
    padded = functional.pad(torch.from_numpy(given)[None].double(), pads)
    weights = torch.from_numpy(kernels.weights).double()
    return functional.conv2d(padded, weights, bias, kernels.stride, groups=kernels.groups)[0]


def test_the_numbers_of_a_convolution_are_torchs_own(run: Run):
    found = layers(run.parts.model, run.parts.feed.rows(run.parts.data.splits.validation[:1]).inputs)
    assert [layer.name for layer in found] == ["conv.1", "conv.2", "dense.1"]
    for layer in found[:2]:
        kernels = layer.kernels
        assert kernels is not None
        assert kernels.scale is not None
        assert kernels.shift is not None
        summed = arithmetic(layer.given, kernels)
        np.testing.assert_allclose(layer.stages["summed"], summed, atol=1e-5)
        follows = kernels.scale[:, None, None] * summed.numpy() + kernels.shift[:, None, None]
        np.testing.assert_allclose(layer.stages["normalized"], follows, atol=1e-4)
        places = np.linspace(-END, END, NUM_PLACES)
        curve = np.interp(layer.stages["normalized"], places, kernels.activation)
        np.testing.assert_allclose(layer.stages["activated"], curve, atol=2e-5)
    np.testing.assert_allclose(
        found[0].stages["pooled"], functional.avg_pool2d(torch.from_numpy(found[0].stages["activated"]), 2), atol=1e-6
    )
    assert found[2].weights is not None
    assert found[2].weights.shape[0] == 6


def test_what_blocks_make_of_images_and_the_head_are_the_network(run: Run):
    model = run.parts.model
    assert isinstance(model, ConvolutionNet)
    batch = run.parts.feed.rows(run.parts.data.splits.validation[:4])
    with torch.no_grad():
        assert torch.equal(model.eval()(batch.inputs), model.head(model.features(batch.inputs)))


def test_an_image_moved_by_one_pixel_keeps_its_left_column():
    image = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert moved(image).flatten().tolist() == [0, 0, 1, 3, 3, 4]


def test_pooling_is_torchs_own_and_says_how_much_a_move_changes():
    plain = np.arange(16, dtype=np.float32).reshape(4, 4)
    whole, largest, mean = pooled(plain, plain + 1, 2, 2)
    assert largest.plain.tolist() == [[5, 7], [13, 15]]
    assert mean.plain.tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert whole.changed == pytest.approx(16 / 120)
    assert largest.changed == pytest.approx(4 / 40)
    assert pooled(0 * plain, plain, 2, 2)[0].changed == 0


# -- a batch ----------------------------------------------------------------------------------------------------------


def test_a_batch_lies_under_the_activation_as_autograd_says(run: Run):
    found = WORK[PreActivations](run, PreActivations(layer="conv.1"))
    assert found.num == 40
    assert found.histogram.counts.sum() == 40 * 4 * 8 * 8
    assert found.flat_share == found.zero_share, "ReLU is flat where it is 0"
    assert 0 < found.zero_share < 1
    other = WORK[PreActivations](run, PreActivations(layer="conv.1", activation="tanh"))
    np.testing.assert_allclose(other.slopes, 1 - np.tanh(other.places) ** 2, atol=1e-12)
    assert np.array_equal(other.histogram.counts, found.histogram.counts)


def test_batch_normalization_in_training_and_in_evaluation(run: Run):
    norm = run.parts.model.get_submodule("conv.1.norm")
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    before = norm.running_mean.clone()
    found = WORK[Normalized](run, Normalized(layer="conv.1", channel=2, num=8))
    assert torch.equal(norm.running_mean, before), "looking moves no statistics"
    assert found.running_mean == pytest.approx(float(before[2]))
    assert found.num == 8
    assert found.largest_difference > 0
    mean = np.average(
        (found.in_training.edges[1:] + found.in_training.edges[:-1]) / 2, weights=found.in_training.counts
    )
    assert mean == pytest.approx(found.beta, abs=0.05), "a batch's own statistics leave the mean at β"


def test_what_a_layer_has_not_is_said(run: Run):
    with pytest.raises(BadInput, match="no batch-normalized channel 0"):
        WORK[Normalized](run, Normalized(layer="conv.2", channel=0))
    with pytest.raises(BadInput, match="no layer “conv.9”"):
        WORK[PreActivations](run, PreActivations(layer="conv.9"))
    with pytest.raises(BadInput, match="has no dropout"):
        WORK[Mask](run, Mask(layer="conv.1"))
    with pytest.raises(BadInput, match="no attention maps"):
        WORK[Attention](run, Attention())
    with pytest.raises(BadInput, match="no image 11"):
        WORK[Layers](run, Layers(label=10))


# -- dropout ----------------------------------------------------------------------------------------------------------


def test_a_mask_scales_what_it_keeps_and_dropped_units_learn_nothing(run: Run):
    found = WORK[Mask](run, Mask(layer="dense.1", number=1, num_masks=10_000))
    assert 0 < found.kept.sum() < 6
    np.testing.assert_allclose(found.masked, found.kept * found.evaluated / (1 - found.p), rtol=1e-6)
    np.testing.assert_allclose(found.mean, found.evaluated, rtol=0.05)
    assert not found.gradients[:, ~found.kept].any()
    assert not found.incoming[~found.kept].any()
    works = found.kept & (found.evaluated > 0)
    assert (np.abs(found.gradients[:, works]).sum(0) > 0).all()
    again = WORK[Mask](run, Mask(layer="dense.1", number=1))
    assert np.array_equal(again.kept, found.kept)
    assert any(
        not np.array_equal(WORK[Mask](run, Mask(layer="dense.1", number=number)).kept, found.kept)
        for number in range(2, 6)
    )


@pytest.mark.parametrize("where", ["dense", "hidden"])
def test_votes_compare_masks_with_evaluation(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks_dropout, "NUM_MASKS", 12)
    regularizers = [{"key": "dropout", "p": 0.5, "where": where}]
    trained = Run(images(regularizers=regularizers, epochs=8), tmp_path).train()
    found = worked_off(votes(trained))
    assert trained.final is not None
    assert (found.num, found.evaluation) == (trained.final.validation.num, trained.final.validation.error)
    assert found.lowest < found.one_mask < found.highest
    assert found.vote <= found.highest
    assert worked_off(votes(trained)) == found
    assert not trained.parts.model.training


def test_without_dropout_there_is_nothing_to_vote(tmp_path: Path):
    with pytest.raises(BadInput, match="no dropout"):
        worked_off(votes(Run(images(), tmp_path)))


# -- runs -------------------------------------------------------------------------------------------------------------


def test_attention_of_a_stored_run_sums_to_one(bench: Workbench):
    encoder = {"key": "attention", "patch": 4, "width": 8, "heads": 2, "depth": 2}
    record = finished(bench, images(architecture=encoder, epochs=1))
    found = bench.blocks(Attention(record.id))
    assert found.maps.shape == (2, 2, 5, 5)
    assert (found.grid, found.has_class_token) == ((2, 2), True)
    np.testing.assert_allclose(found.maps.sum(-1), 1, rtol=1e-5)
    assert bench.blocks(Samples(record.id)).has_attention
    assert bench.blocks(Attention(record.id)) is found, "computed once"


def test_a_run_without_images_is_refused_in_words(bench: Workbench):
    record = finished(bench, points(epochs=1))
    with pytest.raises(BadInput, match="no images to look at"):
        bench.blocks(Samples(record.id))


def test_the_shipped_run_is_what_it_states(bench: Workbench):
    """Nothing is trained: file, experiment and error agree."""
    stated = shipped()
    assert FILE.stat().st_size <= 600_000
    assert stated.experiment.epochs * 32 == stated.step
    run = stated.run(bench.folder.path, resident(stated.experiment, bench.folder.path, DEVICE))
    assert weights_sha256(run.parts.model) == stated.sha256
    rows = run.parts.data.splits.validation
    with torch.no_grad():
        model = run.parts.model.eval()
        said = torch.cat([model(run.parts.feed.rows(part).inputs).argmax(1) for part in rows.split(200)])
    assert (int((said != run.parts.data.targets[rows]).sum()), len(rows)) == (stated.wrong, stated.num)
    shown = bench.blocks(Samples())
    assert shown.labels.tolist() == list(range(10))
    assert set(shown.normalized) == {"conv.2", "conv.3"}
    assert shown.dropped == ("dense.1",)
    assert not shown.has_attention
