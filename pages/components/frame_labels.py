"""The words that every picture of a landscape needs which is told over the live connection."""

from __future__ import annotations

from collections.abc import Callable


def frame_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the frame and of what is being computed, by the names that the scripts use."""
    return {
        "not_loaded": t("The live chart could not be loaded. Reload the page."),
        "not_connected": t("Not connected to the server. Try again in a moment."),
        "lost": t("The connection is lost. Trying again …"),
        "expired": t("The server was restarted. Reload the page to go on."),
        "reset_zoom": t("Show everything again"),
        "download": t("Save as a picture"),
        "hint_leave": t("leave"),
        "tabs": t("Pictures"),
        "progress": t("Progress"),
        "waiting": t("Waiting for its turn"),
        "cancel": t("Cancel"),
        "forgotten": t("The server has forgotten this picture."),
    }
