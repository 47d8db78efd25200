"""A Lightning callback that measures the training."""

from typing import Any

from physbias.energy.block.regions import Region
from physbias.energy.integrations.summary import metrics
from physbias.energy.meter import EnergyMeter
from physbias.energy.record.record import EnergyRecord
from physbias.errors import MissingExtraError, explain

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ImportError as error:
    _TEXT = explain(
        "physbias.energy.integrations.lightning",
        found="no package lightning",
        expected="lightning 2.4 or newer",
        remedy='run: pip install "physbias[lightning]"',
    )
    raise MissingExtraError(_TEXT) from error


class EnergyCallback(Callback):
    """Measures the training of a Lightning trainer, from its start to its end.

    The check of the validation before the training is left out. Validation is the
    region ``validation``; units are ``batch`` and, for steps of the optimisers,
    ``step``. At the end the energy goes to the trainer's loggers as ``energy_J``,
    ``energy_low_J``, ``energy_high_J`` and ``energy_per_step_J``. An exception or an
    interrupt ends the measurement and keeps the record. In a distributed training
    each process measures the devices that it uses.

    Args:
        meter: the meter; ``None`` for one with default options.

    Example:
        >>> energy = EnergyCallback(EnergyMeter(cpu=False, label="baseline"))
        >>> trainer = Trainer(callbacks=[energy], **options)  # doctest: +SKIP
        >>> trainer.fit(model)  # doctest: +SKIP
        >>> print(energy.record)  # doctest: +SKIP
    """

    def __init__(self, meter: EnergyMeter | None = None) -> None:
        super().__init__()
        self.meter = meter or EnergyMeter()
        self._validation: Region | None = None
        self._steps = 0

    @property
    def record(self) -> EnergyRecord:
        """The record of the last training.

        Raises:
            MeterStateError: no training has ended.
        """
        return self.meter.result

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin to measure."""
        self._steps = trainer.global_step
        self.meter.start()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - as Lightning declares it
        batch: Any,  # noqa: ANN401 - the same
        batch_idx: int,
    ) -> None:
        """Count the batch, and the steps of the optimisers."""
        self.meter.step(1, "batch")
        done, self._steps = trainer.global_step - self._steps, trainer.global_step
        if done > 0:
            self.meter.step(done)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the region of the validation."""
        if self.meter.running:
            self._validation = self.meter.region("validation")
            self._validation.__enter__()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End it."""
        if self._validation is not None:
            self._validation.__exit__(None, None, None)
            self._validation = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End the measurement, and hand the figures to the loggers."""
        self.meter.stop()
        found = metrics(self.record)
        if found:
            for logger in trainer.loggers:
                logger.log_metrics(found, step=trainer.global_step)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """End the measurement."""
        self.meter.stop(exception)
