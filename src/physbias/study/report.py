"""One page that shows a study, complete in itself: it asks nothing of any network."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from string import Template
from typing import Any

from physbias.study.figures import Picture, looks, standard_pictures
from physbias.study.lifecycle import break_even
from physbias.study.results import EnergyFigure, StudyResult
from physbias.study.table import (
    NO_VALUE,
    Summary,
    TextTable,
    all_notes,
    cheapest_table,
    count,
    energy_table,
    life_cycles,
    limits,
    persistence_vrmse,
    rollout_table,
    skill_table,
    summarise,
)

SOURCES = {
    "counter": "the device's own energy counter",
    "power": "sampled power, integrated over time",
    "rapl": "the processor's RAPL counters",
    "estimate": "a model of the hardware, which is no measurement",
    "none": "nothing, as there was nothing to measure or no sensor to read",
}


def write_report(
    result: StudyResult, path: Path, *, pictures: Sequence[Picture] = ()
) -> None:
    """Write a study as one page; a kill leaves the old page or the new one.

    Args:
        result: of the study.
        path: of the page.
        pictures: shown after the standard figures, such as those of
            ``physbias.study.figures.fields_figure``.
    """
    summaries = summarise(result)
    source = files("physbias.study").joinpath("page.html")
    page = Template(source.read_text(encoding="utf-8")).substitute(
        title=escape(result.title),
        notes="\n".join(f"<li>{escape(note)}</li>" for note in all_notes(result)),
        skill=html_table(skill_table(result)) + html_table(rollout_table(result)),
        sources=escape(sources_text(result)),
        energy=html_table(energy_table(result)),
        life_cycle_note=escape(life_cycle_note(result, summaries)),
        break_evens=html_table(cheapest_table(result))
        + f"<details><summary>All pairs</summary>{html_table(pair_table(result))}"
        "</details>",
        figures="\n".join(
            html_picture(entry) for entry in [*standard_pictures(result), *pictures]
        ),
        candidates="\n".join(
            f"<dt>{escape(s.name)}</dt><dd>{escape(s.runs[0].description)} "
            f"({escape(s.rung)}; {seeds_text(s)})</dd>"
            for s in summaries
        ),
        settings=settings_html("Settings", result.settings)
        + settings_html("Data", result.data)
        + settings_html("Machine", result.machine),
        life_cycle_data=script_json(chart_data(result)),
    )
    partial = path.with_suffix(".part")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)


def html_table(table: TextTable) -> str:
    """Return a table as HTML, scrolled sideways where the screen is narrow."""
    if not table.rows:
        return f"<h3>{escape(table.title)}</h3>\n<p>Nothing was measured.</p>\n"
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    body = "\n".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<h3>{escape(table.title)}</h3>\n"
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>\n"
        f'<p class="small">{escape(table.caption)}</p>\n'
    )


def html_picture(picture: Picture) -> str:
    """Return a picture as HTML that holds its file."""
    kind = ' class="wide"' if picture.wide else ""
    return (
        f"<figure{kind}><h3>{escape(picture.title)}</h3>"
        f'<div class="scroll"><img alt="{escape(picture.alt)}" '
        f'src="{escape(picture.uri())}"></div>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def settings_html(title: str, settings: Mapping[str, Any]) -> str:
    """Return names and values as an HTML table; nothing where there are none."""
    rows = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in flatten(settings)
    )
    if not rows:
        return ""
    return (
        f'<div><h3>{escape(title)}</h3>\n<div class="scroll"><table class="words">'
        f"<tbody>\n{rows}\n</tbody></table></div></div>\n"
    )


def flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Yield names and values as text, nested names joined by dots."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", ", ".join(str(item) for item in value) or NO_VALUE
        else:
            yield f"{prefix}{name}", NO_VALUE if value is None else str(value)


def seeds_text(summary: Summary) -> str:
    """Return which seeds a candidate was trained with."""
    seeds = ", ".join(str(run.seed) for run in summary.runs)
    return f"seed{'s' if len(summary.runs) > 1 else ''} {seeds}"


def sources_text(result: StudyResult) -> str:
    """Return what the joules of this study were read from."""
    figures = [f for run in result.candidates for f in (run.training, run.inference)]
    every = [*figures, result.data_energy]
    named = "+".join(f.source for f in every if f.source != "none") or "none"
    parts = [
        f"{source} – {SOURCES.get(source, 'see the energy meter')}"
        for source in dict.fromkeys(named.split("+"))
    ]
    return f"Where the joules come from: {'; '.join(parts)}."


def life_cycle_note(result: StudyResult, summaries: Sequence[Summary]) -> str:
    """Return who is missing from the life cycle and why."""
    known = {cycle.name for cycle in life_cycles(result)}
    missing = [s.name for s in summaries if s.name not in known]
    text = ""
    if result.data_energy.joules is None:
        text = "The energy of the data was not measured and is left out. "
    if missing:
        text += f"Not measured, so not shown here: {', '.join(missing)}."
    return text


def pair_table(result: StudyResult) -> TextTable:
    """Return for every two candidates at which number of forecasts one overtakes."""
    known = {cycle.name: cycle for cycle in life_cycles(result)}
    crossing: list[tuple[float, tuple[str, ...]]] = []
    never: list[tuple[str, ...]] = []
    shown = [s for s in summarise(result) if s.name in known]
    for one, other in combinations(shown, 2):
        a, b = known[one.name], known[other.name]
        at = break_even(a, b)
        if at is None or at <= 1:
            first, second = (a, b) if a.total(1e9) <= b.total(1e9) else (b, a)
            same = a.total(1) == b.total(1) and a.inference == b.inference
            start = "never: they cost the same" if same else "1"
            never.append((first.name, second.name, start, NO_VALUE))
            continue
        after, before = (one, other) if a.inference < b.inference else (other, one)
        low, high = crossing_range(after, before, result.data_energy)
        end = "never" if high is None else count(high)
        span = f"{count(low)} … {end}"
        crossing.append((at, (after.name, before.name, count(at), span)))
    return TextTable(
        "Break-even of every two candidates",
        ("cheaper", "than", "from N =", "at the ends of the intervals"),
        [row for _, row in sorted(crossing)] + never,
        "The last column takes both candidates at opposite ends of their 95 % "
        "intervals; 'never': then the break-even may not come at all.",
    )


def crossing_range(
    after: Summary, before: Summary, data: EnergyFigure
) -> tuple[float, float | None]:
    """Return the least and greatest break-even within the intervals.

    Args:
        after: the candidate with the cheaper forecast.
        before: the other.
        data: energy of making the data, which cancels between two that need it.
    """
    parts = [limits(after.training), limits(before.training)]
    for index, (one, other) in enumerate(((after, before), (before, after))):
        if one.trained and not other.trained:
            low, high = limits(data)
            parts[index] = (parts[index][0] + low, parts[index][1] + high)
    (start_low, start_high), (rival_low, rival_high) = parts
    (step_low, step_high) = limits(after.inference)
    (other_low, other_high) = limits(before.inference)
    earliest = max((start_low - rival_high) / (other_high - step_low), 1.0)
    if other_low <= step_high:
        return earliest, None
    return earliest, max((start_high - rival_low) / (other_low - step_high), 1.0)


def chart_data(result: StudyResult) -> dict[str, Any]:
    """Return what the life-cycle chart is drawn from."""
    summaries = summarise(result)
    styles, known = looks(summaries), {cycle.name for cycle in life_cycles(result)}
    candidates = [
        {
            "name": s.name,
            "rung": s.rung,
            "colour": styles[s.name].colour,
            "dashes": styles[s.name].dashes,
            "trained": s.trained,
            "errors": {
                "one_step": finite(s.vrmse),
                "rollout": finite(s.rollout_end()),
            },
            "training": ends(s.training),
            "inference": ends(s.inference),
        }
        for s in summaries
        if s.name in known
    ]
    errors = [entry["errors"]["one_step"] for entry in candidates]
    bar = persistence_vrmse(summaries) or math.inf
    better = [error for error in errors if error is not None and error < bar]
    worst = max(better or [error for error in errors if error is not None], default=1.0)
    return {
        "candidates": candidates,
        "data": ends(result.data_energy),
        "default_error": worst,
        "measures": ["one_step", "rollout"],
    }


def finite(value: float | None) -> float | None:
    """Return the value, or None where it is no finite number."""
    return value if value is not None and math.isfinite(value) else None


def ends(figure: EnergyFigure) -> tuple[float, float, float]:
    """Return a figure with the ends of its interval [J]."""
    return (figure.joules or 0.0, *limits(figure))


def script_json(value: object) -> str:
    """Return JSON that cannot end the script element that holds it."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
