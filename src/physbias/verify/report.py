"""All findings about one equation."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from textwrap import wrap

from physbias.errors import ArgumentError, VerificationError, explain
from physbias.verify.finding import Finding, Status
from physbias.verify.witness_residual import RESIDUAL
from physbias.verify.witness_solver import SOLVER

TEXT_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Report:
    """What :func:`verify` found; true where no probe failed.

    It prints as a table. ``report["gradients"]`` is one finding.

    Args:
        subject: the equation, the grid, the scheme and the stepper, in words.
        findings: one or more per probe, in the order of the probes.
        seconds: time that the probes took [s].
    """

    subject: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether no probe failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the probes that failed."""
        return tuple(f.probe for f in self.findings if f.status is Status.FAILED)

    @property
    def witnessed(self) -> bool:
        """Whether the equation was held against a known solution."""
        return any(
            f.probe in (RESIDUAL, SOLVER) and f.status is not Status.SKIPPED
            for f in self.findings
        )

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, probe: str) -> Finding:
        """Return the finding of a probe by its name.

        Raises:
            ArgumentError: no probe of that name was run.
        """
        for finding in self.findings:
            if finding.probe == probe:
                return finding
        names = ", ".join(finding.probe for finding in self.findings)
        raise ArgumentError(
            explain(
                "probe",
                found=repr(probe),
                expected=f"one of: {names}",
                remedy="print the report to see what was run",
            )
        )

    def raise_if_failed(self) -> None:
        """Raise unless every probe passed or was skipped.

        Raises:
            VerificationError: the message holds the whole table.
        """
        if not self.ok:
            raise VerificationError(
                explain(
                    "verify",
                    found=f"failed: {', '.join(self.failed)}",
                    expected="no probe that fails",
                    remedy="read what each of them says below",
                )
                + f"\n{self}"
            )

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain values, for JSON."""
        return {
            "subject": self.subject,
            "ok": self.ok,
            "witnessed": self.witnessed,
            "seconds": round(self.seconds, 3),
            "findings": [
                {
                    "probe": f.probe,
                    "status": f.status.value.lower(),
                    "value": f.value
                    if f.value is None or isfinite(f.value)
                    else str(f.value),
                    "criterion": f.criterion,
                    "meaning": f.meaning,
                    "remedy": f.remedy,
                }
                for f in self.findings
            ],
        }

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        rows = [
            (f.probe, f.status.value, _number(f.value), f.criterion)
            for f in self.findings
        ]
        head = ("probe", "", "value", "criterion")
        widths = [max(len(row[k]) for row in (head, *rows)) for k in range(4)]
        lines = [self.subject, "", _row(head, widths)]
        for finding, row in zip(self.findings, rows, strict=True):
            lines.append(_row(row, widths))
            said = f"{finding.meaning} {finding.remedy}".strip()
            lines += [f"    {line}" for line in wrap(said, TEXT_WIDTH)]
        unproved = "; no witness: that it is the right equation is not proved"
        counts = {s: sum(f.status is s for f in self.findings) for s in Status}
        lines += [
            "",
            f"{counts[Status.PASSED]} passed, {counts[Status.FAILED]} failed, "
            f"{counts[Status.SKIPPED]} skipped in {self.seconds:.1f} s"
            + (unproved if self.ok and not self.witnessed else ""),
        ]
        return "\n".join(lines)


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    pairs = zip(cells, widths, strict=True)
    return "  ".join(cell.ljust(width) for cell, width in pairs).rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
