"""What several processes cannot share is said before anything begins."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.training.parallel import check_parallel
from tests.experiments import points


@pytest.mark.parametrize("processes", [0, 1, 17])
def test_each_process_needs_a_part_of_every_batch(processes: int):
    with pytest.raises(BadInput, match="Use 2 to 16"):
        check_parallel(points(), processes)


def test_layers_that_learn_one_after_the_other_are_not_shared():
    with pytest.raises(BadInput, match="pre-trained"):
        check_parallel(points(regularizers=["pretraining"]), 2)


def test_anything_else_is():
    check_parallel(points(regularizers=["l2"]), 2)
