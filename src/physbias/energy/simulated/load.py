"""Work of known times on a simulated queue, to calibrate a simulated board."""

from collections.abc import Sequence

from physbias.energy.calibration.load import Busy
from physbias.energy.simulated.streams import SimulatedStream


class SimulatedLoad:
    """Work on a simulated queue, for :func:`~physbias.energy.calibrate`.

    Args:
        stream: the queue, which is the trace of the board as well.
        light: power of light work [W].
        heavy: power of heavy work [W].
    """

    def __init__(
        self, stream: SimulatedStream, *, light: float = 180.0, heavy: float = 300.0
    ) -> None:
        self._stream = stream
        self._watts = {"light": light, "heavy": heavy}
        self._spans: list[Busy] = []

    def begin(self, seconds: float, level: str) -> None:
        """Queue ``seconds`` [s] of work; return at once."""
        start = self._stream.end
        self._stream.launch(seconds, self._watts[level])
        self._spans.append(Busy(start, start + seconds, level))

    def spans(self) -> Sequence[Busy]:
        """Return when the board works, after waiting for it."""
        self._stream.synchronize()
        return tuple(self._spans)
