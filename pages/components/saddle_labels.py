"""Every word in the pictures of a network's curvature; what stands in braces is filled in by the browser."""

from __future__ import annotations

from collections.abc import Callable

from pages.components.frame_labels import frame_labels


def saddle_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the component, by the name that its script uses."""
    return frame_labels(t) | _tabs(t) | _progress(t) | _place(t) | _verdicts(t) | _spectrum(t) | _gauge(t) | _trail(t)


def _tabs(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "tab_spectrum": t("bends"),
        "tab_gauge": t("while it trains"),
        "tab_trail": t("its snapshots"),
    }


def _progress(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "again": t("Measure again"),
        "stopped": t("Cancelled."),
    }


def _place(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "verdict": t("In words"),
        "title": t("After update {step}"),
        "not_asked": t("The run goes on: choose an update on the left, or measure where it is now."),
        "why": t(
            "The loss falls with slope {slope}, and bends from {down} to {up}. A full step along the steepest bend "
            "would win {won} of the loss."
        ),
        "name_slope": t("gradient"),
        "name_lowest": t("lowest bend"),
        "name_highest": t("highest bend"),
        "name_share": t("bends down"),
        "name_noise": t("gradient of one batch"),
        "help_slope": t("The norm of the gradient; 0 at a saddle, a minimum and a maximum."),
        "help_lowest": t("The most negative eigenvalue of the Hessian; there is one within the bound."),
        "help_highest": t("The most positive eigenvalue of the Hessian, also called sharpness."),
        "help_share": t(
            "The share of negative eigenvalues. Those too near 0 to tell their sign do not count, so it is a lower "
            "bound unless every eigenvalue is known."
        ),
        "help_noise": t(
            "Two halves of a batch differ by chance alone; what they share is the gradient. Noise of 100 % is as long "
            "as the gradient itself."
        ),
        "bound": t("{bend} ± {residual}"),
        "share_exact": t("{share} of {count} directions"),
        "share_least": t("at least {share} of {count} directions"),
        "noise": t("{share} noise"),
        "noise_now": t("The gradient of one batch is {share} noise."),
        "noise_all": t("nearly all"),
        "cut": t("Cut the surface there"),
        "cut_help": t("Shows the surface along the lowest and the highest bend at this update"),
    }


def _verdicts(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "verdict_moving": t("No: the gradient is large, the network is on its way."),
        "verdict_saddle": t("A saddle: no gradient, and the loss bends down and up."),
        "verdict_nearly_saddle": t("Nearly a saddle: the gradient is small but not 0, and the loss bends down and up."),
        "verdict_crest": t(
            "Near a maximum in the directions that bend at all: the gradient is small, nothing bends up."
        ),
        "verdict_minimum": t("No: a minimum as far as second derivatives tell. No direction bends down."),
        "verdict_nearly_minimum": t("Hardly: nearly a minimum. Some directions bend down, but only slightly."),
        "verdict_flat": t("Flat: there is no slope, and no direction bends."),
        "rule": t("What counts as a saddle?"),
        "rule_1": t(
            "The gradient is small where a full step along the steepest bend, |g|²/(2λ), would win less than 1 % of "
            "the loss."
        ),
        "rule_2": t(
            "A bend counts where it is larger than its bound, and larger than 1 % of the steepest one on the other "
            "side."
        ),
        "rule_3": t(
            "Both down and up: a saddle. Second derivatives alone cannot tell a minimum from a saddle that is flatter "
            "still."
        ),
    }


def _spectrum(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "spectrum": t("How the directions bend"),
        "spectrum_key": t(
            "Eigenvalues of the Hessian, log to both sides. Flat: below a thousandth of the steepest bend."
        ),
        "down": t("down"),
        "flat": t("flat"),
        "up": t("up"),
        "bar": t("{kind}: about {count} directions bend by {low} to {high}"),
        "axis_bend": t("bend (eigenvalue)"),
        "axis_count": t("directions, log scale"),
        "summary_spectrum": t(
            "How many directions bend how much: down on the left, flat in the middle, up on the right."
        ),
    }


def _gauge(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "gauge": t("Stability gauge: bends while it trains"),
        "top_bend": t("highest bend"),
        "lowest_bend": t("lowest bend"),
        "limit": t("limit of the rate"),
        "limit_above": t("limit of the rate ↑"),
        "axis_update": t("update"),
        "axis_up": t("up"),
        "axis_down": t("down"),
        "summary_gauge": t(
            "The highest bend against the update, with what the learning rate bears, and the lowest below."
        ),
        "gauge_none": t("This run was not watched while it trained. The choice on the left is for the next one."),
        "gauge_off": t("Choose on the left after how many updates it is measured."),
        "gauge_sample": t("Measured on {count} training samples."),
        "gauge_soon": t("The first measurement comes soon."),
        "gauge_below": t(
            "Update {step}: the highest bend, {top}, lies below {limit}. Full gradients with this rate would descend."
        ),
        "gauge_edge": t(
            "Update {step}: the highest bend, {top}, stands at the edge of stability, {limit}. Full gradients would "
            "begin to swing there, and training often stays there (Cohen et al., 2021)."
        ),
        "gauge_above": t(
            "Update {step}: the highest bend, {top}, lies above {limit}. Along it full gradients would swing ever "
            "wider."
        ),
        "gauge_rule": t(
            "{limit} is the limit of the rate: 2/lr for SGD, 2(1 + β)/lr with momentum, 2(1 + β)/(lr(1 + 2β)) with "
            "Nesterov momentum."
        ),
        "gauge_adaptive": t(
            "Update {step}: the highest bend is {top}. This optimizer has a rate for each weight: what counts is the "
            "bend after that scaling, so no line is drawn."
        ),
    }


def _trail(t: Callable[[str], str]) -> dict[str, str]:
    return {
        "trail": t("Saddle index along the run"),
        "trail_start": t("Measure its snapshots"),
        "trail_key": t("Points high up on the left are saddles; a minimum lies at the bottom (Dauphin et al., 2014)."),
        "trail_done": t("{done} of {count} snapshots measured."),
        "point": t("update {step}: {share} of the bends lead down, gradient {slope}"),
        "axis_slope": t("gradient norm, log scale"),
        "axis_share": t("bends down"),
        "summary_trail": t("The share of bends that lead down against the gradient norm, a point for each snapshot."),
    }
