"""Own data on their whole way: brought by the command line or a page, trained on, told by another process."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.own import nothing_removed, own_folder
from core.catalog.registry import entries
from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.exports.script import parts_of_run, script_bytes
from core.studies.own_data import Arriving, packed
from core.studies.workbench import Workbench
from core.uploads.limits import Tell
from tests.unit.uploads.files import GOOD, image, table

TINY = {"architecture": "logistic", "epochs": 1, "batch_size": 4}


@pytest.fixture
def bench(data_folder: Path):
    with Workbench.open(data_folder, live=False) as opened:
        yield opened


@pytest.mark.parametrize("name", GOOD)
def test_a_file_becomes_a_data_set_that_trains(bench: Workbench, name: str):
    key = bench.add_data(name, GOOD[name])
    (cls,) = bench.own_data()
    assert cls.key == key
    assert cls.title == name.rsplit(".", 1)[0]
    run = bench.start(Experiment.from_json({"dataset": key, **TINY}), pace="max")
    assert bench.wait(run, 100).state == "finished"


def test_the_same_file_is_the_same_set_and_another_is_another(bench: Workbench):
    first, again = bench.add_data("table.csv", table()), bench.add_data("table.csv", table())
    assert first == again
    assert bench.add_data("table.csv", table(30)) != first
    assert len(bench.own_data()) == 2


def test_a_set_is_known_after_a_restart_and_not_in_another_folder(data_folder: Path, tmp_path: Path):
    with Workbench.open(data_folder, live=False) as bench:
        key = bench.add_data("table.csv", table())
    assert key not in entries("datasets")
    with Workbench.open(tmp_path / "other", live=False), pytest.raises(BadInput):
        Experiment.from_json({"dataset": key})
    with Workbench.open(data_folder, live=False) as bench:
        assert bench.own_data()[0].about.class_names == ("even", "odd")
        before = Experiment.from_json({"dataset": key}).fingerprint()
    with Workbench.reading(data_folder):
        assert Experiment.from_json({"dataset": {"key": key, "scaling": "standardized"}}).fingerprint() == before


def test_balanced_sampling_and_wrong_labels_work_on_own_data(bench: Workbench):
    key = bench.add_data("table.csv", table(41))
    experiment = Experiment.from_json({"dataset": key, "sampling": "balanced", "label_noise": 0.2, **TINY})
    run = bench.start(experiment, pace="max")
    assert bench.wait(run, 100).state == "finished"


@pytest.mark.parametrize("name", ["cats.zip", "table.csv"])
def test_the_exported_script_ends_with_the_numbers_of_the_run(bench: Workbench, data_folder: Path, name: str):
    key = bench.add_data(name, GOOD[name])
    run = bench.start(Experiment.from_json({"dataset": key, "label_noise": 0.2, **TINY}), pace="max")
    record = bench.wait(run, 100)
    script = own_folder(data_folder) / "run.py"
    script.write_bytes(script_bytes(parts_of_run(bench.store, record)))
    done = subprocess.run(
        [sys.executable, script.name], cwd=script.parent, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    told = dict(line.split(" = ") for line in done.stdout.splitlines() if " = " in line)
    (last,) = bench.store.read_evaluations(run)[-1:]
    for number in ("train_loss", "validation_loss", "validation_error"):
        assert float(told[number]) == pytest.approx(last.values[number.replace("_", "/", 1)], rel=1e-6)


def test_changed_bytes_are_found_and_said(bench: Workbench, data_folder: Path):
    key = bench.add_data("table.csv", table())
    path = own_folder(data_folder) / key / "inputs.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    dataset = entries("datasets")[key]()
    with pytest.raises(BadInput, match="have changed"):
        dataset.load(data_folder)  # type: ignore[attr-defined]


def test_a_file_that_cannot_be_used_leaves_nothing_behind(bench: Workbench, data_folder: Path):
    with pytest.raises(BadInput):
        bench.add_data("odd.zip", b"PK\x03\x04 odd")
    assert list(own_folder(data_folder).iterdir()) == []
    assert bench.own_data() == ()


def test_what_a_killed_process_left_is_swept_away_and_sets_stay(data_folder: Path):
    with Workbench.open(data_folder, live=False) as bench:
        key = bench.add_data("table.csv", table())
    for left in (".arriving.abc", "own_0123456789abcdef"):
        (own_folder(data_folder) / left).mkdir()
        (own_folder(data_folder) / left / "inputs.npy").write_bytes(b"half")
    with Workbench.reading(data_folder):
        assert len(list(own_folder(data_folder).iterdir())) == 3
    with Workbench.open(data_folder, live=False):
        assert [place.name for place in own_folder(data_folder).iterdir()] == [key]


@pytest.mark.parametrize("who", ["whoever brought it", "the program that is closed"])
def test_what_is_still_being_decoded_is_broken_off(bench: Workbench, data_folder: Path, monkeypatch, who: str):
    arriving = Arriving("pets.csv")

    def decode(name: str, content: bytes, folder: Path, tell: Tell) -> None:
        arriving.cancel() if who == "whoever brought it" else bench.own.close()
        tell(0.5)
        pytest.fail("it goes on")

    monkeypatch.setattr("core.studies.own_data.decode_apart", decode)
    with pytest.raises(Refused, match="broken off"):
        bench.own.add("pets.csv", table(), arriving.tell)
    assert list(own_folder(data_folder).iterdir()) == []


def test_a_set_is_brought_without_waiting_for_it(bench: Workbench):
    arriving = bench.bring_data("table.csv", table())
    assert arriving.key.result(100) == bench.own_data()[0].key
    with pytest.raises(BadInput, match="cannot be used"):
        bench.bring_data("odd.csv", b"odd").key.result(100)


def test_no_run_begins_on_data_that_are_removed_in_that_moment(bench: Workbench):
    """Whoever comes first wins: the other one is told why not."""
    key = bench.add_data("table.csv", table())
    experiment = Experiment.from_json({"dataset": key, **TINY})
    with ThreadPoolExecutor(2) as others, nothing_removed():
        started = others.submit(bench.start, experiment, pace="max")
        removed = others.submit(bench.remove_data, key)
        assert not wait([started, removed], 0.2).done  # type: ignore[list-item]
    outcomes = {type(done.exception()) for done in (started, removed)}
    assert outcomes in ({type(None), BadInput}, {type(None), Refused})
    assert bool(bench.own_data()) == (started.exception() is None)


def test_data_that_were_removed_start_no_run(bench: Workbench):
    key = bench.add_data("table.csv", table())
    experiment = Experiment.from_json({"dataset": key, **TINY})
    bench.remove_data(key)
    with pytest.raises(BadInput):
        bench.start(experiment)
    assert bench.runs() == ()


def test_too_few_samples_to_be_split_are_said(bench: Workbench):
    rows = "".join(f"{n},{n},c{n % 5}\n" for n in range(25))
    with pytest.raises(BadInput, match="cannot be split"):
        bench.add_data("few.csv", rows.encode())


def test_what_a_run_has_learned_from_stays_until_the_run_is_deleted(bench: Workbench, data_folder: Path):
    key = bench.add_data("table.csv", table())
    run = bench.start(Experiment.from_json({"dataset": key, **TINY}), pace="max")
    bench.wait(run, 100)
    with pytest.raises(Refused, match=run):
        bench.remove_data(key)
    bench.delete(run)
    bench.remove_data(key)
    assert list(own_folder(data_folder).iterdir()) == []
    with pytest.raises(BadInput, match="no own data"):
        bench.remove_data(key)


def test_in_a_class_the_teacher_brings_data(bench: Workbench):
    with pytest.raises(Refused, match="teacher"):
        bench.add_data("table.csv", table(), actor="student-anna")
    key = bench.add_data("table.csv", table(), actor="teacher-eve")
    assert bench.own_data(actor="student-anna")[0].key == key


def test_a_folder_is_packed_as_a_zip_of_its_files(bench: Workbench):
    files = {f"pets/{name}/{n}.png": image(n) for name in ("cat", "dog") for n in range(12)}
    key = bench.add_data("pets", packed(files.items()))
    assert entries("datasets")[key].about.class_names == ("cat", "dog")  # type: ignore[attr-defined]
    with pytest.raises(BadInput, match="20 MB"):
        packed([("a/b.png", bytes(21 * 2**20))])


def test_names_from_a_file_are_never_templates(bench: Workbench):
    rows = "a{0},{x},label\n" + "".join(f"{n},{n},{{c{n % 2}}}\n" for n in range(24))
    key = bench.add_data("{evil}.csv", rows.encode())
    cls = entries("datasets")[key]
    assert "{" not in cls.title + "".join(cls.about.class_names + cls.about.feature_names)  # type: ignore[attr-defined]


def test_the_command_line_brings_lists_trains_and_removes(cli, tmp_path: Path):
    pets = tmp_path / "pets"
    for name in ("cat", "dog"):
        (pets / name).mkdir(parents=True)
        for n in range(12):
            (pets / name / f"{n}.png").write_bytes(image(n))
    (row,) = cli("data", "--add", str(pets)).value
    assert row["classes"] == ["cat", "dog"]
    assert row["added"]
    experiment = tmp_path / "pets.json"
    experiment.write_text(json.dumps({"dataset": row["key"], **TINY}))
    assert cli("train", str(experiment)).code == 0
    assert [one["key"] for one in cli("data").value] == [row["key"]]
    assert row["key"] not in entries("datasets")
    assert cli("data", "--remove", row["key"]).code == 3
    assert cli("data", "--add", str(tmp_path / "nothing")).code == 2
    assert np.array_equal(row["shape"], [1, 8, 8])
