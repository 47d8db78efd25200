"""Skill against joules: one task, one candidate per rung, the whole life cycle.

:func:`run_study` is what ``physbias study`` calls. :class:`StudySettings` holds every
choice, :class:`StudyResult` what was found; :class:`LifeCycle`, :func:`break_even` and
:func:`pareto_front` say what pays when.
"""

from physbias.study.lifecycle import LifeCycle, break_even, pareto_front
from physbias.study.report import write_report
from physbias.study.results import (
    CandidateResult,
    CurvePoint,
    EnergyFigure,
    StudyResult,
    read_results,
)
from physbias.study.run import run_study
from physbias.study.settings import EpochBudget, StudySettings, TimeBudget
from physbias.study.table import print_table

__all__ = [
    "CandidateResult",
    "CurvePoint",
    "EnergyFigure",
    "EpochBudget",
    "LifeCycle",
    "StudyResult",
    "StudySettings",
    "TimeBudget",
    "break_even",
    "pareto_front",
    "print_table",
    "read_results",
    "run_study",
    "write_report",
]
