"""The choices of the Train page: what is chosen is what would be trained, and what cannot be used is said in place."""

from __future__ import annotations

import json
from concurrent.futures import Future

import pytest

from core.catalog.registry import entries
from core.experiment import Experiment
from core.studies.workbench import Workbench
from tests.app.train_page import box, chosen, errors, live, pick
from tests.polling import until


def test_the_first_visit_shows_the_default_experiment_and_measures_it_untrained(open_page):
    tab = open_page()
    assert chosen(tab) == Experiment()
    assert live(tab)["run"].startswith("preview-")
    assert live(tab)["ghost"] is None
    assert not tab.error


def test_the_eight_visible_decisions_are_there(open_page):
    tab = open_page()
    assert {"dataset|en|key", "architecture|en|key", "optimizer|en|key"} <= {pills.key for pills in tab.pills}
    for path in ("train_size", "architecture.width", "architecture.hidden_layers", "optimizer.lr", "seed", "epochs"):
        assert box(tab, path)


def test_a_typed_value_reaches_the_experiment_the_slider_and_the_address(open_page):
    tab = open_page()
    box(tab, "optimizer.lr").set_value("3e-3").run()
    assert chosen(tab).optimizer.lr == 0.003
    assert tab.select_slider(key="optimizer.lr|en|slider").value == 0.003
    assert tab.query_params == {"optimizer": ["adam"], "optimizer.lr": ["0.003"]} or tab.query_params == {
        "optimizer": "adam",
        "optimizer.lr": "0.003",
    }


def test_a_value_outside_the_usual_range_is_taken_and_the_slider_reaches_it(open_page):
    tab = open_page()
    box(tab, "architecture.width").set_value("1000").run()
    assert chosen(tab).architecture.width == 1000
    assert tab.select_slider(key="architecture.width|en|slider").value == 1000
    assert not tab.error


def test_a_slider_writes_the_box(open_page):
    tab = open_page()
    tab.select_slider(key="epochs|en|slider").set_value(50).run()
    assert chosen(tab).epochs == 50
    assert box(tab, "epochs").value == "50"


@pytest.mark.parametrize(
    ("path", "typed", "reason"),
    [
        ("optimizer.lr", "-0.1", "climbs the loss"),
        ("optimizer.lr", "fast", "lr"),
        ("epochs", "0", "epochs"),
        ("architecture.width", "1e99", "width"),
        ("seed", "2.5", "seed"),
        ("optimizer.lr", "nan", "lr"),
        ("optimizer.lr", "<b>*x*</b>", "lr"),
    ],
)
def test_a_wrong_value_stays_as_typed_with_its_reason_and_the_last_good_experiment(open_page, path, typed, reason):
    tab = open_page()
    box(tab, path).set_value(typed).run()
    assert not tab.exception
    assert box(tab, path).value == typed
    assert reason in errors(tab)
    assert chosen(tab) == Experiment()


def test_a_mended_value_takes_the_error_away(open_page):
    tab = open_page()
    box(tab, "epochs").set_value("none").run()
    box(tab, "epochs").set_value("3").run()
    assert not tab.error
    assert chosen(tab).epochs == 3


def test_a_wrong_value_survives_a_change_elsewhere(open_page):
    tab = open_page()
    box(tab, "epochs").set_value("0").run()
    box(tab, "seed").set_value("4").run()
    assert box(tab, "epochs").value == "0"
    assert "epochs" in errors(tab)
    box(tab, "epochs").set_value("7").run()
    assert (chosen(tab).epochs, chosen(tab).seed) == (7, 4)


def test_an_optional_number_left_empty_follows_by_itself(open_page):
    tab = open_page()
    box(tab, "train_size").set_value("100").run()
    assert chosen(tab).train_size == 100
    box(tab, "train_size").set_value("").run()
    assert chosen(tab).train_size is None


def test_another_optimizer_brings_its_own_learning_rate(open_page):
    tab = pick(open_page(), "optimizer", "sgd")
    assert chosen(tab).optimizer.key == "sgd"
    assert box(tab, "optimizer.lr").value == "0.1"


def test_rarer_entries_come_with_one_press(open_page):
    tab = open_page()
    assert not [pill for pill in tab.pills(key="dataset|en|key").options if "Wine" in pill]
    tab = pick(tab, "dataset", "…")
    assert chosen(tab) == Experiment()
    assert [pill for pill in tab.pills(key="dataset|en|key").options if "Wine" in pill]
    assert pick(tab, "dataset", "wine").session_state["experiment"].dataset.key == "wine"


def test_points_after_a_cnn_change_the_network_and_say_so(open_page):
    tab = pick(open_page(), "dataset", "mnist_5000")
    tab = pick(tab, "architecture", "cnn")
    tab = pick(tab, "dataset", "moons")
    assert chosen(tab).architecture.key == "mlp"
    assert any("CNN" in info.value and "MLP" in info.value for info in tab.info)
    assert not tab.error


def test_every_rarer_network_is_chosen_with_its_table_and_left_for_points(open_page):
    tab = pick(open_page(), "architecture", "…")
    rare = [key for key, cls in entries("architectures").items() if cls.more]
    for key in rare:
        tab = pick(tab, "architecture", key)
        assert chosen(tab).architecture.key == key
        assert not errors(tab)
    assert len(rare) == 6
    tab = pick(tab, "dataset", "moons")
    assert chosen(tab).architecture.key == "mlp"
    tab.toggle(key="architecture.residual|en").set_value(True).run()
    assert chosen(tab).architecture.residual
    assert chosen(open_page(**{"architecture": "mlp", "architecture.residual": "true"})).architecture.residual


def test_regularizers_can_be_combined_and_cleared(open_page):
    tab = open_page()
    regularizers = lambda: tab.pills(key="regularizers|en|keys")  # noqa: E731 - the widget is another after each run
    regularizers().set_value(["", "l2"]).run()
    assert [item.key for item in chosen(tab).regularizers] == ["l2"]
    box(tab, "regularizers.0.strength").set_value("0.02").run()
    regularizers().set_value(["l2", "dropout"]).run()
    assert [item.key for item in chosen(tab).regularizers] == ["l2", "dropout"]
    assert chosen(tab).regularizers[0].strength == 0.02
    regularizers().set_value(["", "l2", "dropout"]).run()
    assert chosen(tab).regularizers == ()


def test_augmentation_is_chosen_by_strength(open_page):
    tab = open_page()
    tab.pills(key="augmentation|en").set_value("light").run()
    assert [item.key for item in chosen(tab).augmentations]
    tab.pills(key="augmentation|en").set_value("none").run()
    assert chosen(tab).augmentations == ()


def test_a_list_of_widths_is_typed_with_commas(open_page):
    tab = open_page()
    tab.text_input(key="architecture.widths|en").set_value("32, 16").run()
    assert chosen(tab).architecture.all_widths == (32, 16)
    shown = {field.key for field in tab.text_input if field.key.startswith("architecture.")}
    assert not shown & {"architecture.width|en|box", "architecture.hidden_layers|en|box"}, "they have no effect"
    tab.text_input(key="architecture.widths|en").set_value("").run()
    assert chosen(tab).architecture.all_widths == (64, 64)


def test_the_layer_table_counts_every_weight(open_page):
    tab = open_page()
    table = tab.table[0].value
    assert list(table["layer"]) == ["input", "hidden.1", "hidden.2", "output"]
    assert list(table["weights"]) == ["–", "4 160".replace(" ", "\u202f"), "4 160".replace(" ", "\u202f"), "650"]


def test_a_link_makes_the_experiment(open_page):
    tab = open_page(**{"dataset": "moons", "dataset.noise": "0.35", "optimizer.lr": "0.01", "epochs": "200"})
    assert chosen(tab).to_url() == {
        "dataset": "moons",
        "dataset.noise": "0.35",
        "optimizer": "adam",
        "optimizer.lr": "0.01",
        "epochs": "200",
    }
    assert not tab.info


def test_whatever_is_chosen_has_its_explanation_one_click_away(open_page):
    lists = {"augmentations": "rotate,cutout", "regularizers": "l2,dropout"}
    tab = open_page(**lists, schedule="cosine", loss="label_smoothing", initializer="orthogonal")
    made = chosen(tab)
    parts = made.dataset, made.architecture, made.architecture.activation, made.optimizer
    parts += *made.augmentations, *made.regularizers, made.schedule, made.loss, made.initializer
    assert {part.title for part in parts} <= {popover.proto.popover.label for popover in tab.get("popover")}


def test_an_unreadable_part_of_a_link_is_named_and_the_rest_applied(open_page):
    tab = open_page(dataset="moons", epochs="many", optimizer="adamm")
    assert chosen(tab).dataset.key == "moons"
    assert chosen(tab).epochs == Experiment().epochs
    said = " ".join(info.value for info in tab.info)
    assert "epochs=many" in said
    assert "adamm" in said


@pytest.mark.parametrize("more", [{}, {"architecture.residual": "true"}])
def test_a_link_that_names_a_network_begins_with_sizes_that_the_data_have(open_page, more: dict[str, str]):
    tab = open_page(architecture="cnn", **more)
    assert not errors(tab)
    assert chosen(tab).architecture.residual == bool(more)
    assert {block.padding for block in chosen(tab).architecture.blocks} == {"same"}
    assert errors(open_page(**{"architecture": "cnn", "architecture.blocks": '[{"kernel": 9}]'})), "as it was asked for"


def test_a_link_whose_parts_do_not_fit_is_explained(open_page):
    tab = open_page(dataset="moons", architecture="cnn")
    assert errors(tab)
    assert chosen(tab) == Experiment()


def test_a_starting_point_is_one_press_away(open_page):
    from core.catalog.presets import presets

    tab = open_page()
    first = [preset for preset in presets().values() if preset.first]
    assert len(first) >= 5
    for preset in first:
        tab.button(key=f"preset {preset.key}").click().run()
        assert not tab.exception
        assert chosen(tab) == Experiment.from_json({"preset": preset.key})


def test_a_run_starts_with_the_pace_that_was_chosen_before(open_page, bench: Workbench):
    tab = open_page()
    tab.session_state["live"] = {"start": {"one_update": False, "pace": "1/s"}}
    tab.run()
    run = live(tab)["run"]
    until(lambda: bench.hub.meta(run).get("pace"), what="the first report of the run")
    assert bench.hub.meta(run)["pace"] == "1/s"
    bench.command(run, "stop")
    bench.wait(run, 100)


def test_a_pace_that_does_not_exist_starts_nothing(open_page, bench: Workbench):
    tab = open_page()
    tab.session_state["live"] = {"start": {"one_update": False, "pace": "warp"}}
    tab.run()
    assert "warp" in errors(tab)
    assert not bench.runs()


def test_a_data_set_is_downloaded_only_when_asked_for(open_page, bench: Workbench, monkeypatch):
    loaded = []

    def load(experiment, channel, device=None):
        loaded.append(experiment.dataset.key)
        return Future()

    monkeypatch.setattr(bench.runner._loading, "load", load)
    monkeypatch.setattr(bench.runner._previews, "_loading", bench.runner._loading)
    tab = open_page(dataset="cifar10", augmentations="flip")
    assert not tab.get("bidi_component")
    assert "170 MB" in " ".join(part.value for part in tab.markdown)
    assert not loaded
    next(button for button in tab.button if button.label == "Download CIFAR-10").click().run()
    assert not tab.exception
    assert live(tab)["run"].startswith("preview-")
    assert set(loaded) == {"cifar10"}


def test_a_slider_that_the_browser_has_not_moved_yet_does_not_undo_what_was_typed(open_page):
    tab = open_page()
    box(tab, "optimizer.lr").set_value("0.05").run()
    slider = tab.select_slider(key="optimizer.lr|en|slider")
    assert slider.value == 0.05
    slider.set_value(0.001)  # the browser sends where it still stands, with the next thing that is pressed
    box(tab, "seed").set_value("3").run()
    assert (chosen(tab).optimizer.lr, chosen(tab).seed) == (0.05, 3)
    assert tab.select_slider(key="optimizer.lr|en|slider").value == 0.05


def test_an_emptied_box_that_needs_a_number_shows_it_again(open_page):
    tab = open_page()
    box(tab, "epochs").set_value("").run()
    assert chosen(tab).epochs == Experiment().epochs
    assert box(tab, "epochs").value == str(Experiment().epochs)
    assert not errors(tab)


def test_a_reload_shows_the_finished_run_again(open_page, bench: Workbench):
    run = bench.start(Experiment(epochs=1), pace="max")
    bench.wait(run, 100)
    tab = open_page(run=run)
    assert tab.query_params["run"] in (run, [run])
    box(tab, "epochs").set_value("2").run()
    assert "run" not in tab.query_params, "what is chosen is not what the run computed"


def test_a_link_to_a_run_that_is_not_here_makes_its_experiment(open_page):
    tab = open_page(run="01m80000000000000x", epochs="3")
    assert chosen(tab).epochs == 3
    assert live(tab)["run"].startswith("preview-")


def test_a_new_tab_finds_the_run_that_is_running(open_page, bench: Workbench):
    run = bench.start(Experiment(epochs=1000), pace="1/s")
    assert live(open_page())["run"] == run
    bench.command(run, "stop")
    bench.wait(run, 100)


# -- samples, before and after augmentation ---------------------------------------------------------------------------


def shows_drawn(tab, bench: Workbench):
    """The page once the pictures it asks for are drawn."""
    experiment = chosen(tab)
    until(lambda: bench.sample_picture(experiment), what="the samples")
    if experiment.augmentations:
        until(lambda: bench.sample_picture(experiment, 0), what="the augmented samples")
    tab.run()
    assert not tab.exception
    return tab


def sample_images(tab) -> list:
    """The images of samples; the address has one of its own."""
    images = [image for element in tab.image for image in element.proto.imgs]
    return [image for image in images if not image.alt.startswith("QR code")]


def pictures(tab) -> list[str]:
    """The alternative texts of the images of samples."""
    return [image.alt for image in sample_images(tab)]


def test_the_data_are_shown_by_an_image_of_every_class(open_page, bench: Workbench):
    tab = shows_drawn(open_page(), bench)
    assert pictures(tab) == ["Training images, one of each class: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"]


def test_points_have_no_strip_of_images(open_page, bench: Workbench):
    assert pictures(shows_drawn(open_page(dataset="moons"), bench)) == []


def test_augmentation_shows_samples_before_and_after_and_draws_again(open_page, bench: Workbench):
    tab = open_page()
    tab.pills(key="augmentation|en").set_value("strong").run()
    tab = shows_drawn(tab, bench)
    assert [alt.split(":")[0] for alt in pictures(tab)[1:]] == ["original", "update 1", "update 2"]
    first = [image.url for image in sample_images(tab)]
    tab.button(key="draw augmented samples again").click().run()
    assert [alt.split(":")[0] for alt in pictures(tab)[1:]] == ["original", "update 3", "update 4"]
    second = [image.url for image in sample_images(tab)]
    assert first[:2] == second[:2]
    assert not set(first[2:]) & set(second[2:])


def test_the_number_of_different_samples_is_said(open_page, bench: Workbench):
    tab = open_page(train_size="100", batch_size="33", epochs="20", augmentations="noise")
    said = [caption.value for caption in tab.caption if "different samples" in caption.value]
    assert said == [
        "The same sample is drawn anew at every update: 60 updates see about 2\u202f000 different samples, made from "
        "100."
    ], "the remainder of one sample joins the batch before it"


@pytest.mark.parametrize(("augmentations", "has_pictures"), [("synthetic", False), ("synthetic,noise", True)])
def test_pictures_of_augmentation_do_not_claim_to_show_synthetic_samples(
    open_page, augmentations: str, has_pictures: bool
):
    tab = open_page(augmentations=augmentations)
    assert any(button.key == "draw augmented samples again" for button in tab.button) == has_pictures
    assert any("under “Generated data”" in caption.value for caption in tab.caption)


def test_without_augmentation_there_is_nothing_before_and_after(open_page):
    tab = open_page()
    assert not [button for button in tab.button if button.key == "draw augmented samples again"]
    assert not [caption for caption in tab.caption if "different samples" in caption.value]


@pytest.mark.parametrize("dataset", ["moons", "polynomial", "iris"])
def test_what_is_no_image_is_shown_as_a_figure(open_page, bench: Workbench, dataset):
    tab = shows_drawn(open_page(dataset=dataset, augmentations="noise"), bench)
    (figure,) = tab.get("plotly_chart")
    names = [trace["name"] for trace in json.loads(figure.proto.spec)["data"]]
    assert names == ["original", "update 1", "update 2"]


def test_the_page_does_not_wait_for_data_that_take_long(open_page, bench: Workbench, monkeypatch):
    monkeypatch.setattr(bench.runner.data.samples._kept, "_load", lambda experiment: Future())
    tab = open_page(augmentations="noise")
    assert pictures(tab) == []
    assert len(tab.get("skeleton")) == 2
    assert live(tab)["run"].startswith("preview-")
