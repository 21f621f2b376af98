"""A node as the monitor sees it: what `open_monitor` is given. The nodes' side makes one; nothing here knows of Nuke."""

from __future__ import annotations

from typing import Any, Dict, Protocol

from ...client import MatteJob


class MonitoredNode(Protocol):
    """A GVM Matte node. The monitor calls it on its own thread, which is Nuke's main thread."""

    @property
    def name(self) -> str:
        """Its name now."""

    def job(self) -> MatteJob:
        """What its Render button would ask for; the plates' path is empty where only Nuke can render them.

        Raises:
            UsageError: it cannot be rendered as it is.
        """

    def copy(self, params: Dict[str, Any]) -> None:
        """Sets its knobs to these parameters; what is not named goes to its default.

        Raises:
            ParamError: values that cannot be.
            UsageError: the node was deleted.
        """

    def rendered(self) -> None:
        """Its mattes on disk may be others now."""
