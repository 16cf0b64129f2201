"""The outputs of a notebook that one timeline is displayed in."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import publish_display_data

from poolviz.timeline import output
from poolviz.timeline.output import Place
from poolviz.wire.codec import Message

VIEW = "application/vnd.jupyter.widget-view+json"


class Displays:
    """The outputs that are filled, and replaced, for one timeline.

    Args:
        model: what pages know its model by.
        height, theme: its settings.
    """

    def __init__(self, model: str, height: int, theme: str) -> None:
        self._model = model
        self._height = height
        self._theme = theme
        self._places: list[Place] = []

    def __bool__(self) -> bool:
        return bool(self._places)

    def show_live(self, line: str, view: Callable[[], Any]) -> None:
        """Add an output, of a trace that is not over.

        Args:
            line: the timeline in one line.
            view: gives the MIME bundle of a widget's view.

        Raises:
            NotImplementedError: there is no notebook to display in.
        """
        place = self._add(replaces_view=output.needs_view())
        if place.replaces_view:
            bundle = view()
            data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
            _publish(place, {"text/plain": line, VIEW: data[VIEW]}, metadata)
        else:
            _publish(place, {"text/html": output.live(place, line), "text/plain": line})

    def show_kept(self, snapshot: Message, line: str, *, explorable: bool) -> None:
        """Add an output of a trace that is over.

        Args:
            snapshot: what it shows.
            line: the timeline in one line.
            explorable: whether the calls go into it, or the picture alone.

        Raises:
            NotImplementedError: there is no notebook to display in.
        """
        place = self._add(replaces_view=False)
        _publish(place, {"text/html": output.kept(place, output.contents(snapshot, explorable=explorable)), "text/plain": line})

    def keep(self, snapshot: Message, line: str, *, explorable: bool) -> None:
        """Replace what is in the outputs by what can be saved; parameters as of `show_kept`."""
        inside = output.contents(snapshot, explorable=explorable)
        for place in self._places:
            _publish(place, {"text/html": output.kept(place, inside), "text/plain": line}, update=True)

    def empty(self) -> None:
        """Leave nothing in the outputs."""
        for place in self._places:
            _publish(place, {"text/plain": ""}, update=True)
        self._places.clear()

    def _add(self, *, replaces_view: bool) -> Place:
        if not hasattr(get_ipython(), "kernel"):
            raise NotImplementedError  # IPython then prints the timeline's line, as in any terminal
        place = Place(self._model, secrets.token_hex(8), self._height, self._theme, replaces_view)
        self._places.append(place)
        return place


def _publish(place: Place, data: dict[str, Any], metadata: dict[str, Any] | None = None, *, update: bool = False) -> None:
    publish_display_data(data, metadata or {}, transient={"display_id": place.output}, update=update)  # type: ignore[no-untyped-call]
