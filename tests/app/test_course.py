"""Course and the lesson bar: begin, answer, go on, leave; each step brings what it runs; the address keeps it all."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog.presets import presets
from core.landscape.stories import stories
from core.language import translator
from core.lessons.lesson import Shown, lessons
from core.lessons.linked import View
from core.studies.comparison_presets import comparison_presets
from core.studies.workbench import Workbench
from tests.app.train_page import chosen, live
from tests.experiments import points
from tests.stored_runs import finished

LESSONS = lessons()
HELD_BACK = "Answer the question of the lesson first, or skip it."
TINY = {"dataset": "moons", "dataset.n": "64", "architecture.widths": "[8]", "batch_size": "16", "epochs": "2"}


def press(tab: AppTest, key: str) -> AppTest:
    """Press a button, which is there."""
    tab.button(key=key).click().run()
    assert not tab.exception, tab.exception[0].message
    return tab


def keys(tab: AppTest) -> set[str | None]:
    return {button.key for button in tab.button}


def sentences(tab: AppTest) -> str:
    return "\n".join(element.value for element in [*tab.markdown, *tab.info, *tab.caption]).replace("\\", "")


def shows(tab: AppTest, shown: Shown) -> bool:
    """Whether the page has chosen what a step or a claim shows."""
    if shown.experiment is not None:
        return chosen(tab).fingerprint() == shown.experiment.fingerprint()
    if isinstance(shown.linked, View):
        return shows_view(tab, shown.linked)
    if shown.comparison:
        wanted = comparison_presets()[shown.comparison].comparison(translator("en"))
        return tab.session_state["comparison draft"].comparison().fingerprint() == wanted.fingerprint()
    return stories()[tab.session_state["surface story"]].key == shown.story


def shows_view(tab: AppTest, view: View) -> bool:
    """Whether the page shows what its address says, and takes all of it."""
    assert tab.session_state[f"part of {view.page}"] == view.query["look"]
    assert "nothing that can be chosen here" not in sentences(tab)
    usual = {"folds": "5", "fit.n": "20", "fit.degree": "9"}
    written = {name: value for name, value in view.query.items() if value != usual.get(name)}
    assert written.items() <= tab.query_params.items()
    return view.experiment is None or view.experiment.fingerprint() == chosen(tab).fingerprint()


def answered(tab: AppTest) -> str:
    return tab.query_params.get("answers", "")


@pytest.mark.parametrize("key", LESSONS)
def test_every_step_of_every_lesson_opens(open_page, key: str):
    tab = open_page("course.py", topic=key)
    press(tab, "begin")
    for place, step in enumerate(LESSONS[key].steps):
        if place:
            press(tab, "lesson next")
        assert tab.query_params["lesson"] == f"{key}.{place + 1}"
        assert shows(tab, step)
        assert ("lesson skip" in keys(tab)) == (step.question is not None)
    press(tab, "lesson finish")
    assert "lesson" not in tab.query_params
    assert f"done: 1 of {len(LESSONS)}" in sentences(tab)


@pytest.mark.parametrize(
    ("key", "place"), [("dropout", 2), ("penalties", 0), ("saddles", 0), ("kfold", 0), ("generalization", 2)]
)
def test_a_claim_runs_on_its_page_without_the_lesson(open_page, key: str, place: int):
    tab = open_page("course.py", lesson=f"{key}.1", topic=key)
    press(tab, f"run {place}")
    assert shows(tab, LESSONS[key].claims[place])
    assert "lesson" not in tab.query_params


def test_what_is_seen_of_a_claim_is_said_after_the_vote(open_page):
    tab = open_page("course.py", topic="dropout")
    claim = LESSONS["dropout"].claims[0]
    assert claim.article.en in sentences(tab)
    assert claim.seen.en not in sentences(tab)
    tab.segmented_control(key="vote dropout 0|en").set_value("right").run()
    assert claim.seen.en in sentences(tab)
    press(tab, "run 0")
    tab.switch_page("course.py").run()
    assert claim.seen.en in sentences(tab), "a vote stays"


def test_start_waits_for_the_answer_and_the_caption_does_not_tell_it(open_page):
    tab = open_page(lesson="generalization.1")
    assert live(tab)["blocked"] == HELD_BACK
    assert live(tab)["caption"] == ""
    tab.slider(key="expected generalization 0").set_value(0.2).run()
    press(tab, "answer")
    assert live(tab)["blocked"] == ""
    assert live(tab)["caption"] == str(presets()["learns"].text)
    assert "You expect 20 %." in sentences(tab)
    assert answered(tab) == "1-0.2"


def test_compare_waits_too_and_one_click_skips(open_page):
    tab = open_page("compare.py", lesson="penalties.1")
    shown = json.loads(tab.get("bidi_component")[0].proto.json)
    assert (shown["blocked"], shown["race"]["caption"]) == (HELD_BACK, "")
    press(tab, "lesson skip")
    shown = json.loads(tab.get("bidi_component")[0].proto.json)
    assert shown["blocked"] == ""
    assert shown["race"]["caption"]
    assert answered(tab) == "1-skip"


def test_paths_on_a_surface_are_drawn_after_the_answer_and_then_it_is_told(open_page):
    tab = open_page("landscapes.py", lesson="saddles.1")
    assert len(tab.get("bidi_component")) == 0
    press(tab, "answer 0")
    assert len(tab.get("bidi_component")) == 1
    assert "You expected: SGD. It is: RMSProp." in sentences(tab)


def test_a_view_waits_for_the_answer_and_the_reader_says_when_all_is_seen(open_page):
    tab = open_page("generalization.py", lesson="bias.2")
    assert HELD_BACK in sentences(tab)
    assert "Variance" not in sentences(tab).replace("Variance: how far", ""), "its sentence would answer the question"
    press(tab, "answer 0")
    assert "**Variance** is the larger part at degree 9" in sentences(tab)
    assert "You expect: the bias." in sentences(tab)
    press(tab, "came out")
    assert "You expected: the bias. It is: the variance." in sentences(tab)
    assert "came out" not in keys(tab)
    press(tab, "ask again")
    assert HELD_BACK in sentences(tab)
    press(tab, "answer 1")
    assert "You expect: the variance." in sentences(tab)


def test_what_a_seal_hides_is_told_once_it_was_opened_and_not_before(open_page, bench: Workbench):
    first, second = finished(bench, points()), finished(bench, points(seed=1))
    tab = open_page("generalization.py", lesson="seal.3", answers="3-2_4-0", look="seal", of=first.id)
    assert "You expect: far above it." in sentences(tab)
    assert "came out" not in keys(tab)
    bench.evaluate_test(first.id)
    tab.run()
    assert "You expected: far above it. It is: near the validation error" in sentences(tab)
    tab = open_page("generalization.py", lesson="seal.4", answers="3-2_4-0", look="seal", of=second.id)
    assert "You expect: as much as the first." in sentences(tab)
    bench.evaluate_test(second.id, insist=True)
    tab.run()
    assert "It is: one could choose by it" in sentences(tab)
    assert "came out" not in keys(tab)


def test_who_heeds_the_refusal_of_a_second_look_is_told_what_it_would_be_worth(open_page, bench: Workbench):
    first, second = finished(bench, points()), finished(bench, points(seed=1))
    bench.evaluate_test(first.id)
    tab = open_page("generalization.py", lesson="seal.4", answers="4-0", look="seal", of=second.id)
    assert "It is:" not in sentences(tab)
    press(tab, "came out")
    assert "You expected: as much as the first. It is: one could choose by it" in sentences(tab)
    assert len(bench.looks(second.id)) == 1


def test_a_curve_tells_by_itself_what_came_out_and_not_before(open_page, bench: Workbench):
    tab = open_page("generalization.py", lesson="strength.1", answers="1-1", look="strength", **TINY)
    assert "You expect: in the middle." in sentences(tab)
    assert "came out" not in keys(tab), "nothing was trained yet"
    (start,) = [button for button in tab.button if button.label == "Draw the curve"]
    start.click().run()
    (study,) = bench.studies(kind=None)
    bench.wait_comparison(study.id, 100)
    tab.run()
    assert "You expected: in the middle. It is: where it is strong." in sentences(tab)


def test_a_step_leaves_its_choices_only_on_another_page_too(open_page):
    tab = open_page("generalization.py", lesson="kfold.1", answers="1-1")
    boxes = {box.key for box in tab.text_input}
    assert "seed|en|box" in boxes
    assert "epochs|en|box" not in boxes
    assert not any(pills.key.startswith("dataset") for pills in tab.pills)
    press(tab, "lesson choices")
    assert "epochs|en|box" in {box.key for box in tab.text_input}
    tab.switch_page("data.py").run()
    assert any(pills.key.startswith("dataset") for pills in tab.pills)


def test_what_came_out_stands_beside_what_was_expected(open_page, bench: Workbench):
    tab = open_page(lesson="generalization.1", answers="1-0.3", **TINY)
    tab.session_state["live"] = {"start": {"pace": "max"}}
    tab.run()
    tab.session_state["live"] = {}
    run = bench.runs()[-1].id
    error = bench.wait(run, 100).answer["validation_error"]
    tab.run()
    assert f"You expected 30 %; it came to {100 * error:.1f} %." in sentences(tab)


def test_a_browser_that_is_behind_does_not_bring_the_choices_of_the_step_before(open_page):
    tab = open_page(lesson="depth.5", answers="5-skip")
    behind = tab._tree.get_widget_states()
    choices = [one for one in behind.widgets if one.WhichOneof("value") != "trigger_value"]
    del behind.widgets[:]
    behind.widgets.extend(choices)
    press(tab, "lesson next")
    tab._run(behind)  # as where it has not drawn the new step yet, whose controls are others
    assert shows(tab, LESSONS["depth"].steps[5])


def test_a_step_leaves_its_choices_only_and_one_button_shows_all(open_page):
    tab = open_page(lesson="fitting.1")
    assert "regularizers" in str(keys(tab) | {pills.key for pills in tab.pills})
    assert not any(pills.key.startswith("dataset") for pills in tab.pills)
    assert "seed|en|box" not in {box.key for box in tab.text_input}
    next(button for button in tab.button if button.label == "show all choices").click().run()
    assert any(pills.key.startswith("dataset") for pills in tab.pills)
    press(tab, "lesson next")
    assert not any(pills.key.startswith("dataset") for pills in tab.pills), "the next step decides anew"


def test_the_lesson_survives_a_change_of_page(open_page):
    tab = open_page(lesson="fitting.2", answers="1-1")
    for page in ("runs.py", "formulas.py", "course.py", "compare.py", "landscapes.py"):
        tab.switch_page(page).run()
        assert not tab.exception, tab.exception[0].message
        assert tab.query_params["lesson"] == "fitting.2"
        assert answered(tab) == "1-1"
        assert "lesson skip" not in keys(tab), "the question is asked where it can be answered by looking"
    press(tab, "lesson back")
    assert shows(tab, LESSONS["fitting"].steps[1])
    press(tab, "lesson leave")
    assert "lesson" not in tab.query_params
    tab.switch_page("course.py").run()
    press(tab, "topic fitting")
    assert tab.button(key="begin").label == "go on at 2 of 3"


def test_a_reload_keeps_what_was_changed(open_page):
    tab = open_page(lesson="fitting.1", answers="1-2", seed="7")
    assert chosen(tab).differences() == {"seed": 7}
    assert "You expect: both fall." in sentences(tab)


@pytest.mark.parametrize("page", ["train.py", "runs.py"])
def test_an_address_with_a_lesson_only_brings_what_it_runs(open_page, page: str):
    tab = open_page(page, lesson="saddles.1")
    assert tab.query_params["lesson"] == "saddles.1"
    assert ("story" in tab.query_params) == (page == "train.py"), "other pages stay where they are"


@pytest.mark.parametrize("lesson", ["dropout.9", "dropout.0", "dropout", "x.1", "dropout.²", "a" * 999])
def test_nonsense_in_the_address_is_named_and_loses_nothing(open_page, lesson: str):
    tab = open_page(lesson=lesson, seed="7")
    assert "is no step of a lesson here." in sentences(tab)
    assert chosen(tab).seed == 7
    assert "lesson next" not in keys(tab)


@pytest.mark.parametrize(
    ("lesson", "answers"),
    [
        ("dropout.1", ["1-9", "9-1", "3-1", "1", "x", "1-0.5", "1-nan", "²-1", "1--1"]),
        ("generalization.1", ["1-2", "1-nan", "1-inf", "1--0.1", "1-half"]),
        ("fitting.3", ["3-1.2", "3-nan.0.0.0.0", f"3-{'9' * 350}"]),
    ],
)
def test_answers_that_answer_nothing_are_named(open_page, lesson: str, answers: list[str]):
    tab = open_page(lesson=lesson, answers="_".join(["2-1", *answers]))
    for answer in answers:
        assert f"“{answer[:80]}” in the link answers no question of this lesson." in sentences(tab)
    assert answered(tab) == "2-1"


def test_the_bar_is_slim_in_presentation_mode(open_page):
    tab = open_page(lesson="dropout.1", present="1")
    assert {"answer 0", "lesson next"} <= keys(tab)
    assert LESSONS["dropout"].steps[0].text.en not in sentences(tab)
    assert live(tab)["blocked"] == HELD_BACK


def test_a_chinese_reader_is_led_in_chinese(open_page):
    tab = open_page("course.py", lang="zh", topic="dropout")
    press(tab, "begin")
    lesson = LESSONS["dropout"]
    assert lesson.steps[0].text.zh in sentences(tab)
    assert lesson.steps[0].text.en not in sentences(tab)
    assert [tab.button(key=f"answer {place}").label for place in range(3)] == ["更高", "更低", "一样"]
