"""What the browser computes of a replay: a run as of an update, time at a pace, and one question at a time."""

from __future__ import annotations

from typing import Any

from tests.javascript import said

PRELUDE = """
    const idle = () => ({});
    const pen = { measureText: (text) => ({ width: 10 * text.length }) };
    const node = () => ({
      append: idle, addEventListener: idle, setAttribute: idle, getAttribute: idle, getContext: () => pen,
      textContent: "", children: [{}, {}], style: {},
    });
    globalThis.document = { createElement: node };
    let now = 0;
    const frames = [];
    globalThis.performance = { now: () => now };
    globalThis.requestAnimationFrame = (frame) => frames.push(frame);
    globalThis.cancelAnimationFrame = (number) => { if (number) frames[number - 1] = () => {}; };
    const pass = (ms) => { now += ms; frames.splice(0).forEach((frame) => frame()); };
    globalThis.setTimeout = () => 0;
    globalThis.clearTimeout = () => {};
    const module = (name) => import(new URL(name, "FOLDER/"));
    const { AsOf } = await module("live/as_of.js");
    const { cells } = await module("live/gradients.js");
    const { fitted } = await module("live/plot.js");
    const { Clock, playingTime } = await module("live/clock.js");
    const { Replay } = await module("live/replay.js");
    const { RunData } = await module("live/run_data.js");
    const data = new RunData("a");
    const meta = { state: "finished", num_steps: 8, status: { verdict: "finished" }, reason: "why" };
    Object.assign(data, { loaded: true, lineage: "1", meta });
    data.groups.update = {
      lr: { steps: [1, 4, 8], values: [0.1, 0.2, 0.3] },
      loss: { steps: [1, 2, 3, 4, 8], values: [5, 4, 3, 2, 1] },
    };
    data.groups.evaluation = { "train/error": { steps: [0, 4, 8], values: [0.5, 0.3, 0.1] } };
    data.events = [{ step: 2, kind: "set" }, { step: 6, kind: "set" }];
    data.pictures = { boundary: { step: 8 } };
    const row = (step, values) => ({ step, ...values });
"""


def seen(script: str) -> Any:
    """What a script says, given a run of eight updates whose columns were thinned."""
    return said(script, PRELUDE)


def test_a_run_as_of_an_update_ends_there():
    run = "new AsOf(data, 5, null)"
    assert seen(f"{run}.column('update', 'loss')") == {"steps": [1, 2, 3, 4], "values": [5, 4, 3, 2]}
    assert seen(f"{run}.events.map((event) => event.step)") == [2]
    assert seen(f"[{run}.lastStep('update'), {run}.lastStep('evaluation'), {run}.lastStep('curvature')]") == [4, 4, -1]
    meta = seen(f"{run}.meta")
    assert (meta["state"], meta["reason"], meta["status"], meta["num_steps"]) == ("running", None, None, 8)
    assert seen(f"{run}.pictures") == {}


def test_numbers_that_belong_together_are_of_one_update():
    # Of update 3 only one column has kept its value.
    assert seen("['lr', 'loss'].map((name) => new AsOf(data, 3, null).newest('update', name))") == [0.1, 5]
    assert seen("new AsOf(data, 3, null).lastStep('update')") == 1


def test_the_gradients_as_of_an_update_have_a_column_for_every_row_that_thinning_has_left():
    script = """(() => {
      data.meta.layers = ["first"];
      data.groups.update["gradient_norm/first"] = { steps: [1, 2, 3, 8], values: [0, -1, -2, -3] };
      return cells(new AsOf(data, 3, null), ["first"]).grid[0].map(({ value }) => value);
    })()"""
    assert seen(script) == [None, 0, -1, -2]


def test_a_name_that_is_too_long_for_its_place_is_shortened():
    context = "{ size: 10, palette: {} }"
    assert [seen(f"fitted('abcdefgh', {room}, {context})") for room in (80, 79, 30, 0)] == [
        "abcdefgh",
        "abcdef…",
        "ab…",
        "a…",
    ]


def test_the_row_of_the_moment_stands_at_the_end_of_the_curves():
    shown = "step: 2, status: { verdict: 'learning' }, pictures: { boundary: { step: 2 } }"
    moment = f"{{ {shown}, rows: {{ update: row(3, {{ lr: 0.15, loss: 3 }}) }} }}"
    run = f"new AsOf(data, 3, {moment})"
    assert seen(f"{run}.column('update', 'lr')") == {"steps": [1, 3], "values": [0.1, 0.15]}
    assert seen(f"{run}.column('update', 'loss').steps") == [1, 2, 3]
    assert seen(f"['lr', 'loss'].map((name) => {run}.newest('update', name))") == [0.15, 3]
    assert seen(f"[{run}.meta.status.verdict, {run}.pictures.boundary.step]") == ["learning", 2]
    # Of another moment, before or after this one, it is not the newest.
    assert seen(f"new AsOf(data, 2, {moment}).newest('update', 'lr')") == 0.1
    assert seen(f"new AsOf(data, 6, {moment}).newest('update', 'lr')") == 0.2


def test_what_changes_with_the_moment_is_drawn_again():
    rows = seen("[0, 1, 2, 4, 8].map((step) => new AsOf(data, step, null).rows.update)")
    assert len(set(rows)) == 4, "of updates 1 and 2 the same is known"


def test_time_shows_every_update_for_as_long_as_the_pace_says():
    assert seen("['10s', '1min', '1/s', 'max'].map((pace) => playingTime(pace, 40))") == [10000, 60000, 40000, 2000]
    played = """(() => {
      const shown = [];
      const clock = new Clock(() => 100, (step) => shown.push(step));
      clock.start(2, 10);
      for (let i = 0; i < 12; i += 1) pass(10);
      return [shown, clock.playing];
    })()"""
    assert seen(played) == [[3, 4, 5, 6, 7, 8, 9, 10], False]


def test_another_pace_goes_on_from_where_it_is_and_a_second_start_does_not_double_it():
    played = """(() => {
      const shown = [];
      let lasts = 100;
      const clock = new Clock(() => lasts, (step) => shown.push(step));
      clock.start(0, 10);
      clock.start(0, 10);
      pass(10);
      lasts = 1000;
      clock.keepPace();
      pass(50);
      pass(50);
      clock.stop();
      pass(500);
      return shown;
    })()"""
    assert seen(played) == [1, 2]


REPLAYED = """(() => {
  const asked = [];
  const told = [];
  const replay = new Replay(new Proxy({}, { get: () => "{step}" }), {
    seek: (run, step, hear) => asked.push({ step, hear }),
    moved: () => {},
    rests: (at) => told.push(at),
    complain: (text) => told.push(text),
    keep: () => {},
  });
  const answer = (step) => asked[asked.length - 1].hear({ type: "moment", step, status: {}, pictures: {}, rows: {} });
  const steps = () => asked.map(({ step }) => step);
  SCRIPT
})()"""


def replayed(script: str) -> Any:
    """What a script says of a replay that asks a server which answers when it is told to."""
    return seen(REPLAYED.replace("SCRIPT", script))


def test_scrubbing_asks_one_question_at_a_time_and_at_last_the_newest():
    script = """
      replay.open(data, 1, '10s');
      for (const step of [2, 3, 4]) replay.player.jump(step);
      const first = steps();
      answer(1);
      return [first, steps()];
    """
    assert replayed(script) == [[1], [1, 4]]


def test_later_answers_to_a_question_are_shown_and_those_to_an_earlier_one_are_not():
    script = """
      replay.open(data, 3, "10s");
      answer(1);
      const early = replay.moment.step;
      answer(3);
      const late = asked[0].hear;
      replay.player.jump(5);
      late({ type: "moment", step: 2, status: {}, pictures: {}, rows: {} });
      return [early, replay.moment.step, steps()];
    """
    assert replayed(script) == [1, 3, [3, 5]]


def test_at_the_end_the_run_itself_is_shown_and_nothing_is_asked():
    script = "replay.open(data, 8, '10s'); return [replay.shown(data) === data, steps(), replay.isOn];"
    assert replayed(script) == [True, [], True]
    assert replayed("replay.open(data, 7, '10s'); return replay.shown(data).meta.state;") == "running"


def test_it_plays_from_the_beginning_and_ends_at_the_end():
    script = """
      replay.open(data, null, 'max');
      pass(1000);
      const middle = replay.player.step;
      pass(1500);
      return [middle, replay.player.step, replay.player.playing];
    """
    assert replayed(script) == [4, 8, False]


def test_a_run_that_goes_on_or_another_one_ends_the_replay():
    for change in ("data.meta.state = 'running'", "other.run = 'b'"):
        script = f"""
          const other = new RunData('a');
          replay.open(data, 3, '10s');
          {change};
          const now = other.run === 'b' ? other : data;
          return [replay.shown(now) === now, replay.isOn, told];
        """
        assert replayed(script) == [True, False, [None]]


def test_a_refusal_is_said_once():
    script = """
      replay.open(data, 3, '10s');
      asked[0].hear({ type: 'refused', what: 'a', why: 'b', fix: 'c' });
      replay.player.jump(5);
      return [told, steps()];
    """
    assert replayed(script) == [["a b c"], [3]]


def test_after_a_refusal_nothing_of_an_earlier_answer_stays():
    script = """
      replay.open(data, 5, '10s');
      answer(5);
      replay.player.jump(3);
      asked[1].hear({ type: 'refused', what: 'a', why: 'b', fix: 'c' });
      return [replay.shown(data).meta.status, told.length];
    """
    assert replayed(script) == [None, 1]


def test_after_a_lost_connection_it_asks_again():
    assert replayed("replay.open(data, 3, '10s'); replay.askAgain(); return steps();") == [3, 3]


def test_the_cursor_of_a_comparison_plays_at_the_pace_that_is_chosen_and_stops_where_it_is_put():
    script = """(async () => {
      const { Cursor } = await module("compare/cursor.js");
      const shown = [];
      const cursor = new Cursor({ cursor_step: "{step}", replay: "replay" }, () => shown.push(cursor.step));
      cursor.place(10);
      cursor.at("max");
      cursor.playOrPause();
      pass(600);
      const marked = cursor.says.textContent;
      cursor.jump(7);
      pass(600);
      return [shown, marked, cursor.says.textContent];
    })()"""
    assert seen(f"await {script}") == [[0, 3, 7], "3 · replay", "7"]


def test_the_cursor_of_a_comparison_stands_at_the_newest_update_until_it_is_put_elsewhere():
    script = """(async () => {
      const { Cursor } = await module("compare/cursor.js");
      const cursor = new Cursor({ cursor_step: "{step}" }, () => {});
      const places = [10, 20].map((last) => [cursor.place(last), cursor.slider.value][1]);
      cursor.jump(7);
      cursor.place(30);
      return [...places, cursor.slider.value];
    })()"""
    assert seen(f"await {script}") == ["10", "20", "7"]


def test_a_picture_beside_another_rests_so_many_times_as_long_as_its_drawing_took():
    script = """(async () => {
      const { Resting } = await module("compare/resting.js");
      const resting = new Resting(20);
      const waits = [resting.wait];
      const drawn = resting.draw(() => [pass(10), "drawn"][1]);
      waits.push(resting.wait);
      pass(150);
      waits.push(resting.wait);
      pass(100);
      waits.push(resting.wait);
      resting.draw(() => pass(10), 90);
      return [drawn, ...waits, resting.wait];
    })()"""
    assert seen(f"await {script}") == ["drawn", 0, 200, 50, 0, 90]
