"""The Device knob with a list: blocks are shared where plates are files, and branches refuse it in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gvm_matte.core.errors import UsageError
from node_kit import gvm, mattes, nuke
from support import read_matte


def test_a_list_of_devices_renders_the_same_mattes_and_they_are_fresh(node: Any) -> None:
    gvm.render(node, wait=True)
    before = {path.name: read_matte(path) for path in mattes(node)}
    for path in mattes(node):
        path.unlink()
    node["device"].setValue("cpu,cpu")
    made = gvm.render(node, wait=True)
    assert sorted(made.written) == list(range(1001, 1018))
    assert all(np.array_equal(read_matte(path), before[path.name]) for path in mattes(node)) and len(before) == 17
    assert gvm.state_of(node).text == "Fresh: 1001-1017."  # the warm engine looks for all of a list


def test_a_branch_refuses_a_list_of_devices(node: Any) -> None:
    node.setInput(0, nuke.nodes.Grade(inputs=[node.input(0)]))
    node["device"].setValue("cpu,cpu")
    with pytest.raises(UsageError, match="set Device to one"):
        gvm.render(node, wait=True)
    assert not gvm.is_rendering(node) and mattes(node) == []


def test_devices_of_two_kinds_are_refused(node: Any) -> None:
    node["device"].setValue("cuda:0,cpu")
    with pytest.raises(UsageError, match="one kind"):
        gvm.render(node, wait=True)
