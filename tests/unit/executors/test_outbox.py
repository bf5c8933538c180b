"""What is told in one process is done in another, in the same order."""

from __future__ import annotations

import pickle

from core.executors.outbox import Outbox


def test_calls_are_made_of_their_targets_in_order_wherever_they_are_taken_to():
    outbox, made = Outbox(), []
    store, hub = outbox.to("store"), outbox.to("hub")
    store.append(1)
    hub.append(2)
    store.extend([3])
    for told in pickle.loads(pickle.dumps(outbox.take())):  # noqa: S301 - of our own making
        told.to(made)
    assert made == [1, 2, 3]
    assert outbox.take() == []
