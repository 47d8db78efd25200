"""Pictures of forecast fields."""

import torch

from physbias.study.data import read_splits
from physbias.study.snapshots import field_pictures
from physbias.study.task import make_task


def test_tracer_and_velocity_are_shown_for_every_candidate(shear_flow_files):
    task = make_task(read_splits(shear_flow_files), stride=1, device="cpu")
    truth = task.splits["test"].fields[0, 1]
    pictures = field_pictures(task, {"right": truth, "wrong": torch.zeros_like(truth)})
    assert len(pictures) == 2
    for picture, channel in zip(pictures, ("tracer", "velocity"), strict=True):
        assert channel in picture.title + picture.alt + picture.caption
        assert picture.data
