"""The callback in real trainings of the Hugging Face Trainer, on one small model."""

import warnings

import pytest
import torch

from physbias.energy import EnergyMeter, SensorUnavailableWarning, Status
from physbias.energy.simulated import Constant, SimulatedGpu, simulate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own imports warn
    from transformers import Trainer, TrainerCallback, TrainingArguments

    from physbias.energy.integrations.transformers import EnergyCallback

# the Trainer pins memory and sets a scheduler up in ways that torch warns of
pytestmark = pytest.mark.filterwarnings("ignore:::torch", "ignore:::transformers")


class Model(torch.nn.Module):
    """Takes 1 s of virtual time per batch, in training and in evaluation."""

    def __init__(self, clock, error=None):
        super().__init__()
        self.clock, self.error = clock, error
        self.layer = torch.nn.Linear(2, 1)
        self.batches = 0

    def forward(self, x, labels):
        self.clock.sleep(1.0)
        self.batches += 1
        if self.error is not None and self.batches == 3:
            raise self.error
        out = self.layer(x)
        return {"loss": (out - labels).square().mean(), "logits": out}


class Memory(TrainerCallback):
    def __init__(self):
        self.logged = {}

    def on_log(self, args, state, control, logs=None, **_):
        self.logged |= logs


DATA = [{"x": torch.ones(2), "labels": torch.zeros(1)} for _ in range(8)]


def make_trainer(tmp_path, machine, error=None, **options):
    memory = Memory()
    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=2,
        per_device_eval_batch_size=4,
        num_train_epochs=2,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        **options,
    )
    trainer = Trainer(
        Model(machine.clock, error),
        arguments,
        train_dataset=DATA,
        eval_dataset=DATA,
        callbacks=[memory],
    )
    meter = EnergyMeter(cpu=False, machine=machine)
    return EnergyCallback.attach(trainer, meter), memory, trainer


def board():
    return simulate([SimulatedGpu(Constant(300.0))])


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"eval_strategy": "epoch"}, 2),
        ({"eval_strategy": "steps", "eval_steps": 2}, 4),
    ],
)
def test_training_is_measured(tmp_path, options, count):
    """8 batches of 1 s, evaluations of 2 s each, all at 300 W."""
    energy, memory, trainer = make_trainer(tmp_path, board(), **options)
    trainer.train()
    record = energy.record
    seconds = 8 + 2 * count
    assert record.status is Status.FINISHED
    assert record.seconds == pytest.approx(seconds)
    assert record.joules == pytest.approx(300.0 * seconds, rel=2e-3)
    evaluation = record.region("evaluation")
    assert evaluation.count == count
    assert evaluation.seconds == pytest.approx(2.0 * count)
    (unit,) = record.units
    assert (unit.unit, unit.count) == ("step", 8)
    assert memory.logged["energy_J"] == record.joules
    assert memory.logged["energy_per_step_J"] == unit.joules_per_unit
    assert any("energy_J" in entry for entry in trainer.state.log_history)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("mine"), Status.FAILED),
        (KeyboardInterrupt(), Status.INTERRUPTED),
    ],
)
def test_error_ends_the_measurement_keeps_the_record_and_passes(
    tmp_path, error, status
):
    energy, memory, trainer = make_trainer(tmp_path, board(), error)
    with pytest.raises(type(error)) as caught:
        trainer.train()
    assert caught.value is error
    assert not energy.meter.running
    assert (energy.record.status, energy.record.error) == (status, type(error).__name__)
    assert energy.record.seconds == pytest.approx(3.0)
    assert "energy_J" not in memory.logged


def test_where_nothing_can_be_read_training_runs_with_one_warning(tmp_path):
    energy, memory, trainer = make_trainer(tmp_path, simulate([]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.train()
    kinds = [warning.category for warning in caught]
    assert kinds.count(SensorUnavailableWarning) == 1
    assert energy.record.joules is None
    assert energy.record.reason
    assert "energy_J" not in memory.logged


def test_a_callback_that_is_only_passed_measures_but_does_not_log(tmp_path):
    machine = board()
    _, memory, trainer = make_trainer(tmp_path, machine)
    plain = EnergyCallback(EnergyMeter(cpu=False, machine=machine))
    trainer.pop_callback(EnergyCallback)
    trainer.add_callback(plain)
    trainer.train()
    assert plain.record.joules == pytest.approx(8 * 300.0, rel=2e-3)
    assert "energy_J" not in memory.logged
    trainer.train()
    assert plain.record.seconds == pytest.approx(8.0)


def test_a_callback_that_is_only_passed_begins_anew_after_an_error(tmp_path):
    machine = board()
    _, _, trainer = make_trainer(tmp_path, machine, ValueError("mine"))
    plain = EnergyCallback(EnergyMeter(cpu=False, machine=machine))
    trainer.pop_callback(EnergyCallback)
    trainer.add_callback(plain)
    with pytest.raises(ValueError, match="mine"):
        trainer.train()
    assert plain.meter.running
    trainer.train()
    assert plain.record.seconds == pytest.approx(8.0)
