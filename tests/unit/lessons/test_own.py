"""Lessons that were written here: what is kept is what is read, in a file that a person can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog.presets import presets
from core.errors import BadInput, CoreError, Refused
from core.experiment import Experiment
from core.landscape.stories import stories
from core.lessons.lesson import Lesson, Step, lessons, read_lesson
from core.lessons.linked import View, link_to, linked
from core.lessons.own import OwnLessons, is_own, lesson_toml
from core.lessons.question import Words
from core.studies.comparison_presets import comparison_presets


@pytest.mark.parametrize("key", lessons())
def test_a_lesson_that_was_written_and_read_is_the_same(key: str):
    assert read_lesson(lesson_toml(lessons()[key]), key) == lessons()[key]


def mine(key: str = "own-1", text: str = "Look.") -> Lesson:
    """A lesson of one step."""
    step = Step(link="/?seed=7", text=Words(en=text, zh=text))
    return Lesson(key=key, place=1, minutes=5, title=Words(en="Mine", zh="我的"), steps=(step,))


@pytest.mark.parametrize(
    "text", ['"quoted" \\ {brace}', "two\nlines\tand a tab", "\x7f\x00\u2028", "'''\"\"\"", "学习 🙂", "]\n[x]"]
)
def test_any_text_survives_the_file(text: str):
    lesson = mine(text=f"a{text}b")
    assert read_lesson(lesson_toml(lesson), "own-1") == lesson


@pytest.mark.parametrize("preset", ["learns", "few_images_moved", "reference_cnn_a", "iris_textbook"])
def test_a_link_rebuilds_an_experiment(preset: str):
    chosen = Experiment.from_json({"preset": presets()[preset].key})
    assert linked(f"http://localhost:8501{link_to(chosen)}") == chosen
    step = Step(link=link_to(chosen), text=Words(en="Look.", zh="看。"))
    assert step.page == "train"


def test_a_link_rebuilds_every_prepared_comparison():
    for preset in comparison_presets().values():
        chosen = preset.comparison()
        again = linked(link_to(chosen))
        assert again.fingerprint() == chosen.fingerprint()  # type: ignore[union-attr]
        assert Step(link=link_to(chosen), text=Words(en="Look.", zh="看。")).page == "compare"


def test_a_link_rebuilds_every_story():
    for story in stories():
        assert linked(link_to(story.practice)) == story.practice
        assert Step(link=link_to(story.practice), text=Words(en="Look.", zh="看。")).page == "landscapes"


def test_a_link_rebuilds_a_view_without_what_is_stored_here():
    address = "/generalization?look=kfold&folds=4&dataset=moons&dataset.n=60&epochs=7"
    chosen = linked(f"http://class.example:8501{address}&study=3f&lang=zh&lesson=kfold.1&answers=1-0")
    assert chosen == View("generalization", {"look": "kfold", "folds": "4"}, chosen.experiment)  # type: ignore[union-attr]
    assert chosen.experiment.epochs == 7  # type: ignore[union-attr]
    assert linked(link_to(chosen)) == chosen
    step = Step(link=link_to(chosen), text=Words(en="Look.", zh="看。"), show=("seed",))
    assert step.page == "generalization"
    assert step.experiment is None, "nothing is trained on Train"
    assert linked("/gradients?tab=felt") == View("gradients", {"tab": "felt"}, None)


def test_what_is_kept_is_there_until_it_is_removed(tmp_path: Path):
    own = OwnLessons(tmp_path / "lessons")
    assert own.all() == {}
    assert own.free_key() == "own-1"
    own.put(mine())
    own.put(mine("own-10"))
    own.put(mine("own-2"))
    assert list(own.all()) == ["own-1", "own-2", "own-10"]
    assert own.free_key() == "own-11"
    own.put(mine(text="Look again, longer."))
    assert own.all()["own-1"].steps[0].text.en == "Look again, longer."
    own.remove("own-1")
    assert list(own.all()) == ["own-2", "own-10"]
    assert [path.suffix for path in own.folder.iterdir()] == [".toml", ".toml"]


def test_a_file_that_somebody_made_unusable_is_named_and_hides_no_other(tmp_path: Path):
    own = OwnLessons(tmp_path)
    own.put(mine())
    (tmp_path / "own-2.toml").write_text("place =", encoding="utf-8")
    (tmp_path / "own-x.toml").write_text("place =", encoding="utf-8")
    assert list(own.all()) == ["own-1"]
    assert ["“own-2”" in str(problem) for problem in own.problems()] == [True]
    assert own.free_key() == "own-3"


def test_a_lesson_too_large_for_a_file_is_refused_and_the_old_one_stays(tmp_path: Path):
    own = OwnLessons(tmp_path)
    own.put(mine())
    step = Step(link="/?seed=7", text=Words(en="长" * 2000, zh="长" * 2000))
    with pytest.raises(BadInput, match="more than 64 KiB"):
        own.put(mine().model_copy(update={"steps": (step,) * 8}))
    assert own.all()["own-1"] == mine()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "lessons").write_text("a file in its way", encoding="utf-8")
    with pytest.raises(CoreError, match="could not be kept"):
        OwnLessons(tmp_path / "lessons").put(mine())


@pytest.mark.parametrize("key", ["../own-1", "own-0", "own-", "own-1/..", "dropout", "own-999999"])
def test_only_our_own_names_are_keys(key: str):
    assert not is_own(key)


def test_whoever_may_not_write_lessons_only_reads_them(tmp_path: Path):
    OwnLessons(tmp_path).put(mine())
    own = OwnLessons(tmp_path, may_write=False)
    for change in (lambda: own.put(mine()), lambda: own.remove(mine().key)):
        with pytest.raises(Refused, match="only the teacher"):
            change()
    assert own.all() == {"own-1": mine()}
