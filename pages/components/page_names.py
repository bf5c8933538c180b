"""What the pages are called."""

from __future__ import annotations

from pages.components.language import t


def page_names() -> dict[str, str]:
    """The pages by the names in their addresses."""
    return {
        "course": t("Course"),
        "train": t("Train"),
        "compare": t("Compare"),
        "landscapes": t("Landscapes"),
        "gradients": t("Gradients"),
        "building_blocks": t("Building blocks"),
        "data": t("Data"),
        "generalization": t("Generalization"),
        "classroom": t("Class"),
        "runs": t("Runs"),
        "formulas": t("Formulas"),
    }
