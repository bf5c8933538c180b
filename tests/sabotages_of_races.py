"""Named sabotages of races, their fairness and verdicts, of forks, changes and stacks."""

from __future__ import annotations

from tests.sabotage import STUDIES, TRAINING, Sabotage

FORKS = "tests/integration/test_forks.py"
ENDED = "tests/integration/test_forks_of_ended_runs.py"

SABOTAGES_OF_RACES = (
    Sabotage(
        "other first weights are called the same",
        "core/studies/fairness.py",
        "first.first_weights[name] != other.first_weights[name]",
        "first.shapes[name] != other.shapes[name]",
        (f"{STUDIES}/test_fairness.py::test_a_pair_made_unfair_on_purpose_is_caught_by_name",),
    ),
    Sabotage(
        "the hash of what was fed forgets the updates before",
        "core/training/ledger.py",
        "_chained(self._tensors, tensors)",
        '_chained(b"", tensors)',
        (f"{STUDIES}/test_fairness.py::test_other_pixels_in_the_same_samples_are_caught_too",),
    ),
    Sabotage(
        "batches are hashed before they are augmented",
        "core/training/loop.py",
        """        if self.augment is not None:
            batch = self.augment(batch, step)
        if self.watch is not None:
            self.watch(step, batch)
""",
        """        if self.watch is not None:
            self.watch(step, batch)
        if self.augment is not None:
            batch = self.augment(batch, step)
""",
        (f"{STUDIES}/test_fairness.py::test_a_pair_made_unfair_on_purpose_is_caught_by_name",),
    ),
    Sabotage(
        "the runs of a race take their turns in another order",
        "core/training/race.py",
        "self._left.pop(0)",
        "self._left.pop()",
        (f"{TRAINING}/test_race.py::test_every_round_each_lane_does_one_update_in_the_same_order",),
    ),
    Sabotage(
        "nobody waits for a run that was held back",
        "core/training/race.py",
        "if lane.num_updates == fewest]",
        "if lane.num_updates >= fewest]",
        (f"{TRAINING}/test_race.py::test_a_lane_held_back_catches_up_before_the_others_go_on",),
    ),
    Sabotage(
        "variants have seeds of their own",
        "core/studies/comparison.py",
        "seed=experiment.seed + number)",
        "seed=experiment.seed + number + len(experiment.canonical()))",
        (f"{STUDIES}/test_comparison.py::test_seeds_are_paired_and_those_of_one_seed_stand_together",),
    ),
    Sabotage(
        "the address of a comparison lacks a variant",
        "core/studies/comparison_url.py",
        "enumerate(variants):",
        "enumerate(variants[1:]):",
        (f"{STUDIES}/test_comparison.py::test_json_and_address_give_the_same_comparison",),
    ),
    Sabotage(
        "a verdict compares ranges instead of runs of one seed",
        "core/studies/race_verdict.py",
        "differences = other.values - one.values",
        "differences = np.full_like(one.values, other.low - one.high)",
        (f"{STUDIES}/test_race_verdict.py::test_pairing_tells_apart_what_ranges_do_not",),
    ),
    Sabotage(
        "the bootstrap has one level, however many pairs share the error rate",
        "core/studies/race_verdict.py",
        "[(1 - level) / 2, (1 + level) / 2]",
        "[ERROR_RATE / 2, 1 - ERROR_RATE / 2]",
        (f"{STUDIES}/test_race_verdict.py::test_the_interval_is_that_of_scipys_paired_bootstrap",),
    ),
    Sabotage(
        "a winner need not be better with every seed",
        "core/studies/race_verdict.py",
        "if not (differences > 0).all():",
        "if not (differences > 0).any():",
        (f"{STUDIES}/test_race_verdict.py::test_equals_are_ranked_no_more_often_than_the_error_rate",),
    ),
    Sabotage(
        "a verdict ignores that early stopping has put weights back",
        "core/studies/race_verdict.py",
        "if not math.isnan(self.end):",
        "if False:",
        (
            f"{STUDIES}/test_race_verdict.py"
            "::test_the_error_of_the_weights_that_a_run_ends_with_counts_and_not_the_last_one",
        ),
    ),
    Sabotage(
        "a verdict counts runs that were dropped",
        "core/studies/race_verdict.py",
        "elif has_whole and any(",
        "elif not has_whole and any(",
        (f"{STUDIES}/test_race_verdict.py::test_what_diverged_or_was_ended_early_is_left_out_and_said",),
    ),
    Sabotage(
        "a fork goes on with an empty optimizer",
        "core/studies/forks.py",
        "run.load_state(tensors, _cut(position, origin.recipe))",
        "run.load_state({n: t for n, t in tensors.items() if n[:9] != 'optimizer'}, _cut(position, origin.recipe))",
        (f"{FORKS}::test_a_fork_without_a_change_equals_its_parent",),
    ),
    Sabotage(
        "a fork is changed one update late",
        "core/studies/forks.py",
        'Event(origin.step, "set", dict(changes))',
        'Event(origin.step + 1, "set", dict(changes))',
        (f"{FORKS}::test_a_fork_goes_on_with_what_was_changed_and_its_parent_stays_as_it_was",),
    ),
    Sabotage(
        "a fork does not begin as one: where its parent was not measured it shows nothing",
        "core/studies/forks.py",
        "    run.branch()\n",
        "",
        (f"{FORKS}::test_the_first_point_lies_on_the_parents_curve_also_where_the_parent_was_not_measured",),
    ),
    Sabotage(
        "a fork forgets the stop that had its parent measured",
        "core/studies/forks.py",
        'events.append(Event(step, "continue"))',
        "events.pop()",
        (f"{ENDED}::test_what_a_stop_had_measured_early_stopping_knows_in_a_fork_and_in_its_replay",),
    ),
    Sabotage(
        "a change in a recipe is applied one update late",
        "core/training/run.py",
        "self._recipe[self._num_applied].step <= self.step_count",
        "self._recipe[self._num_applied].step < self.step_count",
        (
            f"{TRAINING}/test_changes.py::test_a_change_before_the_first_update_gives_the_run_that_had_it_from_the_start",
        ),
    ),
    Sabotage(
        "a changed batch size goes on in the middle of a pass",
        "core/training/feed.py",
        "self._first_pass += passes + (place > 0)",
        "self._first_pass += passes",
        (f"{TRAINING}/test_changes.py::test_after_a_change_of_their_size_batches_come_from_the_next_pass",),
    ),
    Sabotage(
        "a frozen layer is decayed",
        "core/training/parts.py",
        "decays=[(entry.build(), list(entry.tensors(named))) for entry in decays],",
        "decays=[(entry.build(), list(entry.tensors(frame.named))) for entry in decays],",
        (f"{TRAINING}/test_changes.py::test_what_is_frozen_keeps_its_bits_and_its_gradients_are_measured",),
    ),
    Sabotage(
        "a change of optimizer drops what it has kept",
        "core/training/rebuild.py",
        "if keeps_memory else set()",
        "if not keeps_memory else set()",
        (f"{TRAINING}/test_changes.py::test_what_means_the_same_is_carried_over_and_it_is_said",),
    ),
    Sabotage(
        "a row of a stack takes its neighbour's learning rate",
        "core/training/stacking/block.py",
        "[run.learning_rate for run in self.runs]",
        "[run.learning_rate for run in self.runs[1:] + self.runs[:1]]",
        (f"{TRAINING}/test_stacked.py::test_every_row_has_its_own_regularizers_and_schedule",),
    ),
    Sabotage(
        "a row of a stack draws its dropout with the first one's seed",
        "core/training/stacking/block.py",
        'seed32(loop.seed, "dropout", name, count)',
        'seed32(self._loops[0].seed, "dropout", name, count)',
        (f"{TRAINING}/test_stacked.py::test_every_row_has_its_own_regularizers_and_schedule",),
    ),
    Sabotage(
        "all rows of a stack are fed the first one's batch",
        "core/training/stacking/block.py",
        "stream = (run.experiment.fold, feed.stream, step) if",
        "stream = step if",
        (f"{TRAINING}/test_stacked.py::test_rows_with_one_order_are_fed_the_very_same_batch",),
    ),
    Sabotage(
        "all folds of a stack are fed the first one's samples",
        "core/training/stacking/block.py",
        "(run.experiment.fold, feed.stream, step)",
        "(feed.stream, step)",
        (f"{TRAINING}/test_folds.py::test_stacked_folds_equal_folds_alone_to_the_bit",),
    ),
    Sabotage(
        "rows of one rule are updated together when one of them is marked",
        "core/training/stacking/rules.py",
        "len(rates) == 1 and self._guards.are_clear",
        "len(rates) == 1",
        (f"{TRAINING}/test_stacked_rules.py::test_from_the_update_on_that_marks_a_row_each_is_updated_by_itself",),
    ),
    Sabotage(
        "rows of one rule are updated at the first one's rate",
        "core/training/stacking/rules.py",
        "len(rates) == 1 and self._guards.are_clear",
        "self._guards.are_clear",
        (f"{TRAINING}/test_stacked_rules.py::test_rows_with_rates_or_numbers_of_their_own_are_updated_one_by_one",),
    ),
    Sabotage(
        "samples that are kept side by side are not counted for every run",
        "core/training/stacking/answers.py",
        "num_bytes for mark in self._marks)",
        "num_bytes for mark in self._rows)",
        (
            f"{TRAINING}/test_stacked_evaluation.py"
            "::test_samples_side_by_side_are_those_of_each_run_and_kept_where_they_are_few",
        ),
    ),
    Sabotage(
        "all folds of a stack are measured on the first one's samples",
        "core/training/stacking/answers.py",
        'one.data.hashes["validation"] for one in several',
        '"" for one in several',
        (f"{TRAINING}/test_folds.py::test_stacked_folds_equal_folds_alone_to_the_bit",),
    ),
    Sabotage(
        "a fold validates with another one's samples",
        "core/training/splits.py",
        "pool[numbers == choice.fold]",
        "pool[numbers != choice.fold]",
        (f"{TRAINING}/test_folds.py::test_folds_are_those_of_scikit_learn",),
    ),
    Sabotage(
        "a row that diverges marks its neighbour",
        "core/training/stacking/guards.py",
        "self.found.copy_(self.marked.squeeze(1))",
        "self.found.copy_(self.marked.squeeze(1).roll(1))",
        (f"{TRAINING}/test_stacked.py::test_a_row_that_diverges_keeps_its_state_and_disturbs_no_other[3-adam]",),
    ),
)
