"""A callback for the Hugging Face Trainer that measures the training."""

from functools import wraps
from typing import Any

from physbias.energy.block.regions import Region
from physbias.energy.integrations.summary import metrics
from physbias.energy.meter import EnergyMeter
from physbias.energy.record.record import EnergyRecord
from physbias.errors import MissingExtraError, explain

try:
    from transformers.trainer_callback import (
        TrainerCallback,
        TrainerControl,
        TrainerState,
    )
    from transformers.training_args import TrainingArguments
except ImportError as error:
    _TEXT = explain(
        "physbias.energy.integrations.transformers",
        found=f"no package {error.name}",
        expected="transformers with its Trainer",
        remedy='run: pip install "physbias[transformers]"',
    )
    raise MissingExtraError(_TEXT) from error


class EnergyCallback(TrainerCallback):
    """Measures the training of a Hugging Face Trainer, from its start to its end.

    Evaluation between steps is the region ``evaluation``; the unit is the ``step`` of
    the optimiser. In a distributed training each process measures the devices that it
    uses.

    The Trainer tells its callbacks neither of an exception nor how to log, so use
    :meth:`attach`. A callback that is only passed to the Trainer goes on measuring
    after an exception, until ``meter.stop()`` or the next training, and logs nothing.

    Args:
        meter: the meter; ``None`` for one with default options.

    Example:
        >>> trainer = Trainer(model, ...)  # doctest: +SKIP
        >>> energy = EnergyCallback.attach(trainer)  # doctest: +SKIP
        >>> trainer.train()  # doctest: +SKIP
        >>> print(energy.record)  # doctest: +SKIP
    """

    def __init__(self, meter: EnergyMeter | None = None) -> None:
        self.meter = meter or EnergyMeter()
        self._evaluation: Region | None = None
        self._trainer: Any = None

    @classmethod
    def attach(
        cls,
        trainer: Any,  # noqa: ANN401 - importing the Trainer's class takes seconds
        meter: EnergyMeter | None = None,
    ) -> "EnergyCallback":
        """Return a callback that has been added to ``trainer``.

        An exception or an interrupt inside ``trainer.train()`` ends the measurement,
        keeps the record and passes. At the end the energy goes through
        ``trainer.log`` as ``energy_J``, ``energy_low_J``, ``energy_high_J`` and
        ``energy_per_step_J``.

        Args:
            trainer: a ``transformers.Trainer``.
            meter: the meter; ``None`` for one with default options.
        """
        callback = cls(meter)
        callback._trainer = trainer
        trainer.add_callback(callback)
        train = trainer.train

        @wraps(train)
        def measured(*args: object, **kwargs: object) -> object:
            try:
                return train(*args, **kwargs)
            except BaseException as error:
                callback.meter.stop(error)
                raise

        trainer.train = measured
        return callback

    @property
    def record(self) -> EnergyRecord:
        """The record of the last training.

        Raises:
            MeterStateError: no training has ended.
        """
        return self.meter.result

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        """Begin to measure."""
        self.meter.stop()
        self.meter.start()

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        """Count the step, and begin the region of the evaluation if it is due."""
        self.meter.step()
        self._begin_evaluation(control)

    def on_epoch_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        """Begin the region of the evaluation if it is due."""
        self._begin_evaluation(control)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        """End it."""
        if self._evaluation is not None:
            self._evaluation.__exit__(None, None, None)
            self._evaluation = None

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: object,
    ) -> None:
        """End the measurement, and log the figures."""
        self.meter.stop()
        found = metrics(self.record)
        if found and self._trainer is not None:
            self._trainer.log(found)

    def _begin_evaluation(self, control: TrainerControl) -> None:
        if control.should_evaluate and self._evaluation is None:
            self._evaluation = self.meter.region("evaluation")
            self._evaluation.__enter__()
