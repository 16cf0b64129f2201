"""Others' pages of a run; run by the Python that has them, alone: ``python others.py anytimeline RUN PAGE``.

Each is asked in the way in which its documentation does it; the rectangles of Bokeh are those of Dask's task stream: `rect` with widths,
one colour for each, a tooltip, pan and wheel along the time.
"""

import sys
from array import array
from pathlib import Path

COLOURS = ["#4c78a8", "#e45756"]
HEIGHT, WIDTH = 600, 1200


def read(path: Path) -> list["array[int]"]:
    """The columns lane, start, end and failed, see `benchmarks.pictures.runs`."""
    values = array("q", path.read_bytes())
    n = len(values) // 4
    return [values[i * n : (i + 1) * n] for i in range(4)]


def anytimeline(run: list["array[int]"], page: Path) -> None:
    """Intervals on lanes."""
    import numpy
    from anytimeline import Timeline

    lane, start, end, failed = map(numpy.asarray, run)
    names = numpy.array([f"worker {i:02}" for i in range(int(lane.max()) + 1)])
    table = {"lane": names[lane], "start": start / 1e9, "end": end / 1e9, "state": numpy.array(["returned", "raised"])[failed]}
    plot = Timeline(height=HEIGHT)
    plot.intervals(table, start="start", end="end", lane="lane", color="state")
    plot.save_html(page)


def bokeh(run: list["array[int]"], page: Path) -> None:
    """Rectangles, as Dask draws its task stream."""
    import numpy
    from bokeh.embed import file_html
    from bokeh.models import ColumnDataSource, HoverTool, PanTool, ResetTool, WheelZoomTool
    from bokeh.plotting import figure
    from bokeh.resources import INLINE

    lane, start, end, failed = map(numpy.asarray, run)
    colours = numpy.array(COLOURS)[failed]
    data = {"start": (start + end) / 2e6, "duration": (end - start) / 1e6, "y": lane.astype(float), "color": colours}
    plot = figure(width=WIDTH, height=HEIGHT, tools="")
    plot.rect(source=ColumnDataSource(data), x="start", y="y", width="duration", height=0.8, fill_color="color", line_color="color")
    wheel = WheelZoomTool(dimensions="width")
    plot.add_tools(wheel, PanTool(dimensions="width"), ResetTool(), HoverTool(tooltips="@duration ms"))
    plot.toolbar.active_scroll = wheel
    page.write_text(file_html(plot, INLINE, "bokeh"), encoding="utf-8")


if __name__ == "__main__":
    which, source, target = sys.argv[1:]
    {"anytimeline": anytimeline, "bokeh": bokeh}[which](read(Path(source)), Path(target))
