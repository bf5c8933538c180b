"""Optuna's database beside ours: a file in the data folder, or a schema of the PostgreSQL database."""

from __future__ import annotations

import optuna
import pytest
import sqlalchemy

from core.store.engines import parsed
from core.studies.search.asked import Search
from core.studies.search.outcome import Outcome
from core.studies.search.trials import OptunaStorage, Trials
from tests.contract.conftest import Place
from tests.experiments import POINTS


def test_trials_are_asked_for_told_and_found_again_by_another_process(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SADDLEPOINT_DATABASE", place.url)
    search = Search.from_json({"base": POINTS, "vary": ["optimizer.lr=log(0.001,1)x4"]})
    with place.open():
        storage = OptunaStorage(place.folder)
        trials = Trials(storage, "search", search)
        for trial in trials.ask(2):
            trials.carry(trial.number, [f"run{trial.number}"])
            trials.tell(trial.number, Outcome("complete", 0.1 * trial.number, 0.01))
        before = trials.all()
        storage.close()
        storage = OptunaStorage(place.folder)
        again = Trials(storage, "search", search)
        assert again.all() == before
        assert [trial.runs for trial in before] == [("run0",), ("run1",)]
        assert {trial.changes["optimizer.lr"] for trial in [*before, *again.ask(2)]} == {0.001, 0.01, 0.1, 1}
        storage.close()
    engine = sqlalchemy.create_engine(parsed(place.url))
    tables = sqlalchemy.inspect(engine).get_table_names()
    if not place.is_sqlite:
        assert "trials" in sqlalchemy.inspect(engine).get_table_names(schema="optuna")
        assert not place.folder.optuna.exists()
        url = parsed(place.url).update_query_dict({"options": "-csearch_path=optuna"})
        read = optuna.storages.RDBStorage(url.render_as_string(hide_password=False))
        assert optuna.load_study(study_name="search", storage=read).best_value == 0.0
        read.remove_session()
        read.engine.dispose()
    assert "trials" not in tables, "our tables and Optuna's stand apart"
    engine.dispose()
