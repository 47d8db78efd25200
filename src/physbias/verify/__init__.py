"""Proof of a user's own equation: :func:`verify` and its :class:`Report`.

The folder is called like its function, and calling it calls that: ``pb.verify(pde,
grid)`` and ``from physbias.verify import verify`` are the same.
"""

import sys
from types import ModuleType

from physbias.verify.fields import ManufacturedField
from physbias.verify.finding import Finding, Status
from physbias.verify.report import Report
from physbias.verify.runner import PROBES, verify

__all__ = ["PROBES", "Finding", "ManufacturedField", "Report", "Status", "verify"]


class _CallableModule(ModuleType):
    """A module that can be called like the function that it is named after."""

    __call__ = staticmethod(verify)


sys.modules[__name__].__class__ = _CallableModule
