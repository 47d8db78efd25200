"""One GPU that can be read."""

from collections.abc import Callable

from physbias.energy.integration.aliasing import known_window
from physbias.energy.sensors.binding import (
    AVERAGE_WINDOW,
    KnowsConditions,
    KnowsMore,
    NvmlBinding,
)
from physbias.energy.sensors.condition import Condition
from physbias.energy.sensors.cuda import GpuIdentity
from physbias.energy.sensors.probe import (
    DeviceKind,
    ProbeInfo,
    ReadError,
    Scope,
    SensorError,
    Source,
)

_MODULES = ("GH200", "GB200")


class NvmlProbe:
    """One GPU behind a binding.

    Args:
        binding: the binding.
        gpu: which GPU.
        label: short name, such as ``GPU 0``.
        error: systematic uncertainty of its sensor.
        proven: whether the mapping to this GPU is certain.
        whole: whether the process uses all of it.

    Raises:
        ReadError: neither energy nor power can be read.
    """

    def __init__(
        self,
        binding: NvmlBinding,
        gpu: GpuIdentity,
        *,
        label: str,
        error: SensorError,
        proven: bool = True,
        whole: bool = True,
    ) -> None:
        self._binding = binding
        self._index = gpu.index
        self._key = (binding, gpu.uuid)
        self._more = binding if isinstance(binding, KnowsMore) else None
        reader, plain, module = _best_power(binding, gpu.index)
        refused = _answers(binding.energy, gpu.index)
        if refused is not None and plain is not None:
            text = f"energy: {refused}; power: {plain}"
            raise ReadError(text)
        self.power_field = reader
        whole_module = module or any(part in gpu.name for part in _MODULES)
        self._info = ProbeInfo(
            uuid=gpu.uuid,
            name=gpu.name,
            label=label,
            kind=DeviceKind.GPU,
            counter=Source.COUNTER if refused is None else None,
            power=plain is None,
            power_average=AVERAGE_WINDOW
            if gpu.averaged and reader == binding.plain_power
            else None,
            scope=Scope.MODULE if whole_module else Scope.GPU,
            sensor_window=known_window(gpu.name),
            power_limit=gpu.power_limit,
            error=error,
            proven=proven,
            whole=whole,
        )

    @property
    def info(self) -> ProbeInfo:
        """What is known of the GPU before it is read."""
        return self._info

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` reads the same board through the same binding."""
        if not isinstance(other, NvmlProbe):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def adopt(self, info: ProbeInfo) -> None:
        """Take ``info`` for what is known of the GPU, from a calibration."""
        self._info = info

    def condition(self) -> Condition:
        """Return temperature and P-state, as far as the binding can tell."""
        if not isinstance(self._binding, KnowsConditions):
            return Condition()
        return self._binding.condition(self._index)

    def past_power(self) -> list[tuple[float, float]]:
        """Return ages [s] and powers [W] of the readings that the driver kept."""
        return [] if self._more is None else self._more.past_power(self._index)

    def energy(self) -> float:
        """Return the total-energy counter [J]."""
        return self._binding.energy(self._index)

    def power(self) -> float:
        """Return the power of the last window if offered, else the plain one [W]."""
        return self.power_field(self._index)


def _answers(read: Callable[[int], object], index: int) -> ReadError | None:
    try:
        read(index)
    except ReadError as error:
        return error
    return None


def _best_power(
    binding: NvmlBinding, index: int
) -> tuple[Callable[[int], float], ReadError | None, bool]:
    """Return what to read for power, why there is none, and if it is the module's."""
    if _answers(binding.instant_power, index) is None:
        return binding.instant_power, None, False
    if isinstance(binding, KnowsMore) and _answers(binding.module_power, index) is None:
        return binding.module_power, None, True
    return binding.plain_power, _answers(binding.plain_power, index), False
