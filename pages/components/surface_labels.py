"""Every word of the practice surfaces of the Landscapes page; what stands in braces is filled in by the browser."""

from __future__ import annotations

from collections.abc import Callable


def surface_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the component, by the name that its script uses."""
    return _frame(t) | _map(t) | _player(t) | _curves(t) | _numbers(t)


def _frame(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "not_loaded": t("The live chart could not be loaded. Reload the page."),
        "reset_zoom": t("Show everything again"),
        "download": t("Save as a picture"),
        "tabs": t("Pictures"),
        "tab_map": t("map"),
        "tab_scene": t("3-D"),
        "tab_curves": t("curves"),
        "tab_anatomy": t("one update"),
    }


def _map(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "map": t("Seen from above: click to choose the start"),
        "map_keys": t("Map of the surface. The arrow keys move the start, Enter sets it."),
        "summary_map": t("The surface seen from above, with the paths."),
        "key": t("Lines: equal loss, in smaller steps where it is low. ✕ minimum ◇ saddle △ maximum ⊙ start"),
        "readout": t("x {x}, y {y}: loss {loss}"),
        "left_picture": t("Left the picture after update: {letters}."),
        "none_left": t("Left the picture: none."),
        "scene": t("The same in 3-D: drag to turn"),
        "summary_scene": t("The surface in three dimensions, loss upward, with the paths on it."),
        "height_log": t("loss (log)"),
        "no_webgl": t(
            "This browser draws nothing in three dimensions (it has no WebGL). The map shows the same paths."
        ),
    }


def _player(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "controls": t("Playing the updates"),
        "play": t("Play"),
        "pause": t("Pause"),
        "one_update": t("one update"),
        "to_start": t("Back to the start"),
        "moment": t("Update shown in all pictures"),
        "step_of": t("{step} of {steps}"),
        "key_space": t("space"),
        "hint_start": t("play/pause"),
        "hint_leave": t("leave"),
    }


def _curves(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "curves": t("Against the update"),
        "curve_loss": t("loss"),
        "curve_gradient": t("gradient norm"),
        "curve_rates": t("learning rates"),
        "curve_leaving": t("leaving the saddle"),
        "axis_update": t("update"),
        "axis_loss_log": t("loss, log scale"),
        "axis_loss_linear": t("loss"),
        "axis_gradient_log": t("gradient norm, log scale"),
        "axis_rates_log": t("learning rate of x (line) and y (dashed)"),
        "summary_loss": t("Loss against the update, a line for each optimizer."),
        "summary_gradient": t("Norm of the gradient against the update, a line for each optimizer."),
        "summary_rates": t("Learning rate of each coordinate against the update."),
        "never": t("not in these updates"),
    }


def _numbers(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "standings": t("Where each optimizer is"),
        "after": t("After {step} updates"),
        "column_optimizer": t("optimizer"),
        "column_loss": t("loss"),
        "loss": t("loss"),
        "beyond": t("beyond every number from update {step} on"),
        "anatomy": t("One update taken apart"),
        "no_rule": t("The moves of this optimizer are no learning rate times a direction."),
        "anatomy_of": t("Optimizer that is taken apart"),
        "arrows": t("arrows on the map"),
        "update": t("update {step}"),
        "no_update": t("no update yet"),
    }
