"""A hand-written config in which everything that a studio's config may do happens once, and small pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

SHOW = """ocio_profile_version: 2.1
name: show
roles:
  aces_interchange: ACES2065-1
  cie_xyz_d65_interchange: XYZ
  data: Ids
  default: Ids
  scene_linear: Plate Linear
file_rules:
  - !<Rule> {name: Scans, extension: dpx, pattern: "*", colorspace: Scan Log}
  - !<Rule> {name: Denoised, extension: exr, pattern: "*denoised*", colorspace: scene_linear}
  - !<Rule> {name: Default, colorspace: default}
displays:
  Grading/Suite A:
    - !<View> {name: Film/Soft, view_transform: Soft, display_colorspace: Monitor}
    - !<View> {name: Plain, view_transform: Colorimetric, display_colorspace: Monitor}
  Projector:
    - !<View> {name: Plain, view_transform: Colorimetric, display_colorspace: Monitor}
default_view_transform: Colorimetric
view_transforms:
  - !<ViewTransform>
    name: Colorimetric
    from_scene_reference: !<BuiltinTransform> {style: UTILITY - ACES-AP0_to_CIE-XYZ-D65_BFD}
  - !<ViewTransform>
    name: Soft
    from_scene_reference: !<GroupTransform>
      children:
        - !<CDLTransform> {slope: [0.5, 0.5, 0.5], style: noclamp}
        - !<BuiltinTransform> {style: UTILITY - ACES-AP0_to_CIE-XYZ-D65_BFD}
display_colorspaces:
  - !<ColorSpace>
    name: XYZ
  - !<ColorSpace>
    name: Monitor
    aliases: [desk]
    from_display_reference: !<GroupTransform>
      children:
        - !<BuiltinTransform> {style: DISPLAY - CIE-XYZ-D65_to_REC.1886-REC.709}
colorspaces:
  - !<ColorSpace>
    name: ACES2065-1
  - !<ColorSpace>
    name: Plate Linear
    aliases: [pl_lin, work]
    to_scene_reference: !<BuiltinTransform> {style: ACEScg_to_ACES2065-1}
  - !<ColorSpace>
    name: Scan Log
    to_scene_reference: !<BuiltinTransform> {style: ARRI_ALEXA-LOGC-EI800-AWG_to_ACES2065-1}
  - !<ColorSpace>
    name: Ids
    isdata: true
"""

LONE = """ocio_profile_version: 2
roles: {default: lin, scene_linear: lin}
file_rules:
  - !<Rule> {name: Default, colorspace: default}
displays:
  monitor:
    - !<View> {name: Table, colorspace: tabled}
colorspaces:
  - !<ColorSpace> {name: lin}
  - !<ColorSpace> {name: doubled, to_scene_reference: !<MatrixTransform> {matrix: [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}}
  - !<ColorSpace> {name: tabled, to_scene_reference: !<FileTransform> {src: table.spi1d, interpolation: linear}}
"""


@pytest.fixture(autouse=True)
def no_config_of_the_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the `$OCIO` of the machine that runs the tests."""
    monkeypatch.delenv("OCIO", raising=False)


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[str], str]:
    """write(text) → the path of a config with that text."""

    def write(text: str) -> str:
        path = tmp_path / "config.ocio"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def show(write_config: Callable[[str], str]) -> str:
    """The path of a show's config: interchange roles, file rules, aliases, a data space, names with slashes."""
    return write_config(SHOW)


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[[float], Path]:
    """write(middle) → the path of the table of `lone`: a curve through 0, `middle` and 1."""

    def write(middle: float) -> Path:
        path = tmp_path / "table.spi1d"
        text = f"Version 1\nFrom 0.0 1.0\nLength 3\nComponents 1\n{{\n0.0\n{middle}\n1.0\n}}\n"
        path.write_text(text, encoding="ascii")
        return path

    return write


@pytest.fixture
def lone(write_config: Callable[[str], str], write_table: Callable[[float], Path]) -> str:
    """The path of a config that does not say what its red, green and blue are, and refers to a table."""
    write_table(0.2)
    return write_config(LONE)


@pytest.fixture
def picture() -> Callable[[str], Any]:
    """make(dtype) → [5,7,3]: integers over their range; floats from below 0 to above 1."""

    def make(dtype: str) -> Any:
        values = np.random.default_rng(7).random((5, 7, 3))
        if np.dtype(dtype).kind == "u":
            return (values * np.iinfo(dtype).max).astype(dtype)
        return (values * 2.5 - 0.2).astype(dtype)

    return make
