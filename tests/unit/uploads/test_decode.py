"""Files of people: good ones become arrays, and of those that cannot be used each gets its sentences."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image

from core.errors import BadInput
from core.uploads.decode import decoded
from core.uploads.limits import distinct_names
from tests.unit.uploads.files import GOOD, image, images, malformed, npz, table, zipped

MALFORMED = list(malformed())


def test_there_are_at_least_200_malformed_files():
    assert len({content for _, content in MALFORMED}) >= 200
    assert len({what for what, _ in MALFORMED}) == len(MALFORMED)


@pytest.mark.parametrize(("what", "content"), MALFORMED, ids=[what for what, _ in MALFORMED])
def test_a_malformed_file_gets_what_why_and_fix(what: str, content: bytes):
    with pytest.raises(BadInput) as caught:
        decoded("odd file.dat", content)
    for part in (caught.value.what, caught.value.why, caught.value.fix):
        assert str(part).endswith("."), what
        assert len(str(part)) < 400, what
    assert "odd file.dat" in str(caught.value.what)


@pytest.mark.parametrize("name", ["notes.npz", "NOTES.ZIP"])
def test_text_that_is_called_an_archive_is_told_how_to_make_one(name: str):
    with pytest.raises(BadInput) as caught:
        decoded(name, b"a text\nthat was renamed\n")
    assert "archive" in str(caught.value.why)
    assert "numpy.savez" in str(caught.value.fix)
    assert decoded(name, table(41)).class_names == ("even", "odd"), "what can be read is read, whatever its name says"


def test_an_archive_without_anything_is_called_empty():
    with pytest.raises(BadInput) as caught:
        decoded("mine.zip", zipped({}))
    assert str(caught.value.why) == "It is an archive with nothing in it."


def test_files_with_flipped_bytes_become_data_or_sentences():
    """Not every flip is noticed (a pixel may change), but nothing else than BadInput comes out."""
    draw = random.Random(0)
    outcomes = set()
    for _ in range(150):
        content = bytearray(draw.choice(list(GOOD.values())))
        for _ in range(draw.choice([1, 3, 20])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        try:
            outcomes.add(decoded("flipped", bytes(content)).inputs.ndim)
        except BadInput:
            outcomes.add("refused")
    assert "refused" in outcomes
    assert len(outcomes) > 1


def test_a_zip_of_images_has_a_class_a_folder():
    data = decoded("cats.zip", images())
    assert data.inputs.shape == (24, 1, 8, 8)
    assert data.inputs.dtype == np.uint8
    assert data.class_names == ("cats", "dogs")
    assert data.targets.tolist() == [0] * 12 + [1] * 12
    assert data.inputs[3, 0, 5, 5] == 60


def test_folders_may_lie_in_a_folder_and_hidden_files_are_passed_over():
    files = {f"all/{name}/{n}.png": image(n) for name in "ab" for n in range(12)}
    files |= {"__MACOSX/all/a/._1.png": b"odd", "all/.DS_Store": b"odd", "all/read me.txt": b"hello"}
    assert decoded("all.zip", zipped(files)).class_names == ("a", "b")


def test_folders_of_one_name_are_one_class():
    files = {f"{part}/{name}/{n}.png": image(n) for part in ("train", "test") for name in "ab" for n in range(6)}
    data = decoded("parted.zip", zipped(files))
    assert data.class_names == ("a", "b")
    assert np.bincount(data.targets).tolist() == [12, 12]


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312", "cp437"])
def test_classes_have_the_names_that_their_writer_gave_them(encoding: str):
    """Marked as UTF-8, as macOS (unmarked), Windows in China and Windows in Europe write them."""
    names = ("Äpfel", "Öl") if encoding == "cp437" else ("狗", "猫")
    assert decoded("marked.zip", zipped({f"{name}/{n}.png": image(n) for name in names for n in range(12)})).class_names
    written = [name.encode(encoding) for name in names]
    blanks = [chr(ord("a") + place) * len(name) for place, name in enumerate(written)]
    content = zipped({f"{blank}/{n}.png": image(n) for blank in blanks for n in range(12)})
    for blank, name in zip(blanks, written, strict=True):
        content = content.replace(blank.encode() + b"/", name + b"/")
    assert decoded("animals.zip", content).class_names == names


def test_a_file_that_is_called_an_image_and_is_none_is_named_without_our_own_words():
    files = {f"{name}/{n}.png": image(n) for name in "ab" for n in range(12)} | {"a/phone.jpg": b"\0\0\0\x18ftypheic"}
    with pytest.raises(BadInput) as caught:
        decoded("photos.zip", zipped(files))
    assert str(caught.value.why) == "The file “a/phone.jpg” holds no image of these kinds (PNG, JPEG, BMP, GIF, WEBP)."


def test_images_of_several_sizes_become_squares_of_one_and_colours_stay():
    files = {f"a/{n}.png": image(n, side=20 + n, mode="RGB") for n in range(12)}
    files |= {f"b/{n}.jpg": image(n, side=70, form="JPEG") for n in range(12)}
    assert decoded("mixed.zip", zipped(files)).inputs.shape == (24, 3, 32, 32)


def test_what_is_see_through_stands_on_white():
    clear = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(clear, "PNG")
    files = {f"{name}/{n}.png": clear.getvalue() for name in "ab" for n in range(12)}
    assert (decoded("clear.zip", zipped(files)).inputs == 255).all()


@pytest.mark.parametrize("shape", [(24, 8, 6), (24, 8, 6, 3), (24, 3, 8, 6), (24, 8, 6, 1)])
def test_images_as_arrays_may_have_their_channels_first_or_last(shape: tuple[int, ...]):
    data = decoded("arrays.npz", npz(x=np.full(shape, 0.5), y=np.arange(24) % 3))
    assert data.inputs.shape == (24, 3 if 3 in shape[1:] else 1, 8, 6)
    assert (data.inputs == 128).all()
    assert data.class_names == ("0", "1", "2")


def test_numbers_as_arrays_and_words_as_classes():
    inputs = np.asfortranarray(np.arange(72.0).reshape(24, 3))
    data = decoded("arrays.npz", npz(inputs=inputs, targets=np.array(["no", "yes"] * 12)))
    assert np.array_equal(data.inputs, inputs.astype(np.float32))
    assert data.class_names == ("no", "yes")
    assert data.feature_names == ("x1", "x2", "x3")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", [True, False])
def test_a_table_is_read_with_and_without_names(delimiter: str, header: bool):
    data = decoded("table.csv", table(header=header, delimiter=delimiter))
    assert data.inputs[5].tolist() == [5, 2.5]
    assert data.class_names == ("even", "odd")
    assert data.feature_names == (("height", "width") if header else ("x1", "x2"))


@pytest.mark.parametrize("cell", ["many", "", "nan", "inf", "-2e6", "1e400"])
def test_the_line_of_a_cell_that_is_no_usable_number_is_named_as_an_editor_counts_it(cell: str):
    text = 'a,b,kind\n1,2,"two\nlines"\n\n' + f"3,{cell},x\n" + "5,6,x\n" * 30
    with pytest.raises(BadInput) as caught:
        decoded("table.csv", text.encode())
    assert str(caught.value.why).startswith(f"Line 5 has “{cell}” in the column “b”")


def test_a_table_of_excel_in_chinese_is_read():
    text = "高,宽,类别\n" + "".join(f"{n},{n},{'猫' if n % 2 else '狗'}\n" for n in range(24))
    data = decoded("表.csv", text.encode("gb18030"))
    assert set(data.class_names) == {"猫", "狗"}


def test_whole_numbers_are_classes_as_long_as_there_are_few():
    def predicted(num: int):
        return decoded("prices.csv", b"a,price\n" + b"".join(b"%d,%d\n" % (n, n % num) for n in range(1000)))

    assert len(predicted(100).class_names) == 100
    prices = predicted(101)
    assert not prices.class_names
    assert prices.targets.shape == (1000, 1)


def test_names_are_told_apart_in_one_go():
    """Each compared with all before, 10 000 of them would take half a minute."""
    names = distinct_names([f"{'long ' * 10}{n}" for n in range(10_000)])
    assert len(set(names)) == len(names)
    assert distinct_names(["a", "a", "a (2)", "", "a"]) == ("a", "a (2)", "a (2) (2)", "–", "a (3)")


def test_numbers_with_fractions_are_predicted_as_numbers():
    text = "".join(f"{n},{n + 1},{n / 7}\n" for n in range(24))
    data = decoded("numbers.csv", text.encode())
    assert data.class_names == ()
    assert data.targets.shape == (24, 1)
    assert data.targets.dtype == np.float32


def test_names_of_classes_lose_what_pages_and_templates_stumble_over():
    long = "x" * 80
    files = {f"{name}/{n}.png": image(n) for name in ("{0.__class__}", "a\u202eb", long, f"{long}y") for n in range(9)}
    names = decoded("odd.zip", zipped(files)).class_names
    assert not any(sign in name for name in names for sign in "{}\u202e")
    assert len(set(names)) == 4
    assert max(map(len, names)) <= 44
