"""Every word of the live chart, in the reader's language. What stands in braces is filled in by the browser."""

from __future__ import annotations

from collections.abc import Callable


def live_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the live chart, by the name that its script uses."""
    parts = (_frame, _controls, _replay, _states, _numbers, _chart, _learned, _gradients, _more)
    return {name: words for part in parts for name, words in part(t).items()}


def _frame(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "not_loaded": t("The live chart could not be loaded. Reload the page."),
        "lost": t("The connection is lost; the run goes on. Trying again …"),
        "expired": t("The server was restarted. Reload the page to go on."),
        "not_connected": t("Not connected to the server. Try again in a moment."),
        "unknown_run": t("This run is not known here; it may have been deleted."),
        "change": t("change …"),
        "tabs": t("Pictures"),
        "words": t("In words"),
        "not_measured_yet": t(
            "Training has begun; until the next measurement the errors are those of the first weights."
        ),
        "rule": t("the rule and its numbers"),
        "narrator": t("Narrator: {words}"),
        "nothing_told": t("nothing stands out."),
        "try_beside": t("Try beside this run:"),
        "reset_zoom": t("Show everything again"),
        "download": t("Save as a picture"),
    }


def _controls(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "controls": t("Run controls"),
        "start": t("Start"),
        "pause": t("Pause"),
        "resume": t("Go on"),
        "one_update": t("one update"),
        "again": t("Again, same seed"),
        "again_short": t("again"),
        "extend": t("+{epochs} epochs"),
        "stop": t("Stop"),
        "pace": t("pace"),
        "pace_10s": t("10 s"),
        "pace_1min": t("1 min"),
        "pace_1/s": t("1/s"),
        "pace_max": t("max"),
        "progress": t("Progress of the run"),
        "epoch_of": t("epoch {epoch} of {epochs}"),
        "update_of": t("update {step} of {steps}"),
        "time_left": t("{time} left"),
        "pending": t("sent, waiting for the next update …"),
        "applied": t("applied after update {step}"),
        "key_space": t("space"),
        "hint_start": t("start/pause"),
        "hint_leave": t("leave"),
    }


def _replay(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "replay": t("replay"),
        "replay_it": t("Replay"),
        "leave_replay": t("leave the replay"),
        "learned_at": t("What it had learned after update {step}"),
        "play": t("Play"),
        "to_start": t("Back to the start"),
        "moment": t("Update shown in all pictures"),
        "step_of": t("{step} of {steps}"),
    }


def _states(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "state_untrained": t("not started"),
        "state_queued": t("waiting for its turn"),
        "state_running": t("training"),
        "state_paused": t("paused"),
        "state_finished": t("finished"),
        "state_stopped": t("stopped"),
        "state_diverged": t("diverged"),
        "state_failed": t("failed"),
        "state_interrupted": t("interrupted"),
    }


def _numbers(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "training_error": t("Training error"),
        "validation_error": t("Validation error"),
        "gap_error": t("Gap"),
        "of_wrong": t("{wrong} of {num} wrong"),
        "of_samples": t("on {num} samples"),
        "points": t("points"),
        "gap_area": t("the shaded area"),
        "gap_negative": t("validation is better"),
        "untrained_measured": t("the untrained network, measured"),
    }


def _chart(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "main_chart": t("Training and validation error"),
        "title_error": t("Error rate: share of wrong answers, %"),
        "title_relative_error": t("Relative error: 1 is guessing the mean"),
        "title_loss": t("Loss on the data"),
        "training": t("training"),
        "validation": t("validation"),
        "ghost_training": t("training before: {name}"),
        "ghost_validation": t("validation before: {name}"),
        "kin_training": t("training: {name}"),
        "kin_validation": t("validation: {name}"),
        "kin_parent": t("the run it has left"),
        "expected": t("expected"),
        "expected_others": t("expected by the class"),
        "expect_this": t("That is what I expect"),
        "expect_handle": t("expected error at epoch {epoch}"),
        "edge_marks": t("values that no line can show"),
        "lowest_at": t("lowest, epoch {epoch}"),
        "guess_above": t("({text}, above)"),
        "guess_loss": t("guessing: {value}"),
        "axis_epoch": t("epoch"),
        "axis_update": t("update"),
        "axis_seconds": t("seconds in updates"),
        "axis_error_percent": t("error rate, %"),
        "axis_relative_error": t("relative error"),
        "axis_loss": t("loss"),
        "summary_main": t("Training {training}, validation {validation}."),
        "summary_lowest": t("Validation was lowest at epoch {epoch}: {value}."),
        "view_quantity": t("What is drawn"),
        "view_quantity_error": t("error"),
        "view_quantity_loss": t("loss"),
        "view_scale": t("Vertical axis"),
        "view_scale_linear": t("linear"),
        "view_scale_log": t("log"),
        "view_x": t("Horizontal axis"),
        "view_x_epoch": t("epoch"),
        "view_x_update": t("update"),
        "view_x_seconds": t("seconds"),
        "view_smoothing": t("smoothing"),
        "view_smoothing_0": t("off"),
        "view_smoothing_06": t("light"),
        "view_smoothing_09": t("strong"),
    }


def _learned(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "learned": t("What it has learned"),
        "learned_untrained": t("What the untrained network says"),
        "picture_none": t("The first picture comes with the first evaluation."),
        "picture_over": t("What its last weights have learned is drawn here, if they are stored."),
        "summary_boundary": t("Map of the plane: which of {count} classes the network answers where."),
        "summary_fit": t("The network's answers and the points it was trained on."),
        "summary_confusion": t("How often each class was taken for each other."),
        "fit_points": t("training points"),
        "fit_truth": t("true function"),
        "fit_network": t("network"),
        "fit_true": t("true value"),
        "fit_predicted": t("predicted value"),
        "fit_exact": t("predicted = true"),
        "confusion_true": t("true class"),
        "confusion_predicted": t("network's answer"),
        "confusion_hover": t("{truth} taken for {predicted}: {count}"),
        "sample": t("{truth} → {predicted}"),
        "sample_right": t("{truth}, recognized ({sure} % sure)"),
        "sample_wrong": t("wrong: it says {predicted} ({sure} % sure), true is {truth}"),
    }


def _gradients(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "gradients": t("Gradient size, by layer"),
        "gradients_none": t("The first gradients come with the first update."),
        "gradient_norm": t("norm of the gradient"),
        "gradient_zero": t("exactly 0"),
        "gradient_underflow": t("underflow"),
        "gradient_broken": t("not finite"),
        "layer_output": t("out"),
        "summary_gradients": t(
            "Gradient norms of {count} layers: first layer 10 to the {first}, output 10 to the {last}."
        ),
    }


def _more(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "more": t("One more picture"),
        "more_loss": t("Loss and penalty"),
        "more_weight": t("Weight size"),
        "more_ratio": t("Update/weight"),
        "more_rate": t("Learning rate"),
        "more_wrong": t("Wrong answers"),
        "more_layers": t("Layers"),
        "more_off": t("(none)"),
        "more_weight_axis": t("norm of the weights"),
        "more_ratio_axis": t("size of an update ÷ size of the weights"),
        "more_layers_axis": t("norm of the gradient"),
        "more_none": t("This picture begins with the first update."),
        "wrong_none": t("No wrong answers to show yet."),
        "batch_loss": t("loss of the batch"),
        "penalty": t("penalty λR(w), on top"),
        "axis_loss_penalty": t("loss + penalty"),
        "learning_rate": t("learning rate"),
        "tab_learned": t("Answers"),
        "tab_gradients": t("Gradients"),
        "tab_loss": t("Loss"),
        "tab_more": t("More"),
    }
