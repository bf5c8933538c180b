"""The blocks of a CNN on Train: they fit the data, are changed, added, removed and moved, and say their sizes."""

from __future__ import annotations

from tests.app.train_page import box, chosen, errors, live, pick


def test_sizes_that_cannot_be_are_explained_and_the_last_good_network_stays(open_page):
    tab = pick(open_page(), "dataset", "mnist_5000")
    tab = pick(tab, "architecture", "cnn")
    good = chosen(tab)
    box(tab, "architecture.blocks.0.kernel").set_value("29").run()
    assert not tab.exception
    assert "Block 1" in errors(tab) or "conv.1" in errors(tab)
    assert chosen(tab) == good
    assert box(tab, "architecture.blocks.0.kernel").value == "29"
    assert live(tab)["blocked"], "Start waits, and says why"
    assert [text.value for text in tab.markdown if text.value.startswith(":small[:red[Block 1")]
    box(tab, "architecture.blocks.0.kernel").set_value("3").run()
    assert not live(tab)["blocked"]


def test_blocks_of_a_cnn_are_picked_changed_added_and_removed(open_page):
    tab = pick(open_page(), "dataset", "mnist_5000")
    tab = pick(tab, "architecture", "cnn")
    tab.pills(key="architecture.blocks|en|item").set_value(1).run()
    box(tab, "architecture.blocks.1.channels").set_value("16").run()
    assert [block.channels for block in chosen(tab).architecture.blocks] == [32, 16, 64]
    tab.button(key="architecture.blocks|add").click().run()
    assert [block.channels for block in chosen(tab).architecture.blocks] == [32, 16, 16, 64]
    assert chosen(tab).architecture.blocks[2].keeps_sides
    assert not errors(tab), "one more always fits"
    tab.button(key="architecture.blocks|remove").click().run()
    assert [block.channels for block in chosen(tab).architecture.blocks] == [32, 16, 64]
    assert not tab.error


def test_a_block_is_moved_with_the_sizes_and_the_ends_are_ends(open_page):
    tab = pick(open_page(), "dataset", "mnist_5000")
    tab = pick(tab, "architecture", "cnn")

    def sizes():
        return [caption.value for caption in tab.caption if "**conv.1**" in caption.value]

    assert (
        "28 × 28 × 1 → **conv.1** 26 × 26 × 32 → **conv.1.pool** 13 × 13 × 32 → **conv.2** 11 × 11 × 64" in sizes()[0]
    )
    earlier, later = (f"architecture.blocks|arrow_{way}" for way in ("back", "forward"))
    assert tab.button(key=earlier).disabled
    tab.button(key=later).click().run()
    assert [block.channels for block in chosen(tab).architecture.blocks] == [64, 32, 64]
    assert tab.pills(key="architecture.blocks|en|item").value == 1
    assert "**conv.1** 26 × 26 × 64 → **conv.1.pool** 13 × 13 × 64 → **conv.2** 11 × 11 × 32" in sizes()[0]
    tab.button(key=later).click().run()
    assert [block.channels for block in chosen(tab).architecture.blocks] == [64, 64, 32]
    assert tab.button(key=later).disabled
    tab.button(key=earlier).click().run()
    assert [block.channels for block in chosen(tab).architecture.blocks] == [64, 32, 64]


def test_a_cnn_that_is_chosen_begins_with_sizes_that_the_digits_have(open_page):
    tab = pick(open_page(), "architecture", "cnn")
    assert not errors(tab)
    assert {block.padding for block in chosen(tab).architecture.blocks} == {"same"}
