"""The table and the verdict of a comparison: what runs end with, branches, drops, the target, order, columns."""

from __future__ import annotations

import csv
import io

import pytest

from core.errors import BadInput
from core.exports.csv import csv_bytes
from core.language import translator
from core.live.hub import Hub
from core.studies.comparison import Comparison
from core.studies.comparison_report import comparison_report
from core.studies.outcomes import branches_of, verdict_of
from core.studies.race_columns import csv_columns, json_rows, report_columns
from core.studies.race_meta import branch_meta, texts
from core.studies.race_table import RaceTable, race_table, study_table
from core.studies.race_verdict import Trace, verdict
from core.studies.replayed import show_stored
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from tests.experiments import POINTS

PATIENT = POINTS | {
    "epochs": 40,
    "optimizer": {"key": "adam", "lr": 0.3},
    "regularizers": [{"key": "early_stopping", "patience": 3}],
}


def finished(bench: Workbench, comparison: Comparison) -> str:
    study = bench.start_comparison(comparison, pace="max")
    bench.wait_comparison(study, 100)
    return study


def table_of(bench: Workbench, study: str) -> RaceTable:
    bench.store.flush()
    return study_table(bench.store, bench.study(study), bench.runs_of(study))


def test_where_early_stopping_has_put_the_best_weights_back_their_error_counts(bench: Workbench):
    study = finished(bench, Comparison.of(PATIENT, ["seed=1,2"], rates="hand"))
    table = {row.variant: row for row in table_of(bench, study).rows}
    restored = 0
    for place, run in enumerate(bench.runs_of(study)):
        last = bench.store.read_evaluations(run.id)[-1].values["validation/error"]
        row = table[place]
        assert row.last_error is not None
        assert row.train_error is not None
        assert row.last_error.middle == run.answer["validation_error"]
        assert row.train_error.middle == run.answer["train_error"]
        restored += last != row.last_error.middle
        show_stored(bench.store, run, again := Hub())
        for hub in (bench.hub, again):
            assert hub.meta(run.id)["ends_with"]["validation"] == run.answer["validation_error"]
    assert restored, "one of the runs ends with other weights than its last ones"
    runs = bench.runs_of(study)
    comparison = Comparison.from_json(dict(bench.study(study).document))
    ends = [Trace(place, 0, "finished", [0], [run.answer["validation_error"]]) for place, run in enumerate(runs)]
    names = [variant.text for variant in comparison.variants]
    assert verdict_of(bench.store, comparison, runs).end == verdict(names, ends).end


def test_the_untrained_network_is_not_the_best_also_where_training_makes_it_worse(bench: Workbench):
    worse = {**POINTS, "optimizer": {"key": "sgd", "lr": 4}, "epochs": 1, "evaluate_every": 4}
    study = finished(bench, Comparison.of(worse, ["batch_size=16,8"], rates="hand"))
    run = bench.runs_of(study)[0].id
    untrained, *trained = [row.values["validation/error"] for row in bench.store.read_evaluations(run)]
    assert untrained < min(trained)
    row = next(row for row in table_of(bench, study).rows if row.variant == 0)
    assert row.best_error is not None
    assert row.best_error.middle == min(trained)


def test_a_branch_is_a_row_of_its_own_with_its_changes_and_one_seed(bench: Workbench):
    study = finished(bench, Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand", seeds=2))
    parent = bench.runs_of(study)[1]
    made = bench.fork(parent.id, 3, {"optimizer": "momentum", "optimizer.lr": 0.02}, pace="max", name="faster")
    bench.wait(made, 100)
    table, comparison = table_of(bench, study), Comparison.from_json(dict(bench.study(study).document))
    branches = branches_of(bench.store, bench.runs_of(study), actor="local")
    assert [len(row.runs) for row in table.rows if row.fork_step is None] == [2, 2]
    place = next(place for place, row in enumerate(table.rows) if row.fork_step is not None)
    branch, above = table.rows[place], table.rows[place - 1]
    assert (str(branch.name), branch.runs, branch.fork_step) == ("faster", (made,), 3)
    assert above.variant == branch.variant == 1, "it stands below the variant it left"
    settings = dict(zip(table.settings, branch.settings, strict=True))
    assert (settings["optimizer"], settings["optimizer.lr"]) == ("momentum", "0.02")
    columns = report_columns(table)
    assert columns["seeds"][place] == 1
    assert columns["remarks"][place] == "branched after update 3"
    easy = race_table(bench.store, comparison, bench.runs_of(study), 0.99, branches=branches)
    assert report_columns(easy)["updates to the target"][place] == "\u2264 3"
    told = branch_meta(bench.store, bench.store.get_run(made, actor="local"))
    assert (str(told["settings"]["optimizer"]), str(told["settings"]["optimizer.lr"])) == ("momentum", "0.02")
    report = comparison_report(bench.store, bench.study(study), bench.runs_of(study), "en").decode()
    for words in ("faster, 1 seed", "Branches have one seed each and take no part in it.", "branched after update 3"):
        assert words in report
    second = bench.fork(made, 5, {}, pace="max")
    bench.wait(second, 100)
    assert [run.id for run in branches_of(bench.store, bench.runs_of(study), actor="local")] == [made, second]


def test_the_best_stands_first_and_what_diverged_last(bench: Workbench):
    base = POINTS | {"epochs": 30, "optimizer": {"key": "sgd", "lr": 0.1}}
    study = finished(bench, Comparison.of(base, ["optimizer.lr=1e30,0.001,0.3"]))
    table = table_of(bench, study)
    assert table.rows[-1].variant == 0
    assert [str(remark) for remark in table.rows[-1].remarks] == ["diverged"]
    ends = [row.last_error.middle for row in table.rows if row.last_error]
    assert ends == sorted(ends)
    assert ends[-1] == float("inf")
    assert report_columns(table)["validation error (%)"][-1] == "diverged"


def test_a_dropped_variant_is_marked(bench: Workbench):
    study = bench.start_comparison(Comparison.of(POINTS | {"epochs": 100_000}, ["optimizer=sgd,adam"], rates="hand"))
    try:
        run = next(iter(bench.hub.meta(study_channel(study))["lanes"]), None)
        while run is None:
            run = next(iter(bench.hub.meta(study_channel(study))["lanes"]), None)
        bench.command(run["run"], "stop")
        bench.wait(run["run"], 100)
    finally:
        bench.command_comparison(study, "stop")
        bench.wait_comparison(study, 100)
    remarks = {
        row.variant: [str(remark).split(" after")[0] for remark in row.remarks] for row in table_of(bench, study).rows
    }
    assert remarks == {0: ["dropped"], 1: ["stopped"]}


def test_heads_for_people_have_units_and_those_for_programs_do_not_change(bench: Workbench):
    study = finished(bench, Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand"))
    table = table_of(bench, study)
    heads, *rows = csv.reader(io.StringIO(csv_bytes(csv_columns(table)).decode("utf-8-sig")))
    assert heads == [
        "run", "optimizer", "learning rate", "seeds", "validation error (%)", "lowest validation error (%)",
        "epoch of the lowest",
        "training error (%)", "gap (points)", "updates to the target", "updates", "time in updates (s)",
        "target: validation error (%)", "weights", "test set", "remarks",
    ]  # fmt: skip
    first = table.rows[0]
    assert first.last_error is not None
    assert float(rows[0][4]) == pytest.approx(100 * first.last_error.middle)
    assert not any(mark in head for head in heads for mark in "_.")
    chinese = list(csv_columns(table, translator("zh")))
    assert all(any(ord(letter) > 0x3000 for letter in head) for head in chinese)
    assert json_rows(table)[0]["last_validation_error"] == first.last_error.middle, "a fraction"
    assert json_rows(table)[0]["variant"] == str(first.name)


def test_the_chosen_target_is_that_of_verdict_and_table(bench: Workbench):
    study = finished(bench, Comparison.of(POINTS | {"epochs": 20}, ["optimizer=sgd,adam"], rates="hand"))
    bench.command_comparison(study, "target", {"target": 0.4})
    record, told = bench.study(study), bench.hub.meta(study_channel(study))
    assert record.facts["target"] == told["target"] == table_of(bench, study).target == 0.4
    assert str(told["verdict"][1]).startswith("At 40 % wrong")
    assert texts(record.facts)["verdict"] == told["verdict"]
    expected = race_table(bench.store, Comparison.from_json(dict(record.document)), bench.runs_of(study), 0.4)
    reached = [row.steps_to_target for row in table_of(bench, study).rows]
    assert reached == [row.steps_to_target for row in expected.rows]
    bench.command_comparison(study, "extend", {"epochs": 1})
    bench.command_comparison(study, "pace", {"pace": "max"})
    bench.wait_comparison(study, 100)
    assert bench.study(study).facts["target"] == 0.4, "whoever has chosen one keeps it"
    for wrong in (0, -1, "much", None, float("nan"), True):
        with pytest.raises(BadInput, match="target error"):
            bench.command_comparison(study, "target", {"target": wrong})
