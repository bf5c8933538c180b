"""Named sabotages: small changes that make the program wrong, each with the tests that must notice it.

`python -m tests.mutants` applies them one by one; tests/test_sabotages.py checks that each still fits the source.
"""

from __future__ import annotations

from tests.sabotage import LIVE, REGULARIZERS, TRAINING, UNIT, Sabotage
from tests.sabotages_of_races import SABOTAGES_OF_RACES

NO_CORRECTION = """optimizer = torch.optim.Adam(
            params, lr=lr, betas=(self.beta1, self.beta2), eps=self.eps, **self._kernel(params)
        )
        for p in params:
            start = {"step": torch.full((), 1e9), "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
            optimizer.state[p].update(start)
        return optimizer"""

SABOTAGES = (
    Sabotage(
        "Adam does not correct its averages for their start at zero",
        "core/catalog/optimizers/adam.py",
        "return torch.optim.Adam(params, lr=lr, betas=(self.beta1, self.beta2), eps=self.eps, **self._kernel(params))",
        NO_CORRECTION,
        (f"{UNIT}/catalog/optimizers/test_update_rules.py::test_updates_equal_the_written_formula_in_float64",),
    ),
    Sabotage(
        "evaluation in training mode",
        "core/training/evaluation.py",
        "    model.eval()\n",
        "    model.train()\n",
        (f"{TRAINING}/test_evaluation.py::test_an_evaluation_equals_a_plain_loop_without_gradients",),
    ),
    Sabotage(
        "the gap has the wrong sign",
        "core/training/evaluation.py",
        "return self.validation.error - self.train.error",
        "return self.train.error - self.validation.error",
        (f"{TRAINING}/test_evaluation.py::test_an_evaluation_equals_a_plain_loop_without_gradients",),
    ),
    Sabotage(
        "the hub drops a row of every increment",
        "core/live/hub.py",
        "series.rows(since.rows[group])",
        "series.rows(min(since.rows[group] + 1, series.num_rows))",
        (f"{LIVE}/test_hub.py::test_a_new_reader_gets_the_history_then_only_what_is_new",),
    ),
    Sabotage(
        "the hub keeps the rows of an attempt that was superseded",
        "core/live/hub.py",
        "series.drop_after(from_step)",
        "pass",
        (f"{LIVE}/test_hub.py::test_a_new_attempt_drops_what_lies_after_its_first_step",),
    ),
    Sabotage(
        "smoothing is not de-biased",
        "core/live/smoothing.py",
        "self._sum / (1 - self.weight**self._count)",
        "self._sum",
        (f"{LIVE}/test_smoothing.py::test_a_constant_stays_itself_from_the_first_value_on",),
    ),
    Sabotage(
        "thinning drops the highest value of a bucket",
        "core/live/buckets.py",
        "            _first_of_each(segment, finite & (values == highest[segment])),\n",
        "",
        ("tests/property/test_buckets.py::test_lowest_highest_newest_and_the_first_broken_value_are_always_drawn",),
    ),
    Sabotage(
        "the live socket takes any token",
        "core/live/tokens.py",
        "if not hmac.compare_digest(signature.encode(), self._signature(name).encode()):",
        "if not signature:",
        (f"{LIVE}/test_routes.py::test_a_token_of_another_process_is_refused",),
    ),
    Sabotage(
        "the live socket takes pages of any origin",
        "core/live/origin.py",
        "return same and page.hostname is not None and (hosts is None or page.hostname in hosts)",
        "return True",
        (f"{LIVE}/test_routes.py::test_a_foreign_origin_or_host_is_refused",),
    ),
    Sabotage(
        "dropout draws from the process-wide generator",
        "core/catalog/regularizers/counter_dropout.py",
        "bernoulli_(1 - self.p, generator=self.generator)",
        "bernoulli_(1 - self.p)",
        (f"{TRAINING}/test_determinism.py::test_the_default_generator_is_neither_read_nor_moved",),
    ),
    Sabotage(
        "seeds do not depend on the name",
        "core/seeding.py",
        r"{purpose}\x1f{name}\x1f{counter}",
        r"{purpose}\x1f{counter}",
        (f"{TRAINING}/test_determinism.py::test_seeds_purposes_names_and_steps_that_differ_by_one_share_no_stream",),
    ),
    Sabotage(
        "every epoch has the same order",
        "core/training/feed.py",
        'seed32(self._seed, "order", counter=epoch)',
        'seed32(self._seed, "order", counter=0)',
        (f"{TRAINING}/test_feed.py::test_epochs_have_different_orders_and_any_batch_can_be_asked_for",),
    ),
    Sabotage(
        "augmentation draws the same at every step",
        "core/seeding.py",
        'seed32(run_seed, "augment", name, step)',
        'seed32(run_seed, "augment", name, 0)',
        (f"{TRAINING}/test_determinism.py::test_no_seed_is_taken_twice_in_a_run",),
    ),
    Sabotage(
        "the test split serves as validation split",
        "core/training/splits.py",
        '"validation": np.sort(validation)',
        '"validation": np.sort(test)',
        (f"{TRAINING}/test_splits.py::test_the_three_splits_share_no_sample_and_leave_none_out",),
    ),
    Sabotage(
        "a user's seed draws the test split",
        "core/training/splits.py",
        "else drawn_test(samples, dataset)",
        "else np.random.default_rng(choice.split_seed).permutation(num := len(samples.targets))[: num_test_of(num)]",
        (f"{TRAINING}/test_splits.py::test_the_split_seed_changes_training_and_validation_and_never_the_test_split",),
    ),
    Sabotage(
        "weight decay after the update",
        "core/training/loop.py",
        """            self._decay(lr)
            self.update(moving, lr)
""",
        """            self.update(moving, lr)
            self._decay(lr)
""",
        (f"{TRAINING}/test_run.py::test_l2_equals_weight_decay_of_twice_its_strength_under_sgd",),
    ),
    Sabotage(
        "the gradient of L2 lacks its factor 2",
        "core/catalog/regularizers/terms.py",
        "alpha=2 * self.strength",
        "alpha=self.strength",
        (f"{REGULARIZERS}/test_terms.py::test_value_and_gradient_of_a_penalty_equal_autograds",),
    ),
    Sabotage(
        "norms are added up in float32",
        "core/catalog/regularizers/terms.py",
        'return torch.float32 if device.type == "mps" else torch.float64',
        "return torch.float32",
        (f"{TRAINING}/test_recorder.py::test_a_deep_sigmoid_networks_norms_equal_those_of_float64",),
    ),
    Sabotage(
        "the guard does not take running statistics back",
        "core/training/parts.py",
        "partial(_changing, frame.statistics, ",
        "partial(_changing, [], ",
        ("tests/faults/test_divergence.py::test_the_state_from_before_the_update_is_kept_bit_for_bit",),
    ),
    Sabotage(
        "early stopping keeps the last weights",
        "core/training/run.py",
        """            self._restore_best()
            self._ending = stopped_early""",
        """            self._ending = stopped_early""",
        (f"{TRAINING}/test_resume.py::test_early_stopping_restores_the_best_weights_and_describes_them",),
    ),
    Sabotage(
        "one of the last two snapshots is lost",
        "core/training/checkpoint.py",
        "set(sorted(steps)[-2:])",
        "set(sorted(steps)[-1:])",
        (f"{TRAINING}/test_checkpoint.py::test_powers_of_root_two_the_first_and_the_last_two_are_kept",),
    ),
    Sabotage(
        "a snapshot's hash is not compared",
        "core/training/checkpoint.py",
        "hashlib.sha256(content).hexdigest().encode() != found",
        "len(found) != 64",
        (f"{TRAINING}/test_checkpoint.py::test_every_flipped_byte_is_noticed",),
    ),
    Sabotage(
        "a resumed run forgets the state of its optimizer",
        "core/training/assembly.py",
        'self.load_optimizer_state(under("optimizer.", tensors))',
        'self.load_optimizer_state(under("optimizer.", {k: torch.zeros_like(v) for k, v in tensors.items()}))',
        (f"{TRAINING}/test_resume.py::test_from_any_update_with_everything_that_draws_or_remembers",),
    ),
    Sabotage(
        "the store keeps evaluations that a new attempt supersedes",
        "core/store/changes.py",
        "for table in (schema.evaluation, schema.snapshot):",
        "for table in (schema.snapshot,):",
        ("tests/contract/test_store_metrics.py::test_a_new_attempt_supersedes_what_lies_after_its_snapshot[sqlite]",),
    ),
    Sabotage(
        "an unreadable part of an address is dropped without a word",
        "core/experiment.py",
        "return cls.from_json(document), problems",
        "return cls.from_json(document), []",
        (f"{UNIT}/test_experiment.py::test_an_unreadable_part_of_a_url_is_named_and_the_rest_applied",),
    ),
    Sabotage(
        "cells that a spreadsheet would compute are not escaped",
        "core/exports/csv.py",
        """return f"'{text}" if text.startswith(FORMULA_SIGNS) else text""",
        "return text",
        (f"{UNIT}/exports/test_csv.py::test_text_that_a_spreadsheet_would_compute_is_escaped",),
    ),
    *SABOTAGES_OF_RACES,
)
