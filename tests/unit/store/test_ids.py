"""Run ids sort by time and nothing else passes for one."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.store.ids import ALPHABET, checked_id, is_id, new_id


def test_ids_increase_strictly_also_within_a_millisecond():
    ids = [new_id() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert all(checked_id(one) == one for one in ids[:50])


def test_threads_share_no_id():
    made: list[list[str]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=lambda own=own: own.extend(new_id() for _ in range(500))) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for own in made for one in own}) == 2000


@given(
    st.text()
    | st.binary()
    | st.integers()
    | st.none()
    | st.text(ALPHABET.upper() + "ilou/.\n", min_size=1, max_size=18)
)
def test_nothing_else_is_an_id_and_the_error_can_be_printed(value: object):
    assert not is_id(value)
    with pytest.raises(BadInput) as error:
        checked_id(value)
    str(error.value).encode("utf-8")
