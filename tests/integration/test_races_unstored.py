"""A comparison whose last rows the database has not taken yet: no verdict is made of the others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.store.store import Store
from core.studies import contest
from core.studies.outcomes import facts_of, verdict_of
from core.studies.sinks import StoreSink
from core.studies.workbench import Workbench
from core.text import Text
from tests.experiments import POINTS
from tests.integration.test_races import of
from tests.polling import until


@pytest.mark.parametrize("is_taken_in_time", [True, False])
def test_no_verdict_is_made_of_rows_that_the_database_has_not_taken(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, is_taken_in_time: bool
):
    told, flush = StoreSink.state, Store.flush
    with (
        Workbench.open(data_folder) as bench,
        closing(sqlite3.connect(bench.store.folder.database, isolation_level=None, check_same_thread=False)) as other,
    ):

        def locked(sink: StoreSink, state: str, *arguments: Any) -> Any:
            if state == "finished" and not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")
            return told(sink, state, *arguments)  # type: ignore[arg-type]

        def flushed(store: Store, timeout_s: float = 0.5) -> bool:
            taken = flush(store, timeout_s)
            if is_taken_in_time and not taken:
                other.execute("ROLLBACK")
                monkeypatch.setattr(StoreSink, "state", told)
            return taken

        monkeypatch.setattr(StoreSink, "state", locked)
        monkeypatch.setattr(Store, "flush", flushed)
        monkeypatch.setattr(contest, "FLUSHES", 2)
        study = bench.start_comparison(of(POINTS), pace="max")
        until(lambda: not bench.is_comparing(study))
        if other.in_transaction:
            other.execute("ROLLBACK")
        until(lambda: {run.state for run in bench.runs_of(study)} == {"finished"})
        record, runs = bench.study(study), bench.runs_of(study)
        assert ("verdict" in record.facts) == is_taken_in_time
        found = verdict_of(bench.store, of(POINTS), runs)
        said = facts_of(bench.store, record, runs)["verdict"]
        assert [str(Text.from_json(one) if isinstance(one, dict) else one) for one in said] == [
            *map(str, found.sentences)
        ]
