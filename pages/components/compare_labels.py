"""Every word of the live part of the Compare page; what stands in braces is filled in by the browser."""

from __future__ import annotations

from collections.abc import Callable

from core.studies.race_verdict import BRANCHES_ASIDE, HOW_TESTED
from pages.components.live_labels import live_labels


def compare_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the live chart, and those that only a comparison has."""
    return live_labels(t) | _controls(t) | _chart(t) | _asides(t) | _table(t) | _branches(t)


def _controls(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "again": t("Again"),
        "fair": t("FAIR: {count} of {num} matched"),
        "unfair": t("NOT EQUAL: {count} of {num} matched"),
        "proof": t("proof"),
        "proof_help": t(
            "Computed while training: the bytes of the first weights, and a running hash of the very batches that "
            "each network was fed. After # stands the seed."
        ),
        "test": t("test"),
        "how_tested": HOW_TESTED.render(t),
        "branches_aside": BRANCHES_ASIDE.render(t),
        "equal": t("the same for all"),
        "unequal": t("not the same"),
    }


def _chart(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "race_chart": t("All runs on shared axes"),
        "race_none": t("The picture begins with the first evaluation."),
        "race_quantity": t("What is drawn"),
        "race_quantity_error": t("Validation error"),
        "race_quantity_training": t("Training error"),
        "race_quantity_both": t("Both with gap"),
        "race_quantity_loss": t("Loss"),
        "race_quantity_batch": t("Batch loss"),
        "race_quantity_gradient": t("Gradient size"),
        "race_quantity_ratio": t("Update/weight"),
        "race_quantity_rate": t("Learning rate"),
        "race_scale": t("Vertical axis"),
        "race_scale_linear": t("linear"),
        "race_scale_log": t("log"),
        "race_x": t("Horizontal axis"),
        "race_x_update": t("update"),
        "race_x_epoch": t("epoch"),
        "race_x_gradients": t("gradient evaluations"),
        "race_x_seconds": t("seconds"),
        "axis_gradients": t("gradient evaluations, one a training sample"),
        "axis_batch_loss": t("loss of the batch"),
        "axis_gradient": t("norm of the whole gradient"),
        "axis_ratio": t("size of an update ÷ size of the weights"),
        "not_comparable": t(
            "These seconds are no fair race: the runs shared one computer while they were measured. Train each alone "
            "to compare times."
        ),
        "cursor": t("time"),
        "cursor_step": t("update {step}"),
        "target_line": t("target {value}"),
        "target_reached": t("{name}: update {step}"),
        "summary_race": t("{title}: {values}."),
    }


def _asides(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "asides": t("The picture beside it"),
        "aside_rate": t("rate"),
        "aside_rate_title": t("Is that the rate, or the {what}?"),
        "aside_rate_several": t("Is that the rate, or something else?"),
        "aside_rate_caption": t(
            "Training loss after all updates against the learning rate; rings: the rate it races with."
        ),
        "aside_every": t("every rate"),
        "aside_every_title": t("Every learning rate at once"),
        "aside_every_caption": t("Loss of the batches over the updates, a row for each learning rate."),
        "aside_noise": t("noise"),
        "aside_noise_title": t("Noise of the gradient against the batch size"),
        "aside_noise_caption": t(
            "How far the gradient of a batch lies from that of all training samples, at the first weights. Dashed: the "
            "law, one over the square root of the batch size, and nothing for a batch of all samples."
        ),
        "aside_grid": t("grid"),
        "aside_grid_title": t("Both things at once: validation error"),
        "aside_grid_caption": t("Median over the seeds, at the newest evaluation."),
        "aside_curve": t("curve"),
        "aside_curve_title": t("As a curve"),
        "aside_curve_caption": t("Newest errors against the number that differs; bands: range over the seeds."),
        "underfits": t("underfits"),
        "overfits": t("overfits"),
        "underfits_at": t(
            "Underfits at {first}: the validation error is above the range of the best, the training error too."
        ),
        "underfits_from_to": t(
            "Underfits from {first} to {last}: the validation error is above the range of the best, "
            "the training error too."
        ),
        "overfits_at": t(
            "Overfits at {first}: the validation error is above the range of the best, the training error is not."
        ),
        "overfits_from_to": t(
            "Overfits from {first} to {last}: the validation error is above the range of the best, "
            "the training error is not."
        ),
        "aside_gap": t("gap"),
        "aside_gap_title": t("Gap by run: validation − training"),
        "aside_gap_caption": t("Median over the seeds; lines: their range."),
        "rate_own": t(
            "Each at its own best rate: {first} ends at {loss_first} (rate {rate_first}), {last} at {loss_last} (rate "
            "{rate_last})."
        ),
        "rate_one": t("At {rate} {name} would end at about {loss}."),
        "rate_diverges": t("At {rate} {name} diverges."),
        "rate_mostly": t("So it is mostly the rate."),
        "rate_not_only": t("So it is not only the rate."),
        "noise_finding": t("At about {size} samples a batch is as much noise as gradient."),
        "rate_none": t("The curves come with the search for learning rates."),
        "every_none": t("The picture begins with the first update."),
        "axis_batch": t("batch size, samples"),
        "axis_noise": t("noise, % of the gradient's length"),
        "axis_training_loss": t("training loss at the end"),
        "axis_gap_points": t("gap, points"),
        "axis_gap": t("gap"),
        "summary_rate": t("Training loss at the end against the learning rate, a line for each variant."),
        "summary_noise": t("Noise of the gradient against the batch size."),
        "summary_every": t("Loss over learning rate and update."),
        "summary_curve": t("Errors against {title}."),
        "summary_grid": t("Validation error for every combination."),
        "summary_gap": t("The gap of every run as bars."),
    }


def _table(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "table": t("What differs, then what came out"),
        "column_name": t("run"),
        "column_last": t("validation error"),
        "column_best": t("lowest"),
        "column_epoch": t("at epoch"),
        "column_training": t("training error"),
        "column_gap": t("gap, points"),
        "column_target": t("updates to target"),
        "column_seconds": t("seconds"),
        "column_parameters": t("weights"),
        "column_multiplications": t("multiplications an update"),
        "column_ms": t("ms an update"),
        "column_actions": t("Actions"),
        "focus_help": t("Only this run in colour"),
        "reached_by": t("{count} of {num} seeds"),
        "one_seed": t("1 seed"),
        "dropped_at": t("dropped after update {step}"),
        "stopped_at": t("stopped after update {step}"),
        "hide": t("hide"),
        "show": t("show"),
        "branch": t("branch"),
        "drop": t("drop"),
        "drop_help": t("Stop this run for good: more epochs for all leave it out"),
        "row_pause": t("hold"),
        "row_resume": t("go on"),
        "row_pause_help": t("Hold this run; the others go on"),
        "row_resume_help": t("Let this run go on; it catches up with the others"),
        "row_step": t("One update of this run"),
        "row_extend": t("+{epochs} epochs"),
        "row_extend_help": t("{epochs} epochs more for this run alone"),
        "target": t("target: share of wrong answers"),
        "target_relative": t("target: relative error"),
        "gradients_by_run": t("gradients per run"),
        "multiples_some": t("{count} of {num} runs, evenly chosen; one scale for all."),
        "save_svg": t("Save as SVG"),
        "save_png": t("Save as PNG"),
    }


def _branches(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "branches": t("Branches"),
        "branch_here": t("Branch here"),
        "branch_from": t("Branch from {name}"),
        "branch_step": t("after update"),
        "branch_what": t("change"),
        "branch_nothing": t("nothing: must stay equal"),
        "branch_same": t("unchanged"),
        "branch_no_number": t("{name}: write a number, such as 0.01."),
        "branched_at": t("branched after update {step}"),
        "tree_name": t("{name}, from update {step}"),
        "close": t("Close"),
    }
