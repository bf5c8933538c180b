"""The page Data: classes and splits, scaling, augmentation, and what trained networks withstand."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from core.catalog.registry import parse
from core.experiment import Experiment
from core.studies.blocks_shipped import shipped
from core.studies.invariance import InvarianceCurve, twin
from core.studies.workbench import Workbench
from core.training.disturbances import DISTURBANCES
from pages.components import data_invariance, still
from tests.experiments import IMAGES
from tests.polling import until
from tests.unit.uploads.files import image, table

TINY: dict[str, Any] = {**IMAGES, "architecture": "logistic", "epochs": 1}


def ready(tab, bench: Workbench, experiment: Experiment):
    """The tab after a run of the page for which the data are there."""
    until(lambda: bench.data_view(experiment) is not None)
    until(lambda: bench.sample_picture(experiment, 0) is not None)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    return tab


def arrive(tab, file: tuple[str, bytes, str]) -> None:
    """Put a file into its box, and wait until it has been read."""
    tab.file_uploader[0].set_value(file).run()
    arrived(tab)


def arrived(tab) -> None:
    """Wait until what is arriving has been read; in a browser a timer runs the page then."""
    assert not tab.exception, tab.exception[0].message
    if "file that is arriving" in tab.session_state:
        until(tab.session_state["file that is arriving"].key.done)
        tab.run()
    assert not tab.exception, tab.exception[0].message


def texts(tab) -> str:
    return " ".join(item.value for item in (*tab.markdown, *tab.caption, *tab.warning, *tab.info))


def charts(tab) -> list[str]:
    return [chart.proto.id for chart in tab.get("plotly_chart")]


def test_classes_show_numbers_before_and_after_and_what_validation_is_for(open_page, bench):
    query = {"dataset": "wine", "sampling": "balanced", "architecture": "logistic"}
    tab = open_page("data.py", **query)
    ready(tab, bench, Experiment.from_json({**query}))
    assert {metric.label: metric.value for metric in tab.metric} == {
        "training": "87", "validation": "28", "test, sealed": "36"
    }  # fmt: skip
    assert len(charts(tab)) == 2
    said = texts(tab)
    assert "Balanced: every class has 29 samples, and 27 of 114 are thrown away." in said
    assert "known to ± 5.7 points" in said


def test_what_validation_is_worth_is_no_percent_where_numbers_are_predicted(open_page, bench):
    tab = open_page("data.py", dataset="polynomial")
    ready(tab, bench, Experiment.from_json({"dataset": "polynomial"}))
    said = texts(tab)
    assert "Four times as many would halve the ± of their error" in said
    assert "points here" not in said


def test_wrong_labels_are_counted_and_shown(open_page, bench):
    tab = open_page("data.py", label_noise="0.1")
    ready(tab, bench, Experiment(label_noise=0.1))
    assert {metric.label: metric.value for metric in tab.metric}["wrong labels"] == "115"
    assert "115 training labels and 0 validation labels" in texts(tab)
    assert any(" → " in caption.value for caption in tab.caption)


def test_unscaled_inputs_are_said_and_the_race_of_scalings_leads_to_compare(open_page, bench):
    query = {"dataset": "wine", "dataset.scaling": "raw", "look": "inputs"}
    tab = open_page("data.py", **query)
    ready(tab, bench, Experiment.from_json({"dataset": {"key": "wine", "scaling": "raw"}}))
    assert "times as much as the narrowest. Gradients" in texts(tab)
    (race,) = [button for button in tab.button if button.label.startswith("Race raw")]
    race.click().run()
    assert not tab.exception, tab.exception[0].message
    from pages.components.data_inputs import scaling_race

    made = scaling_race(Experiment.from_json({"dataset": "wine"}))
    assert [lane.experiment.dataset.scaling for lane in made.experiments({})] == ["raw", "min_max", "standardized"]


def test_flips_on_digits_are_doubted_and_every_image_has_its_strip(open_page, bench):
    experiment = Experiment.from_json({"augmentations": ["flip"]})
    tab = open_page("data.py", look="augmentation", **experiment.to_url())
    ready(tab, bench, experiment)
    assert "labels may not survive" in texts(tab)
    images = tab.get("image")
    assert len(images) >= 12  # six originals, six strips
    assert "different samples" in texts(tab)
    # Every parameter stands on the left.
    assert [box for box in tab.text_input if "left–right probability" in box.label]


def test_without_augmentation_light_is_shown_and_can_be_taken(open_page, bench):
    tab = open_page("data.py", look="augmentation")
    light = [{"key": "rotate", "degrees": 8.0}, {"key": "shift", "horizontal": 0.06, "vertical": 0.06}]
    ready(tab, bench, Experiment.from_json({"augmentations": light}))
    assert "No augmentation is chosen" in texts(tab)
    assert len(tab.get("image")) >= 12
    assert "augmentations" not in tab.query_params, "it is an example: nothing is chosen by looking"
    tab.button(key="take light").click().run()
    assert "No augmentation is chosen" not in texts(tab)
    assert Experiment.from_url(dict(tab.query_params.items()))[0].augmentations == tuple(
        parse("augmentations", entry) for entry in light
    )


def test_before_there_is_a_run_the_shipped_one_is_turned(open_page, bench):
    tab = open_page("data.py", look="invariance", against="rotation")
    until(bench.invariance("", "rotation").is_over.is_set)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert re.search(r"shipped with this program.* samples wrong unchanged, \d+ % at −?\d+°", texts(tab))
    (twin,) = [button for button in tab.button if "“Rotate” in training" in button.label]
    assert not twin.disabled
    assert "of" not in tab.query_params
    linked = open_page("data.py", look="invariance", of="shipped")
    assert not linked.info, "the link names something that there is"
    assert linked.query_params["of"] == "shipped"


def test_no_error_among_few_samples_is_not_called_certain():
    rotation = DISTURBANCES["rotation"]
    network = data_invariance.Network("one", "One", shipped().experiment, 0, is_trained=True)
    errors = np.where(np.array(rotation.amounts) == rotation.none, 0.0, 0.5)
    said = data_invariance.words(network, InvarianceCurve(errors, 19, 0.0), rotation)
    assert "none of 19 samples wrong unchanged, so that in truth up to 16 % may be" in said
    assert "±" not in said
    said = data_invariance.words(network, InvarianceCurve(errors + 0.25, 20, 0.097), rotation)
    assert "25.0 % ± 9.7 of 20 samples wrong unchanged" in said


def test_a_run_like_the_shipped_one_is_called_by_what_it_has_seen(open_page, bench):
    bench.start(twin(shipped().experiment, "rotation"), pace="1/s")
    tab = open_page("data.py", look="invariance", of="shipped")
    (run, came_with) = tab.multiselect[0].options
    assert run.endswith(" · Rotate")
    assert came_with.startswith("shipped with this program")


def test_a_run_is_turned_and_its_twin_is_trained(open_page, bench):
    run = bench.start(Experiment.from_json(TINY), pace="max")
    bench.wait(run, 60)
    tab = open_page("data.py", look="invariance", against="rotation")
    until(bench.invariance(run, "rotation").is_over.is_set)
    tab.run()
    assert "It has never seen this change in training." in texts(tab)
    (twin,) = [button for button in tab.button if "“Rotate” in training" in button.label]
    twin.click().run()
    (other,) = [record for record in bench.runs() if record.id != run]
    bench.wait(other.id, 60)
    until(bench.invariance(other.id, "rotation").is_over.is_set)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert "It has seen this change in training, by Rotate." in texts(tab)
    assert tab.query_params["of"] == f"{run},{other.id}"
    ends = {name.rpartition(" · ")[2] for name in tab.multiselect[0].options}
    assert {"Rotate", "no augmentation"} < ends, "they are told apart by what they differ in"


def test_a_network_that_is_still_trained_is_no_first_curve_and_says_that_its_own_follows(open_page, bench):
    run = bench.start(Experiment.from_json({**TINY, "epochs": 1000}), pace="1/s")
    tab = open_page("data.py", look="invariance", against="rotation")
    assert tab.multiselect[0].value == ["shipped"]
    tab = open_page("data.py", look="invariance", against="rotation", of=run)
    assert tab.multiselect[0].value == [run]
    assert "is still being trained: its curve follows." in texts(tab)
    assert len(tab.get("skeleton")) == 1, "nothing asks for a choice that was made"
    until(lambda: "update" in texts(tab.run()))
    tab.button(key=f"stop training {run}").click().run()
    assert not tab.exception, tab.exception[0].message
    bench.wait(run, 60)
    assert bench.find(run).state == "stopped"


def test_a_file_is_brought_chosen_shown_and_removed_again(open_page, bench):
    tab = open_page("data.py", look="own")
    arrive(tab, ("pets.csv", table(41), "text/csv"))
    (brought,) = bench.own_data()
    assert tab.query_params["dataset"] == brought.key
    experiment = Experiment.from_json({"dataset": brought.key, "architecture": "logistic"})
    ready(tab, bench, experiment)
    assert {metric.label for metric in tab.metric} == {"training", "validation", "test, sealed"}
    tab.segmented_control[0].set_value("own").run()
    assert "pets: 41 samples of 2 classes (even, odd)" in texts(tab)
    tab.button(key=f"remove {brought.key}").click().run()
    assert not tab.exception, tab.exception[0].message
    assert bench.own_data() == ()
    assert "The data that were removed are no longer chosen." in texts(tab)


def test_a_file_that_cannot_be_used_is_said_and_everything_stays(open_page, bench):
    tab = open_page("data.py", look="own", batch_size="32")
    arrive(tab, ("odd.zip", b"PK\x03\x04 odd", "application/zip"))
    (error,) = tab.error
    assert "odd.zip" in error.value
    assert "Pack it anew." in error.value
    assert tab.query_params["batch_size"] == "32"


def test_a_file_arrives_while_another_page_is_looked_at(open_page, bench):
    tab = open_page("data.py", look="own")
    tab.file_uploader[0].set_value(("pets.csv", table(41), "text/csv")).run()
    assert tab.file_uploader[0].disabled, "one after the other"
    tab.switch_page("runs.py").run()
    until(bench.own_data)
    tab.switch_page("data.py").run()
    assert not tab.exception, tab.exception[0].message
    assert tab.query_params["dataset"] == bench.own_data()[0].key


def test_after_a_file_that_was_refused_a_folder_can_be_brought(open_page, bench):
    tab = open_page("data.py", look="own")
    arrive(tab, ("odd.zip", b"PK\x03\x04 odd", "application/zip"))
    pictures = [(f"pets/{name}/{n}.png", image(n), "image/png") for name in ("cat", "dog") for n in range(12)]
    tab.file_uploader[1].set_value(pictures).run()
    arrived(tab)
    assert [cls.about.class_names for cls in bench.own_data()] == [("cat", "dog")]
    assert not tab.error


def test_a_file_that_is_arriving_can_be_given_up(open_page, bench, monkeypatch):
    def slow(name, content, folder, tell):
        while True:
            tell(0.5)

    monkeypatch.setattr("core.studies.own_data.decode_apart", slow)
    tab = open_page("data.py", look="own")
    tab.file_uploader[0].set_value(("pets.csv", table(41), "text/csv")).run()
    next(button for button in tab.button if button.label == "Cancel").click().run()
    arrived(tab)
    assert "broken off" in tab.error[0].value
    assert bench.own_data() == ()


def test_data_that_somebody_else_removes_leave_the_page_whole(open_page, bench):
    key = bench.add_data("pets.csv", table(41))
    tab = open_page("data.py", dataset=key, architecture="logistic")
    bench.remove_data(key)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert "have been removed" in texts(tab)


def test_a_link_that_says_what_cannot_be_opens_all_the_same(open_page):
    assert len(open_page("data.py", look="nowhere").info) == 1
    assert len(open_page("data.py", look="invariance", against="gravity", of="no-run").info) == 2


@pytest.mark.parametrize("look", ["classes", "inputs", "augmentation", "generated", "invariance", "own"])
def test_the_page_is_in_chinese_too(open_page, look: str):
    tab = open_page("data.py", look=look, lang="zh")
    assert any(
        "\u4e00" <= letter <= "\u9fff" for text in (*tab.markdown, *tab.caption, *tab.info) for letter in text.value
    )


@pytest.mark.parametrize("look", ["classes", "inputs", "invariance"])
def test_a_presentation_shows_pictures_alone_in_large_letters(open_page, bench, look: str):
    bench.wait(bench.start(Experiment.from_json(TINY), pace="max"), 60)
    tab = open_page("data.py", look=look, present="1", **{key: str(value) for key, value in TINY.items()})

    def drawn() -> bool:
        tab.run()
        return bool(tab.get("plotly_chart")) and not any(button.label == "Cancel" for button in tab.button)

    until(drawn)
    assert [button.label for button in tab.button] == ["Leave"]
    assert not tab.segmented_control
    layout = json.loads(tab.get("plotly_chart")[0].proto.spec)["layout"]
    assert layout["xaxis"]["tickfont"]["size"] == still.TICKS


def test_a_twin_never_takes_the_place_of_its_run(open_page, bench):
    runs = [bench.start(Experiment.from_json({**TINY, "seed": seed}), pace="max") for seed in range(4)]
    for run in runs:
        bench.wait(run, 60)
    tab = open_page("data.py", look="invariance", against="rotation", of=",".join(runs))
    for run in runs:
        until(bench.invariance(run, "rotation").is_over.is_set)
    tab.run()
    assert "At most 4 curves at once." in texts(tab)
    (*_, last) = [button for button in tab.button if "“Rotate” in training" in button.label]
    last.click().run()
    (other,) = [record.id for record in bench.runs() if record.id not in runs]
    bench.wait(other, 60)
    assert tab.query_params["of"].split(",") == [*runs[:2], runs[3], other], "with and without stand side by side"


def test_own_sets_of_one_name_are_told_apart_and_the_chosen_one_stays(open_page, bench):
    first, second, third = (bench.add_data("good.csv", table(num)) for num in (41, 60, 80))
    tab = open_page("data.py", dataset=first)
    (pills,) = [group for group in tab.get("button_group") if "good" in group.options]
    assert [name for name in pills.options if name.startswith("good")] == ["good", "good (2)", "good (3)"]
    for key in (second, first, third):
        pills.set_value(key).run()
        assert tab.query_params["dataset"] == key
        (pills,) = [group for group in tab.get("button_group") if "good" in group.options]
        assert pills.value == key
