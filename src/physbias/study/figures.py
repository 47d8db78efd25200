"""Figures of a study, drawn once and handed on as bytes."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from physbias.study.lifecycle import pareto_front
from physbias.study.results import EnergyFigure, StudyResult
from physbias.study.table import Summary, limits, number, summarise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Told apart with the common colour-vision deficiencies, and dark enough for lines on
# white; markers and dashes say the same once more.
COLOURS = {
    "baseline": "#1a1a1a",
    "none": "#0072b2",
    "weak": "#d55e00",
    "strong": "#00805c",
    "flow": "#c4679d",
}
MARKERS = {
    "baseline": "sDdp",
    "none": "opHd",
    "weak": "^<>8",
    "strong": "vPDs",
    "flow": "*pHo",
}
DASHES = ((), (5, 2), (1.5, 1.5), (7, 2, 1.5, 2))
WORST_SHOWN = 100.0
PARETO_CAPTION = (
    "Down and left is better; the grey steps join candidates that no other beats in "
    "both. Bars: 95 % interval of the energy, standard deviation over seeds of the "
    "VRMSE; small signs: single seeds. Horizontal lines: candidates that cost nothing "
    "here."
)
FIELDS_CAPTION = (
    "Above: truth and forecasts on the colour scale of the truth. Below: forecast "
    "minus truth, one scale for all, up to the 99th percentile of the largest error, "
    "at most the range of the truth."
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a candidate is drawn in every figure.

    Args:
        colour: of its rung.
        marker: sign of its points.
        dashes: lengths of dash and gap; empty for a solid line.
    """

    colour: str
    marker: str
    dashes: tuple[float, ...]

    def line(self) -> dict[str, Any]:
        """Return the arguments of a line."""
        style = (0, self.dashes) if self.dashes else "-"
        return {"color": self.colour, "linestyle": style, "linewidth": 1.5}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for the report.

    Args:
        title: heading.
        alt: what is seen, for those who cannot see it.
        caption: what the reader must know to read it.
        mime: ``image/svg+xml`` or ``image/png``.
        data: the file's bytes.
        wide: whether it takes the whole width of the page.
    """

    title: str
    alt: str
    caption: str
    mime: str
    data: bytes
    wide: bool = False

    def uri(self) -> str:
        """Return the picture as an address that holds it."""
        return f"data:{self.mime};base64,{b64encode(self.data).decode('ascii')}"


def looks(summaries: Sequence[Summary]) -> dict[str, Look]:
    """Return the look of each candidate: colour by rung, dashes within it."""
    seen: dict[str, int] = {}
    found: dict[str, Look] = {}
    for summary in summaries:
        index = seen.get(summary.rung, 0) % len(DASHES)
        seen[summary.rung] = index + 1
        marker = MARKERS.get(summary.rung, "sDdp")[index]
        colour = COLOURS.get(summary.rung, "#767676")
        found[summary.name] = Look(colour, marker, DASHES[index])
    return found


def standard_pictures(result: StudyResult) -> list[Picture]:
    """Return the figures that every study has."""
    pictures = [
        pareto_picture(result, "training"),
        pareto_picture(result, "inference"),
        learning_picture(result),
        rollout_picture(result),
    ]
    return [picture for picture in pictures if picture is not None]


def pareto_picture(result: StudyResult, stage: str) -> Picture | None:
    """Return skill against the energy of a stage.

    Args:
        result: of the study.
        stage: ``training`` or ``inference``.
    """
    summaries = summarise(result)
    costs, unit = stage_costs(summaries, stage)
    shown = [s for s in summaries if costs[s.name] is not None and np.isfinite(s.vrmse)]
    if not any(costs[s.name] for s in shown):
        return None
    figure, axes = new_figure()
    styles = looks(summaries)
    points = []
    for summary in shown:
        cost, low, high = costs[summary.name] or (0.0, 0.0, 0.0)
        points.append((cost, summary.vrmse))
        draw_cost(axes, summary, styles[summary.name], (cost, low, high))
    front = [points[i] for i in pareto_front(points) if points[i][0] > 0]
    x, y = [cost for cost, _ in front], [error for _, error in front]
    axes.step(x, y, where="post", color="#999999", zorder=0)
    name = "energy" if unit == "J" else "time"
    per_step = "" if stage == "training" else " per forecast step"
    axes.set_xlabel(f"{stage} {name}{per_step}")
    axes.set_ylabel("one-step VRMSE")
    positive = [x for cost in costs.values() if cost for x in cost if x > 0]
    log_axis(axes.xaxis, positive, unit=unit)
    log_axis(axes.yaxis, [s.vrmse for s in shown])
    missing = [s.name for s in summaries if s not in shown]
    return picture(
        figure,
        title=f"Skill against {stage} {name}",
        alt=f"One-step VRMSE against {stage} {name}: "
        + "; ".join(
            f"{s.name} {number(s.vrmse)} at {number(x)} {unit}"
            for s, (x, _) in zip(shown, points, strict=True)
        ),
        caption=PARETO_CAPTION
        + (f" Not measured, so not shown: {', '.join(missing)}." if missing else ""),
    )


def stage_costs(
    summaries: Sequence[Summary], stage: str
) -> tuple[dict[str, tuple[float, float, float] | None], str]:
    """Return cost, low and high per candidate, in joules or, without any, seconds."""
    figures: dict[str, EnergyFigure] = {s.name: getattr(s, stage) for s in summaries}
    if any(figure.joules for figure in figures.values()):
        return {
            name: None if f.joules is None else (f.joules, *limits(f))
            for name, f in figures.items()
        }, "J"
    return {
        name: (figure.seconds, figure.seconds, figure.seconds)
        for name, figure in figures.items()
    }, "s"


def draw_cost(
    axes: "Axes", summary: Summary, look: Look, cost: tuple[float, float, float]
) -> None:
    """Draw a candidate's skill over its cost: a point with bars, or a line at none."""
    middle, low, high = cost
    if middle <= 0:
        axes.axhline(summary.vrmse, label=f"{summary.name} (no cost)", **look.line())
        return
    skills = [run.vrmse for run in summary.runs]
    axes.errorbar(
        middle,
        summary.vrmse,
        xerr=[[max(middle - low, 0)], [max(high - middle, 0)]],
        yerr=stdev(skills) if len(skills) > 1 else None,
        label=summary.name,
        color=look.colour,
        marker=look.marker,
        markersize=9,
        markerfacecolor="white",
        markeredgewidth=1.8,
        linestyle="none",
        capsize=3,
    )
    axes.plot([middle] * len(skills), skills, look.marker, color=look.colour, ms=3)


def learning_picture(result: StudyResult) -> Picture | None:
    """Return validation skill against what training had cost by then."""
    summaries = [s for s in summarise(result) if any(run.curve for run in s.runs)]
    points = [p for s in summaries for run in s.runs for p in run.curve]
    if not points:
        return None
    in_joules = all(point.joules is not None for point in points)
    figure, axes = new_figure()
    styles = looks(summarise(result))
    for summary in summaries:
        for index, run in enumerate(summary.runs):
            spent = [p.joules if in_joules else p.seconds for p in run.curve]
            pairs = [(c, p.vrmse) for c, p in zip(spent, run.curve, strict=True) if c]
            x, y = zip(*pairs, strict=True) if pairs else ((), ())
            label = "_" if index else summary.name
            axes.plot(x, y, label=label, **styles[summary.name].line())
    unit, name = ("J", "energy") if in_joules else ("s", "time")
    axes.set_xlabel(f"training {name} so far")
    axes.set_ylabel("one-step VRMSE, validation")
    costs = [p.joules or 0.0 if in_joules else p.seconds for p in points]
    log_axis(axes.xaxis, costs, unit=unit)
    log_axis(axes.yaxis, (p.vrmse for p in points), top=WORST_SHOWN)
    return picture(
        figure,
        title="Learning curves",
        alt=f"Validation VRMSE against training {name}; at the end: "
        + "; ".join(
            f"{s.name} {number(fmean(r.curve[-1].vrmse for r in s.runs if r.curve))}"
            for s in summaries
        ),
        caption=f"One line per seed, against the {name} of training."
        + ("" if in_joules else " Energy was not measured for all, hence the time."),
    )


def rollout_picture(result: StudyResult) -> Picture:
    """Return the error of roll-outs against the step, and where they diverged."""
    summaries = summarise(result)
    styles = looks(summaries)
    figure, axes = new_figure()
    finite: list[float] = []
    for summary in summaries:
        look = styles[summary.name]
        for index, run in enumerate(summary.runs):
            errors = [np.nan if error is None else error for error in run.rollout]
            kept = [error for error in errors if np.isfinite(error)]
            finite += kept
            label = f"{summary.name}, {summary.rollout_text()}".split(" (")[0]
            label = label if summary.diverged else summary.name
            steps = range(1, len(errors) + 1)
            axes.plot(steps, errors, label="_" if index else label, **look.line())
            if kept and len(kept) < len(errors):
                end = (len(kept), min(kept[-1], WORST_SHOWN))
                axes.plot(*end, "x", color=look.colour, ms=10, mew=2.5, clip_on=False)
    axes.axhline(1, color="#999999", linewidth=0.8, zorder=0)
    axes.set_xlabel("forecast step")
    axes.set_ylabel("VRMSE, mean over channels")
    axes.locator_params(axis="x", integer=True)
    log_axis(axes.yaxis, finite, top=WORST_SHOWN)
    cut = max(finite, default=0) > WORST_SHOWN
    return picture(
        figure,
        title="Roll-out error",
        alt="VRMSE of roll-outs against the forecast step; at the last step: "
        + "; ".join(f"{s.name} {s.rollout_text()}" for s in summaries),
        caption="One line per seed; × marks the last finite step of a roll-out that "
        "diverged. Grey: 1, the score of predicting the mean of the truth."
        + (f" Errors above {WORST_SHOWN:.0f} are cut off." if cut else ""),
    )


def new_figure() -> "tuple[Figure, Axes]":
    """Return a figure of half the page's width, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 4.4), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def log_axis(
    axis: "Axis",
    values: Iterable[float],
    *,
    unit: str | None = None,
    top: float = np.inf,
) -> None:
    """Make an axis logarithmic, with room around the values and readable ticks."""
    from matplotlib.ticker import (
        EngFormatter,
        LogLocator,
        NullFormatter,
        StrMethodFormatter,
    )

    shown = [min(x, top) for x in values if np.isfinite(x) and x > 0] or [1.0]
    low, high = min(shown), max(shown)
    room = max(1.25, (high / low) ** 0.05, 2 / (high / low) ** 0.5)
    scale, limit = (
        (axis.axes.set_xscale, axis.axes.set_xlim)
        if axis is axis.axes.xaxis
        else (axis.axes.set_yscale, axis.axes.set_ylim)
    )
    scale("log")
    limit(low / room, high * room)
    decades = np.log10(high / low * room**2)
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,)))
    axis.set_major_formatter(
        EngFormatter(unit) if unit else StrMethodFormatter("{x:.3g}")
    )
    axis.set_minor_formatter(NullFormatter())


def picture(figure: "Figure", *, title: str, alt: str, caption: str) -> Picture:
    """Return a figure with its legend below, as SVG."""
    if any(axes.get_legend_handles_labels()[0] for axes in figure.axes):
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return Picture(title, alt, caption, "image/svg+xml", render(figure, "svg"))


def render(figure: "Figure", kind: str) -> bytes:
    """Return a figure's file; the same figure gives the same bytes."""
    import matplotlib as mpl

    svg = kind == "svg"
    salt = mpl.rc_context({"svg.hashsalt": "physbias"}) if svg else nullcontext()
    metadata = {"Date": None, "Creator": None} if svg else {"Software": None}
    buffer = BytesIO()
    with salt:
        figure.savefig(buffer, format=kind, dpi=130, metadata=metadata)
    return buffer.getvalue()


def fields_figure(
    truth: ArrayLike,
    forecasts: Mapping[str, ArrayLike],
    channel_name: str,
    *,
    extent: tuple[float, float, float, float] = (0.0, 1.0, -1.0, 1.0),
    moment: str = "",
) -> Picture:
    """Return the true field, each forecast of it and its error.

    Args:
        truth: the field on axes x, y.
        forecasts: fields of the same shape by candidate.
        channel_name: what the field is.
        extent: ends of the domain: x from, x to, y from, y to.
        moment: when in the forecast, such as ``step 20``.
    """
    from matplotlib.figure import Figure

    true = np.asarray(truth, dtype=float)
    fields = {name: np.asarray(f, dtype=float) for name, f in forecasts.items()}
    errors = {name: field - true for name, field in fields.items()}
    columns = 1 + len(fields)
    aspect = (extent[3] - extent[2]) / (extent[1] - extent[0])
    height = 2 * (8.3 / columns - 0.2) * aspect + 1.1
    figure = Figure(figsize=(10, min(max(height, 3), 9)), layout="constrained")
    panels = np.asarray(figure.subplots(2, columns, sharex=True, sharey=True))
    panels = panels.reshape(2, columns)
    span = (float(true.min()), float(true.max()))
    worst = error_scale(errors.values(), span[1] - span[0])
    draw_row(panels[0], {"truth": true, **fields}, extent, (span, "viridis"))
    draw_row(panels[1, 1:], errors, extent, ((-worst, worst), "RdBu_r"))
    panels[1, 0].set_visible(False)
    rms = {name: number(float(np.sqrt((e**2).mean()))) for name, e in errors.items()}
    for axes, (name, value) in zip(panels[1, 1:], rms.items(), strict=True):
        axes.set_title(f"{name}\nrms {value}", fontsize=9)
    for row, label in ((0, channel_name), (1, "error")):
        images = [image for axes in panels[row] for image in axes.images]
        if images:
            figure.colorbar(
                images[0], ax=panels[row], label=label, extend="both", fraction=0.04
            )
    return Picture(
        f"{channel_name}{f' at {moment}' if moment else ''}",
        f"{channel_name}: truth and forecasts; rms error: "
        + "; ".join(f"{name} {value}" for name, value in rms.items()),
        FIELDS_CAPTION,
        "image/png",
        render(figure, "png"),
        wide=True,
    )


def error_scale(errors: Iterable[np.ndarray[Any, Any]], top: float) -> float:
    """Return the largest error that colours tell apart, at most the truth's range."""
    sizes = [np.quantile(abs(e), 0.99) for e in errors if np.isfinite(e).all()]
    return float(min(max([*sizes, 1e-12]), max(top, 1e-12)))


def draw_row(
    panels: "Iterable[Axes]",
    fields: Mapping[str, np.ndarray[Any, Any]],
    extent: tuple[float, float, float, float],
    scale: tuple[tuple[float, float], str],
) -> None:
    """Draw a row of fields on one colour scale; say so where one is not finite."""
    (low, high), colours = scale
    for axes, (name, field) in zip(panels, fields.items(), strict=True):
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.locator_params(axis="x", nbins=2, prune="upper")
        axes.set(xlabel="x", ylabel="y")
        axes.label_outer()
        if np.isfinite(field).all():
            axes.imshow(
                field.T,
                origin="lower",
                extent=extent,
                vmin=low,
                vmax=high,
                cmap=colours,
                interpolation="nearest",
            )
        else:
            axes.set_box_aspect((extent[3] - extent[2]) / (extent[1] - extent[0]))
            middle = (0.5, 0.5)
            axes.annotate("diverged", middle, xycoords="axes fraction", ha="center")
