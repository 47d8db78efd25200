"""The records of all processes of a job, through the store of its process group."""

import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from physbias.energy.job.merge import merge
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.job import Origin
from physbias.energy.record.record import EnergyRecord

_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.2
_COLLECT = 0.9


class Store(Protocol):
    """What is needed of the key-value store of a process group."""

    def set(self, key: str, value: bytes, /) -> None:
        """Put a value."""
        ...

    def get(self, key: str, /) -> bytes:
        """Return a value that is there."""
        ...

    def check(self, keys: list[str], /) -> bool:
        """Return whether all keys are there."""
        ...

    def delete_key(self, key: str, /) -> bool:
        """Remove a value."""
        ...


class Exchange:
    """Brings the records of all ranks together, again and again.

    Rank 0 collects and merges, the others take its result; one that sees none in time
    merges what is there by itself. Nothing but the store is used: no tensor, no
    collective of the group, nothing on a GPU.

    Args:
        store: the store.
        rank: place of this process.
        size: number of processes [1].
        rounds: rounds of this process so far, with other stores too [1].
    """

    def __init__(self, store: Store, rank: int, size: int, *, rounds: int = 0) -> None:
        self.store, self.rank, self.size = store, rank, size
        self.rounds = rounds

    def gather(self, record: EnergyRecord, timeout: float) -> EnergyRecord:
        """Return the merged record; after ``timeout`` [s] that of who answered.

        Args:
            record: the record of this process.
            timeout: longest time to wait [s].
        """
        self.rounds += 1
        start = time.monotonic()
        self.store.set(self._key(self.rank), _pack(record))
        result = self._key("all")
        if self.rank == 0:
            merged = self._collect(record, start + _COLLECT * timeout)
            self.store.set(result, _pack(merged))
        else:
            there = self._wait([result], start + timeout)
            merged = _unpack(self.store.get(result)) if there else None
            if merged is None or record.origin not in _origins(merged):
                merged = self._collect(record, start + timeout)
        self._forget()
        return _remark(merged)

    def _collect(self, record: EnergyRecord, deadline: float) -> EnergyRecord:
        keys = {r: self._key(r) for r in range(self.size) if r != self.rank}
        self._wait(list(keys.values()), deadline)
        there = [key for key in keys.values() if self.store.check([key])]
        return merge([record, *(_unpack(self.store.get(key)) for key in there)])

    def _wait(self, keys: Sequence[str], deadline: float) -> bool:
        """Return whether all keys were there in time."""
        pause, waiting = _FIRST_PAUSE, keys
        while waiting := [key for key in waiting if not self.store.check([key])]:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    def _forget(self) -> None:
        """Remove what this process put two rounds ago; nobody reads it any more."""
        old = self.rounds - 2
        if old > 0:
            self.store.delete_key(self._key(self.rank, old))
            if self.rank == 0:
                self.store.delete_key(self._key("all", old))

    def _key(self, name: int | str, number: int | None = None) -> str:
        return f"physbias.energy/{number or self.rounds}/{name}"


def gather(record: EnergyRecord, timeout: float) -> EnergyRecord:
    """Return the record of the job that this process belongs to.

    Every process of the default process group has to call it equally often. A process
    that has no others gets its own record back. Where there is no group but a launcher
    has started others, or where the store fails, the record of this process stands
    alone, with a flag that names the missing ranks.

    Args:
        record: the record of this process.
        timeout: longest time to wait for the others [s].
    """
    try:
        exchange = _default_exchange()
        if _size(record, exchange) == 1:
            return record
        if exchange is None:
            return merge([record])
        if record.origin is not None:
            place = {"rank": exchange.rank, "world_size": exchange.size}
            record = replace(record, origin=replace(record.origin, **place))
        return exchange.gather(record, timeout)
    except Exception as error:  # noqa: BLE001 - the record outlives its group
        text = f"the store of the process group failed ({error!r})"
        alone = merge([record])
        flags = (*alone.flags, Flag(FlagCode.NODE_INCOMPLETE, text))
        return replace(alone, flags=flags)


_exchange: Exchange | None = None


def _default_exchange() -> Exchange | None:
    """Return the exchange over the default group; ``None`` where there is none."""
    global _exchange
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available():
        return None
    if not distributed.is_initialized():
        return None
    store = distributed.distributed_c10d._get_default_store()
    rank, size = distributed.get_rank(), distributed.get_world_size()
    if _exchange is None or _exchange.store is not store:
        rounds = 0 if _exchange is None else _exchange.rounds
        _exchange = Exchange(store, rank, size, rounds=rounds)
    return _exchange


def _size(record: EnergyRecord, exchange: Exchange | None) -> int:
    """Return the number of processes of the job [1]."""
    if exchange is not None:
        return exchange.size
    size = None if record.origin is None else record.origin.world_size
    return size or 1


def _remark(merged: EnergyRecord) -> EnergyRecord:
    """Return the record with a flag if the blocks were not run at the same time."""
    ranks = () if merged.job is None else merged.job.ranks
    apart = [
        one.rank
        for one in ranks
        if any(
            one.end_seconds < other.start_seconds
            or one.start_seconds > other.end_seconds
            for other in ranks
        )
    ]
    if not apart:
        return merged
    names = ", ".join(map(str, apart))
    text = (
        f"by the wall clock the blocks of rank {names} did not run at the same time; "
        "every rank has to call gather equally often"
    )
    flag = Flag(FlagCode.NODE_INCOMPLETE, text)
    return replace(merged, flags=tuple(dict.fromkeys((*merged.flags, flag))))


def _origins(merged: EnergyRecord) -> list[Origin | None]:
    return [member.origin for member in merged.members]


def _pack(record: EnergyRecord) -> bytes:
    return zlib.compress(record.to_json().encode())


def _unpack(data: bytes) -> EnergyRecord:
    return EnergyRecord.from_json(zlib.decompress(data).decode())
