"""What the Train page does with a run that is there: its ghost, what changes while it runs, and its branches."""

from __future__ import annotations

from core.experiment import Experiment
from core.studies.workbench import Workbench
from tests.app.train_page import box, chosen, errors, live
from tests.polling import until


def test_a_change_that_needs_a_new_run_keeps_the_old_curve_as_a_ghost(open_page, bench: Workbench):
    run = bench.start(Experiment(epochs=1), pace="max")
    bench.wait(run, 100)
    tab = open_page(run=run)
    assert live(tab)["run"] == run
    box(tab, "epochs").set_value("2").run()
    assert live(tab)["ghost"] == run
    assert live(tab)["run"].startswith("preview-")
    assert any("new run" in caption.value for caption in tab.caption)
    assert live(tab)["differs"] == "epochs 1"


def test_the_ghost_stays_behind_the_new_run(open_page, bench: Workbench):
    run = bench.start(Experiment(epochs=1), pace="max")
    bench.wait(run, 100)
    tab = open_page(run=run)
    box(tab, "epochs").set_value("2").run()
    tab.session_state["live"] = {"start": {"one_update": False}}
    tab.run()
    new = live(tab)["run"]
    bench.command(new, "stop")
    bench.wait(new, 100)
    assert new != run
    assert live(tab)["ghost"] == run
    assert not any("new run: press" in caption.value for caption in tab.caption)


def test_a_learning_rate_acts_at_once_on_a_running_run(open_page, bench: Workbench):
    run = bench.start(Experiment(epochs=1000), pace="1/s")
    tab = open_page(run=run)
    box(tab, "optimizer.lr").set_value("0.05").run()
    assert live(tab)["run"] == run
    assert live(tab)["ghost"] is None
    bench.command(run, "stop")
    bench.wait(run, 100)
    sets = [event for event in bench.store.events(run) if event.kind == "set"]
    assert [event.values for event in sets] == [{"optimizer.lr": 0.05}]
    assert box(open_page(run=run), "optimizer.lr").value == "0.05", "another tab shows what the run computes by now"


# -- change while it runs ---------------------------------------------------------------------------------------------

MANY_KNOBS = Experiment.from_json(
    {
        "epochs": 1000,
        "regularizers": ["dropout", "l2", "clip_norm", "early_stopping"],
        "augmentations": ["noise", "scale"],
    }
)


def opened(tab, key: str):
    """The page with one of its popovers open."""
    tab.session_state[key] = True
    tab.run()
    assert not tab.exception
    return tab


def press(tab, label: str):
    """Press a button by its name."""
    next(button for button in tab.button if button.label == label).click().run()
    assert not tab.exception
    return tab


def is_disabled(tab, label: str) -> bool:
    return next(button for button in tab.button if button.label == label).disabled


def knob_paths(tab) -> set[str]:
    return {text.key.removeprefix("knobs:").split("|")[0] for text in tab.text_input if text.key.startswith("knobs:")}


def changes_of(bench: Workbench, run: str) -> list[dict]:
    """What a run was told to change, once it has ended."""
    bench.command(run, "stop")
    bench.wait(run, 100)
    return [dict(event.values) for event in bench.store.events(run) if event.kind == "set"]


def test_a_running_run_shows_every_strength_it_has_and_takes_changes_together(open_page, bench: Workbench):
    run = bench.start(MANY_KNOBS, pace="1/s", paused=True)
    tab = opened(open_page(run=run), "knobs are open")
    assert knob_paths(tab) == {
        "optimizer.lr",
        "batch_size",
        "regularizers.0.p",
        "regularizers.1.strength",
        "regularizers.2.max_norm",
        "augmentations.0.std",
        "augmentations.1.low",
        "augmentations.1.high",
    }
    assert is_disabled(tab, "Change it now")
    box(tab, "knobs:regularizers.0.p").set_value("0.2").run()
    box(tab, "knobs:batch_size").set_value("32").run()
    press(tab, "Change it now")
    assert live(tab)["run"] == run
    assert box(tab, "regularizers.0.p").value == "0.2", "what is chosen follows the run"
    assert box(opened(tab, "knobs are open"), "knobs:regularizers.0.p").value == "0.2"
    assert changes_of(bench, run) == [{"regularizers.0.p": 0.2, "batch_size": 32}]


def test_a_change_that_cannot_be_made_is_explained_at_its_field_and_stays_as_typed(open_page, bench: Workbench):
    run = bench.start(MANY_KNOBS, pace="1/s", paused=True)
    tab = opened(open_page(run=run), "knobs are open")
    box(tab, "knobs:batch_size").set_value("16").run()
    box(tab, "knobs:regularizers.0.p").set_value("1.5").run()
    assert "A probability lies between 0 and 1" in errors(tab)
    assert is_disabled(tab, "Change it now")
    assert (box(tab, "knobs:regularizers.0.p").value, box(tab, "knobs:batch_size").value) == ("1.5", "16")
    box(tab, "knobs:regularizers.0.p").set_value("0.5").run()
    box(tab, "knobs:augmentations.1.low").set_value("3").run()
    assert "largest factor lies below the smallest" in errors(tab)
    assert is_disabled(tab, "Change it now")
    box(tab, "knobs:augmentations.1.low").set_value("0.9").run()
    press(tab, "Change it now")
    assert changes_of(bench, run) == [{"batch_size": 16, "augmentations.1.low": 0.9}]


def test_a_run_that_is_over_has_no_knobs_and_says_what_can_be_done(open_page, bench: Workbench):
    run = bench.start(Experiment(epochs=1), pace="max")
    bench.wait(run, 100)
    tab = opened(open_page(run=run), "knobs are open")
    assert knob_paths(tab) == set()
    assert any("This run is over" in part.value for part in tab.markdown)


# -- branch here ------------------------------------------------------------------------------------------------------


def branch(tab, what: str, *, after: int | None = None):
    """The form of a branch, filled in."""
    opened(tab, "branching is open")
    if after is not None:
        tab.number_input[0].set_value(after).run()
    tab.selectbox(key="branch changes|en").set_value(what).run()
    assert not tab.exception
    return tab


def test_a_stored_run_branches_with_one_thing_changed_and_both_are_shown(open_page, bench: Workbench):
    parent = bench.start(Experiment(epochs=2), pace="max")
    steps = bench.wait(parent, 100).step
    tab = branch(open_page(run=parent), "optimizer", after=5)
    assert "averages of gradients" in " ".join(caption.value for caption in tab.caption), "what is carried over is said"
    press(tab, "Branch")
    shown = live(tab)
    assert (shown["ghost"], shown["is_kin"]) == (parent, True)
    fork = bench.wait(shown["run"], 100)
    assert (fork.parent, fork.fork_step, fork.step) == (parent, 5, steps)
    assert fork.name.endswith("from update 5")
    assert chosen(tab).optimizer.key == "sgd"
    assert bench.hub.meta(fork.id)["notes"], "the sentence stands in the live part, too"

    tree = {button.label: button for button in tab.button if (button.key or "").startswith("look at")}
    assert [button.disabled for button in tree.values()] == [False, True]
    tab.button(key=f"look at {parent}").click().run()
    assert (live(tab)["run"], live(tab)["ghost"], live(tab)["is_kin"]) == (parent, fork.id, True)
    assert chosen(tab) == Experiment(epochs=2)
    assert live(open_page(run=fork.id))["ghost"] == parent, "a new tab shows both, too"


def test_a_parent_that_was_changed_is_called_after_what_it_computes_now(open_page, bench: Workbench):
    parent = bench.start(Experiment(epochs=1), pace="max", paused=True)
    bench.command(parent, "set", {"optimizer.lr": 0.02})
    bench.command(parent, "start")
    bench.wait(parent, 100)
    tab = open_page(run=bench.fork(parent, 3, pace="max", name="branch"))
    tree = [button.label for button in tab.button if (button.key or "").startswith("look at")]
    assert "Adam 0.02" in tree[0]
    bench.wait(live(tab)["run"], 30)


def test_a_paused_run_branches_where_it_is_and_layers_can_be_frozen(open_page, bench: Workbench):
    parent = bench.start(Experiment(epochs=1000), pace="1/s", paused=True)
    bench.command(parent, "step")
    until(lambda: bench.hub.meta(parent).get("step") == 1, what="an update")
    tab = press(branch(open_page(run=parent), "frozen"), "Branch")
    fork = bench.store.get_run(live(tab)["run"], actor="local")
    assert (fork.parent, fork.fork_step) == (parent, 1)
    assert chosen(tab).frozen == ("hidden.1",)
    for run in (parent, fork.id):
        bench.command(run, "stop")
        bench.wait(run, 100)


def test_a_branch_without_a_change_ends_as_its_parent(open_page, bench: Workbench):
    parent = bench.start(Experiment(epochs=1), pace="max")
    weights = bench.wait(parent, 100).weights_sha256
    tab = press(branch(open_page(run=parent), "", after=3), "Branch")
    fork = bench.wait(live(tab)["run"], 30)
    assert fork.parent == parent
    assert fork.weights_sha256 == weights


def test_a_value_that_is_typed_and_sent_at_once_is_the_one_that_counts(open_page, bench: Workbench):
    """The page is not drawn between typing and pressing: the button has been drawn with what was there before."""
    parent = bench.start(MANY_KNOBS, pace="1/s", paused=True)
    tab = opened(open_page(run=parent), "knobs are open")
    box(tab, "knobs:batch_size").set_value("16").run()
    box(tab, "knobs:batch_size").set_value("8")
    press(tab, "Change it now")
    branch(tab, "optimizer.lr")
    next(text for text in tab.text_input if text.key.startswith("branch optimizer.lr")).set_value("0.05")
    press(tab, "Branch")
    fork = bench.store.get_run(live(tab)["run"], actor="local")
    assert fork.name.startswith("learning rate 0.001 → 0.05")
    assert changes_of(bench, parent) == [{"batch_size": 8}]
    changes_of(bench, fork.id)


def test_a_value_that_a_branch_cannot_take_is_explained_and_stays(open_page, bench: Workbench):
    parent = bench.start(Experiment(epochs=1), pace="max")
    bench.wait(parent, 100)
    tab = branch(open_page(run=parent), "optimizer.lr")
    rate = next(text for text in tab.text_input if text.key.startswith("branch optimizer.lr"))
    rate.set_value("-1").run()
    assert "climbs the loss" in errors(tab)
    assert is_disabled(tab, "Branch")
    assert next(text for text in tab.text_input if text.key.startswith("branch optimizer.lr")).value == "-1"
