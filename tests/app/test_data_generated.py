"""The part "Generated data" of the page Data: what it opens on, and where its buttons lead."""

from __future__ import annotations

from core.catalog.augmentations.synthetic import Synthetic
from core.experiment import Experiment
from core.studies.workbench import Workbench


def pressed(tab, label: str):
    """The tab after a button was pressed that leads to another page."""
    (button,) = [button for button in tab.button if button.label == label]
    button.click().run()
    assert not tab.exception, tab.exception[0].message
    return tab


def test_it_opens_on_a_finished_generator_and_other_settings_show_none(open_page, bench: Workbench):
    tab = open_page("data.py", look="generated")
    channel = bench.generator(Experiment(), Synthetic())
    assert bench.hub.meta(channel)["state"] == "finished"
    assert bench.hub.meta(bench.generator(Experiment(), Synthetic(seed=1)))["state"] == "untrained"
    (seed,) = [number for number in tab.number_input if number.label == "seed of the generator"]
    seed.set_value(1).run()
    assert not tab.exception, tab.exception[0].message
    assert tab.session_state["recipe of the generator"] == Synthetic(seed=1)
    assert any("training split alone" in caption.value for caption in tab.caption)


def test_its_samples_are_mixed_into_training_before_what_mixes_classes(open_page):
    experiment = Experiment.from_json({"augmentations": ["mixup"]})
    tab = open_page("data.py", look="generated", **experiment.to_url())
    pressed(tab, "Mix these samples into training")
    chosen = Experiment.from_json(tab.session_state["draft"]).augmentations
    assert [entry.key for entry in chosen] == ["synthetic", "mixup"]


def test_shares_race_against_none(open_page):
    from pages.components.data_generated import race

    pressed(open_page("data.py", look="generated"), "Race real : synthetic")
    lanes = race(Experiment(), Synthetic(updates=7)).experiments({})
    shares = [lane.experiment.augmentations[0].share for lane in lanes if lane.seed == lanes[0].seed]
    assert shares == [0, 0.25, 0.5, 0.75]
    assert {lane.experiment.augmentations[0].updates for lane in lanes} == {7}


def test_data_without_images_say_so(open_page):
    tab = open_page("data.py", look="generated", dataset="moons")
    assert any("Synthetic samples cannot change" in error.value for error in tab.error)
    assert not [button for button in tab.button if "Race" in button.label]


def test_a_generator_that_cannot_be_begun_says_why_once(open_page, bench: Workbench, monkeypatch):
    from core.errors import Refused
    from core.text import Text

    def refused(*_: object, **__: object) -> str:
        raise Refused(Text("There is no room."), Text("All places are taken."), Text("Wait a little."))

    monkeypatch.setattr(Workbench, "train_generator", refused)
    tab = open_page("data.py", look="generated")
    tab.session_state["generator chart"] = {"begin": {}}
    tab.run()
    assert any("There is no room." in error.value for error in tab.error)
