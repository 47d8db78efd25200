import sys
from types import SimpleNamespace

import pytest

from physbias.energy import GpuIdentity
from physbias.energy.sensors.cuda import check_choice, choose, synchronize, visible
from physbias.errors import ArgumentError

NODE = [
    GpuIdentity(0, "GPU-aaaa0000-1", "X"),
    GpuIdentity(1, "GPU-aaaa1111-2", "X"),
    GpuIdentity(2, "GPU-bbbb2222-3", "X"),
]


@pytest.fixture(autouse=True)
def _torch_without_cuda(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)


@pytest.mark.parametrize(
    ("value", "indices"),
    [
        (None, [0, 1, 2]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("1", [1]),
        ("2,0", [2, 0]),
        (" 2 , 0 ", [2, 0]),
        ("0,0", [0]),
        ("0,7,1", [0]),
        ("1,-1,2", [1]),
        ("GPU-bbbb", [2]),
        ("gpu-BBBB2222-3", [2]),
        ("GPU-aaaa1,GPU-aaaa0", [1, 0]),
        ("GPU-aaaa", []),  # two boards begin like this
        ("GPU-cccc,1", []),
        ("MIG-GPU-bbbb2222-3/1/0", [2]),
    ],
)
def test_visible_devices_are_read_as_cuda_reads_them(value, indices):
    environ = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    assert [gpu.index for gpu in visible(NODE, environ).gpus] == indices


def test_part_of_a_board_is_marked_or_reported():
    known = visible(NODE, {"CUDA_VISIBLE_DEVICES": "MIG-GPU-bbbb2222-3/1/0"})
    assert known.sliced == {"GPU-bbbb2222-3"}
    unknown = visible(NODE, {"CUDA_VISIBLE_DEVICES": "MIG-1234"})
    assert (unknown.gpus, unknown.unresolved) == ((), ("MIG-1234",))


@pytest.mark.parametrize(
    ("environ", "proven"),
    [
        ({"CUDA_VISIBLE_DEVICES": "1"}, False),
        ({"CUDA_VISIBLE_DEVICES": "GPU-b"}, True),
        ({"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, True),
        ({}, True),
    ],
)
def test_indices_of_unlike_boards_are_certain_only_in_bus_order(environ, proven):
    node = [GpuIdentity(0, "GPU-a", "small"), GpuIdentity(1, "GPU-b", "large")]
    assert visible(node, environ).proven is proven


@pytest.mark.parametrize(
    ("devices", "indices"),
    [
        ("node", [0, 1, 2]),
        ("used", [2, 1]),
        ([0], [2]),  # counted as the process counts
        (["cuda:1", 1], [1]),
        (["GPU-aaaa0"], [0]),
        ([SimpleNamespace(type="cuda", index=None)], [2]),
    ],
)
def test_choice_of_devices(devices, indices):
    environ = {"CUDA_VISIBLE_DEVICES": "2,1"}
    assert [gpu.index for gpu in choose(devices, NODE, environ).gpus] == indices


def test_entry_that_names_no_gpu_is_reported():
    assert choose([5], NODE, {}).unresolved == ("5",)


@pytest.mark.parametrize(
    "devices",
    ["all", 3, [1.5], [True], None, [-1], "cpu", "cuda:x", ["foo"], "", "cuda:-1"],
)
def test_wrong_choice_is_refused(devices):
    with pytest.raises(ArgumentError, match=r"devices: found .*expected \"used\""):
        check_choice(devices)


@pytest.mark.parametrize(
    "name", ["cuda:1", "cuda", "1", "GPU-aaaa", "MIG-GPU-bbbb2222-3/1/0"]
)
def test_single_name_stands_for_a_list_of_one(name):
    assert check_choice(name) == (name,)


def test_only_the_wrong_entry_is_named():
    with pytest.raises(ArgumentError, match="found 'cuda:x', expected"):
        check_choice(["cuda:0", "cuda:x"])


class FakeCuda:
    """torch.cuda of a process that sees two boards and has memory on the second."""

    def __init__(self, *, initialized=True, capturing=False):
        self.initialized, self.capturing = initialized, capturing
        self.synchronized = []

    def is_initialized(self):
        return self.initialized

    def is_current_stream_capturing(self):
        return self.capturing

    def device_count(self):
        return 3

    def current_device(self):
        return 0

    def memory_reserved(self, index):
        return 1024 if index == 1 else 0

    def synchronize(self, index):
        self.synchronized.append(index)

    def get_device_properties(self, index):
        return SimpleNamespace(uuid=["bbbb2222-3", "aaaa0000-1", "aaaa1111-2"][index])


def test_devices_are_mapped_by_uuid_once_torch_runs_cuda(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=FakeCuda()))
    chosen = choose("used", NODE, {"CUDA_VISIBLE_DEVICES": "0"})
    assert [gpu.index for gpu in chosen.gpus] == [2, 0, 1]


def test_devices_without_uuid_are_mapped_by_bus(monkeypatch):
    node = [
        GpuIdentity(0, "GPU-a", "X", bus=(0, 0x3B, 0)),
        GpuIdentity(1, "GPU-b", "X", bus=(0, 0x86, 0)),
    ]
    places = [(0, 0x86, 0), (0, 0x3B, 0)]
    cuda = FakeCuda()
    cuda.device_count = lambda: len(places)
    cuda.get_device_properties = lambda index: SimpleNamespace(
        pci_domain_id=places[index][0],
        pci_bus_id=places[index][1],
        pci_device_id=places[index][2],
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert [gpu.uuid for gpu in choose("used", node, {}).gpus] == ["GPU-b", "GPU-a"]


@pytest.mark.parametrize(
    ("cuda", "synchronized"),
    [
        (FakeCuda(), [0, 1]),  # the current one and the one with memory, no third
        (FakeCuda(initialized=False), []),
        (FakeCuda(capturing=True), []),
    ],
)
def test_synchronize_touches_only_devices_in_use(monkeypatch, cuda, synchronized):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    synchronize()
    assert cuda.synchronized == synchronized


def test_synchronize_without_torch_does_nothing():
    synchronize()
    assert "torch" not in sys.modules
