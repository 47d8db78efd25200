import pytest
import torch
from torch.utils.data import DataLoader

from physbias.data import Windows
from physbias.errors import ArgumentError, ShapeError

# each value names its trajectory and frame: 100 * trajectory + frame
FIELDS = (100.0 * torch.arange(3)[:, None] + torch.arange(7))[:, :, None, None, None]
FIELDS = FIELDS.expand(3, 7, 2, 4, 5)
PARAMETERS = {"Re": torch.tensor([1.0, 2.0, 3.0])}


def make(history=2, steps=3):
    return Windows(FIELDS, PARAMETERS, history=history, steps=steps)


def test_windows_are_ordered_by_trajectory_and_time():
    windows = make()
    assert len(windows) == 3 * 3
    window = windows[5]  # second trajectory, third start
    assert window.history[:, 0, 0, 0].tolist() == [102.0, 103.0]
    assert window.target[:, 1, 3, 4].tolist() == [104.0, 105.0, 106.0]
    assert window.parameters["Re"].item() == 2.0
    assert windows[-1].target[-1, 0, 0, 0].item() == 206.0


def test_batch_equals_single_windows():
    windows = make(history=3, steps=1)
    indices = torch.tensor([0, 11, 4, 7])
    batch = windows.batch(indices)
    assert batch.history.shape == (4, 3, 2, 4, 5)
    for row, index in enumerate(indices.tolist()):
        single = windows[index]
        assert torch.equal(batch.history[row], single.history)
        assert torch.equal(batch.target[row], single.target)
        assert batch.parameters["Re"][row] == single.parameters["Re"]


def test_loader_stacks_windows():
    batch = next(iter(DataLoader(make(), batch_size=4)))
    assert batch.history.shape == (4, 2, 2, 4, 5)
    assert batch.target.shape == (4, 3, 2, 4, 5)
    assert batch.parameters["Re"].tolist() == [1.0, 1.0, 1.0, 2.0]


def test_index_out_of_range_ends_iteration():
    with pytest.raises(IndexError, match="window 9 of 9"):
        make()[9]
    assert len(list(make())) == 9


@pytest.mark.parametrize(
    ("history", "steps", "message"),
    [
        (0, 1, "history: found 0, expected a whole number"),
        (1, 0, "steps: found 0"),
        (1.5, 1, "history: found 1.5"),
        (4, 4, "history and steps: found 4 and 4 on 7 frames"),
    ],
)
def test_impossible_windows_are_refused(history, steps, message):
    with pytest.raises(ArgumentError, match=message):
        make(history, steps)


def test_fields_and_parameters_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"fields: found shape \(3,\), .*unsqueeze"):
        Windows(torch.ones(3), {}, history=1, steps=1)
    with pytest.raises(ShapeError, match=r"\['Re'\]: found shape \(2,\), .*\(3,\)"):
        Windows(FIELDS, {"Re": torch.ones(2)}, history=1, steps=1)


def test_what_is_no_mapping_and_no_tensor_is_refused():
    with pytest.raises(ArgumentError, match="parameters: found None, expected Mapping"):
        Windows(FIELDS, None, history=1, steps=1)
    with pytest.raises(
        ArgumentError, match=r"indices: found \[0\], expected Tensor; use"
    ):
        make().batch([0])
    for indices in (torch.tensor([0.5]), torch.tensor(0), torch.tensor([1j])):
        with pytest.raises(
            ArgumentError, match=r"indices: found dtype .* numbers \(bat"
        ):
            make().batch(indices)
