"""The callback in real trainings of Lightning, on one small model."""

import warnings
from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from physbias.energy import EnergyMeter, SensorUnavailableWarning, Status
from physbias.energy.simulated import Constant, SimulatedGpu, simulate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Lightning's own imports warn
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers.logger import Logger

    from physbias.energy.integrations.lightning import EnergyCallback

# Lightning warns of its own imports, of few workers and of short epochs
pytestmark = pytest.mark.filterwarnings("ignore:::lightning", "ignore:::torch")


class Model(LightningModule):
    """Takes 1 s of virtual time per training batch and 0.5 s per validation batch."""

    def __init__(self, clock, error=None):
        super().__init__()
        self.clock, self.error = clock, error
        self.layer = torch.nn.Linear(2, 1)

    def training_step(self, batch, index):
        self.clock.sleep(1.0)
        if self.error is not None and index == 2:
            raise self.error
        return self.layer(batch[0]).square().mean()

    def validation_step(self, batch, index):
        self.clock.sleep(0.5)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.ones(8, 2)), batch_size=2)

    val_dataloader = train_dataloader


class Memory(Logger):
    name, version = "memory", 0

    def __init__(self):
        super().__init__()
        self.logged = {}

    def log_metrics(self, metrics, step=None):
        self.logged |= metrics | {"step": step}

    def log_hyperparams(self, params):
        pass


def train(tmp_path, machine, error=None, **options):
    energy = EnergyCallback(EnergyMeter(cpu=False, machine=machine))
    memory = Memory()
    trainer = Trainer(
        accelerator="cpu",
        callbacks=[energy],
        logger=memory,
        default_root_dir=tmp_path,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        log_every_n_steps=1,
        **options,
    )
    return energy, memory, lambda: trainer.fit(Model(machine.clock, error))


def board():
    return simulate([SimulatedGpu(Constant(300.0))])


def test_training_is_measured(tmp_path):
    """Two epochs of four batches and a validation of 2 s each: 12 s at 300 W."""
    energy, memory, fit = train(
        tmp_path, board(), max_epochs=2, accumulate_grad_batches=2
    )
    fit()
    record = energy.record
    assert record.status is Status.FINISHED
    assert record.seconds == pytest.approx(12.0)
    assert record.joules == pytest.approx(3600.0, rel=2e-3)
    validation = record.region("validation")
    assert (validation.seconds, validation.count) == (pytest.approx(4.0), 2)
    units = {unit.unit: unit.count for unit in record.units}
    assert units == {"batch": 8, "step": 4}
    assert memory.logged["energy_J"] == record.joules
    assert memory.logged["energy_per_step_J"] == pytest.approx(900.0, rel=2e-3)
    assert memory.logged["step"] == 4


@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [
        (ValueError("mine"), ValueError, Status.FAILED),
        # Lightning itself makes an exit of an interrupt
        (KeyboardInterrupt(), SystemExit, Status.INTERRUPTED),
    ],
)
def test_error_ends_the_measurement_and_keeps_the_record(
    tmp_path, monkeypatch, error, raised, status
):
    monkeypatch.setattr("signal.signal", lambda *_: None)
    energy, memory, fit = train(tmp_path, board(), error, max_epochs=1)
    with pytest.raises(raised):
        fit()
    assert (energy.record.status, energy.record.error) == (status, type(error).__name__)
    assert energy.record.seconds == pytest.approx(3.0)
    assert "energy_J" not in memory.logged


def test_where_nothing_can_be_read_training_runs_with_one_warning(tmp_path):
    energy, memory, fit = train(tmp_path, simulate([]), max_epochs=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit()
    kinds = [warning.category for warning in caught]
    assert kinds.count(SensorUnavailableWarning) == 1
    assert energy.record.joules is None
    assert energy.record.reason
    assert "energy_J" not in memory.logged


def test_a_callback_measures_one_training_after_the_other(tmp_path):
    machine = board()
    energy, _, fit = train(tmp_path, machine, max_epochs=1)
    fit()
    first = energy.record
    again, _, fit = train(tmp_path, machine, max_epochs=1)
    fit()
    assert again.record.seconds == pytest.approx(first.seconds)


def test_steps_of_several_optimisers_in_one_batch_are_all_counted():
    """Manual optimisation: the trainer's own count goes up by two."""
    machine = board()
    energy = EnergyCallback(EnergyMeter(cpu=False, machine=machine))
    trainer = SimpleNamespace(global_step=10)
    energy.on_train_start(trainer, None)
    for trainer.global_step in (12, 14, 14):
        energy.on_train_batch_end(trainer, None, None, None, 0)
    energy.meter.stop()
    assert {u.unit: u.count for u in energy.record.units} == {"batch": 3, "step": 4}
