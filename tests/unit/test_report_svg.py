"""A plot's axes: round ticks that fit, and everything where its value lies."""

from __future__ import annotations

import re

import pytest

from scheduler.report.curves import Step
from scheduler.report.svg import Axis, Drawing, Tick, counts


@pytest.mark.parametrize(
    ("most", "texts"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (5, ["0", "1", "2", "3", "4", "5"]),
        (17, ["0", "5", "10", "15"]),
        (856, ["0", "200", "400", "600", "800"]),
        (1_234_567, ["0", "500,000", "1,000,000"]),
    ],
)
def test_counts_have_few_round_ticks_and_room_above(most: int, texts: list[str]) -> None:
    axis = counts("calls", most)

    assert [tick.text for tick in axis.ticks] == texts
    assert axis.last > most
    assert axis.ticks[-1].at <= axis.last


def test_a_bar_stands_on_the_axis_and_reaches_its_value() -> None:
    drawing = Drawing(Axis("when", 0, 10, [Tick(5, "five")]), Axis("calls", 0, 4, [Tick(2, "2")]))
    drawing.bar((5, 10), (0, 2), "first")

    svg = drawing.element("plot", "Calls", "in words")

    left, top, width, height = map(
        float,
        re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', svg)[0],
    )
    # The base of the axes is drawn last of the lines, and the label of a tick is its middle.
    x1, base, x2 = map(float, re.findall(r'x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)"', svg)[-1])
    assert left == pytest.approx((x1 + x2) / 2, abs=0.1)
    assert left + width == pytest.approx(x2, abs=0.1)
    assert top + height == pytest.approx(base, abs=0.1)
    assert float(re.findall(r'x="([\d.]+)"[^>]*>five', svg)[0]) == left


def test_a_curve_keeps_its_value_until_the_next_one_and_is_named() -> None:
    drawing = Drawing(Axis("when", 0, 10, []), counts("slots", 4), has_legend=True)
    drawing.curve([Step(0, 1), Step(4, 3), Step(10, 3)], "second", "the <limit>", is_filled=False)

    svg = drawing.element("plot", "Slots", "in words")

    points = [point.split() for point in re.findall(r'd="M([^"]+)"', svg)[0].split("L")]
    (x1, y1), (x2, y2), *_ = points[1:]
    assert len(points) == 6
    assert (x2, y1) == (points[3][0], points[0][1]) and x1 != x2 and y1 == y2
    assert "the &lt;limit&gt;</text>" in svg


def test_text_is_cut_and_stays_on_the_drawing() -> None:
    names = Axis("", -1, 1, [Tick(0, "stopped: " + "y" * 60)])
    drawing = Drawing(Axis("calls", 0, 4, [Tick(4, "01-15 12:00")]), names)

    svg = drawing.element("plot", "Calls", "in words")

    assert "y" * 20 + "…" in svg and "y" * 22 not in svg
    assert float(re.findall(r'x="([\d.]+)"[^>]*>01-15', svg)[0]) + 11 * 5.6 / 2 <= 360
