"""The plate that the tests of details share."""

from __future__ import annotations

import pytest
from detail_kit import Plate, sample


@pytest.fixture(scope="session")
def plate() -> Plate:
    """One frame of the sample plate's scene, generated once."""
    return sample()
