"""What a matte's file holds, read in one place."""

from __future__ import annotations

import pytest
from gvm_matte.core.errors import ParamError
from gvm_matte.params.channels import CHOICES, Channels
from gvm_matte.params.fields import BY_NAME, MatteParams

CHANNELS = {
    "alpha": ("A",),
    "rgba-premult": ("R", "G", "B", "A"),
    "rgba-unpremult": ("R", "G", "B", "A"),
    "layer:hair_2": ("hair_2.A",),
}


@pytest.mark.parametrize("text", CHANNELS)
def test_channels_have_the_names_that_nuke_reads(text: str) -> None:
    channels = MatteParams.of({"channels": text}).file_channels
    assert channels == Channels.parse(text) and channels.names == CHANNELS[text] and channels.alpha == CHANNELS[text][-1]
    assert channels.colours == text.startswith("rgba") and (channels.layer, text).count("hair_2") == text.count("hair_2", 6)
    assert channels.premult == (text != "rgba-unpremult")


def test_every_choice_is_understood() -> None:
    assert BY_NAME["channels"].choices == CHOICES == tuple(text for text in CHANNELS if ":" not in text)


@pytest.mark.parametrize(
    "text", ["rgba", "", "Alpha", "layer:", "layer:a.b", "layer:größe", "layer:a b", "layer:x\n", "layer:1"]
)
def test_what_is_not_there_is_refused_with_what_there_is_in_the_same_words(text: str) -> None:
    with pytest.raises(ParamError, match=r"takes one of alpha, .* or layer:NAME \(letters, digits, _\)") as caught:
        Channels.parse(text)
    assert caught.value.name == "channels"
    with pytest.raises(ParamError) as again:
        BY_NAME["channels"].check(text)
    assert str(again.value) == str(caught.value)
