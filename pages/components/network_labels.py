"""Every word in the pictures of a network's surface; what stands in braces is filled in by the browser."""

from __future__ import annotations

from collections.abc import Callable

from pages.components.frame_labels import frame_labels


def network_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the component, by the name that its script uses."""
    return (
        frame_labels(t)
        | _tabs(t)
        | _replay(t)
        | _progress(t)
        | _pictures(t)
        | _axes(t)
        | _measured(t)
        | _planes(t)
        | _lines(t)
    )


def _tabs(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "tab_scene": t("3-D"),
        "tab_map": t("map"),
        "tab_curve": t("curves"),
    }


def _replay(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "controls": t("Replay of the paths"),
        "play": t("Play"),
        "pause": t("Pause"),
        "one_update": t("one update"),
        "to_start": t("Back to the start"),
        "moment": t("Update shown in all pictures"),
        "step_of": t("{step} of {steps}"),
        "replay": t("replay"),
    }


def _progress(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "stages": t("Points a side, from the first picture to the last; the present one is bold"),
        "go_on": t("Go on"),
        "again": t("Try again"),
        "with_news": t("Again with what is new"),
        "stopped": t("Cancelled. What was computed stays."),
    }


def _pictures(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "scene": t("The surface"),
        "title_surface": t("Loss around the network at update {step}"),
        "summary_scene": t("The loss around the network in three dimensions, loss upward, with the paths of the runs."),
        "map": t("From above, with the paths"),
        "map_key": t("Lines: equal loss. ✕ the network. Hollow: more than 1 % of the way off this sheet."),
        "summary_map": t("The loss around the network from above, with the paths of the runs."),
        "point": t("update {step}: loss {loss}, sheet {sheet}"),
        "curve": t("Loss of the runs, update on a log axis"),
        "summary_curve": t("The loss of the runs against the update."),
        "point_of_curve": t("update {step}: loss {loss}"),
        "axis_update": t("update"),
        "height": t("Height"),
        "height_linear": t("loss"),
        "height_log": t("log loss"),
        "loss": t("loss"),
        "loss_log": t("loss, log scale"),
        "misses": t("show misses"),
        "misses_help": t("Stems from every point of a path to the sheet: so much does the picture miss it by"),
        "no_webgl": t(
            "This browser draws nothing in three dimensions (it has no WebGL). The map shows the same paths."
        ),
        "no_number": t("The loss is beyond every number there: nothing can be drawn. Choose an earlier update."),
    }


def _axes(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "axis_random_1": t("random direction 1"),
        "axis_random_2": t("random direction 2"),
        "axis_pca_1": t("main axis 1"),
        "axis_pca_2": t("main axis 2"),
        "axis_hessian_1": t("steepest bend down"),
        "axis_hessian_2": t("steepest bend up"),
        "axis_ends_1": t("toward the start"),
        "axis_ends_2": t("toward the lowest"),
    }


def _measured(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "trust": t("How far can I trust it?"),
        "measured": t("How it is measured"),
        "here": t("✕ you are here, at update {step}."),
        "height_equal": t("Height at ✕ = the loss of the network: {height} = {loss}"),
        "height_other": t("Height at ✕ is {height}, the loss of the network {loss}."),
        "two_of": t("This is a drawing of 2 of {count} directions."),
        "explained": t("These two directions hold {share} of where the runs went; hollow marks lie off this sheet."),
        "miss": t("Largest miss {miss} of loss: {name} at update {step}."),
        "beyond": t("Points of the paths above or below what is drawn: {count}."),
        "sampling": t("Height: mean loss over {count} training samples (sample {hash}); sampling error ± {error}."),
        "sampling_whole": t("Height: mean loss over all {count} training samples (sample {hash}): no sampling error."),
        "sampling_unknown": t("Height: mean loss over {count} training samples (sample {hash})."),
        "norm_none": t("Batch normalization: this network has none."),
        "norm_frozen": t(
            "Batch normalization: everywhere on the sheet with the statistics that this network has kept; every point "
            "of a path with its own."
        ),
        "norm_estimated": t("Batch normalization: with the statistics of the sample, anew at every point."),
        "penalty_in": t("The height is data loss plus penalty."),
    }


def _planes(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "words": t("In words"),
        "relief": t("In this drawing the loss goes from {low} to {high}; the network stands at {here}."),
        "slope": t("The slope at ✕, within this drawing, is {slope}."),
        "words_random": t(
            "Two random directions, each filter as long as the network's own (Li et al., 2018): they show how steep it "
            "is around the network as a rule, and seldom where the runs went."
        ),
        "words_pca": t("The two main axes of where the runs went."),
        "words_hessian": t("The directions of the steepest bends."),
        "words_ends": t("The sheet through the start of the run, through its end and through its lowest point."),
        "bends": t("The steepest bend down is {down}, the steepest bend up {up}."),
        "bends_both": t("It bends down one way and up the other: with hardly any slope that is a saddle."),
        "bends_up": t("Even the lowest bend leads upward: no direction found bends down."),
        "bends_down": t("Even the highest bend leads downward."),
    }


def _lines(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "title_between": t("Loss on the straight way between two runs"),
        "title_update": t("Loss along update {step}"),
        "summary_between": t("The loss on the straight way from one network to the other."),
        "summary_update": t("The loss along one update, before, behind and beyond it."),
        "axis_between": t("share of the way from one run to the other"),
        "axis_update_length": t("updates of this length"),
        "point_of_line": t("at {t}: loss {loss}"),
        "before": t("before"),
        "landed": t("landed here"),
        "bottom": t("the bottom was here"),
        "barrier": t("Between {first} and {second} there is a barrier of {barrier} of loss."),
        "no_barrier": t("Between {first} and {second} there is no barrier: {barrier} of loss."),
        "beyond_barrier": t("Between {first} and {second} the loss is beyond every number: no barrier can be named."),
        "barrier_rule": t(
            "Barrier: how far the loss rises above the straight line between its ends (Frankle et al., 2020)."
        ),
        "update_landed": t("Update {step} went from loss {before} to {loss}."),
        "too_short": t("The bottom of this line was at {t} of its length, at loss {bottom}: it stopped short of it."),
        "too_far": t("The bottom of this line was at {t} of its length, at loss {bottom}: it went beyond it."),
        "just_right": t("The bottom of this line was at {t} of its length, at loss {bottom}: it came to rest there."),
        "no_bottom": t("No bottom on this line as far as it is drawn; the lowest loss on it is {bottom}."),
        "update_rule": t(
            "The update follows the gradient of one batch, the curve is the loss on the sample: to stop short of its "
            "bottom, or beyond it, is not yet a mistake."
        ),
    }
