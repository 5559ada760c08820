"""What gives its memory by DLPack, in place or box by box; tensors of torch, where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from voxbeam.errors import SourceError
from voxbeam.sources import open_source, open_sources


def values(shape=(20, 30, 40), dtype="u2") -> np.ndarray:
    return np.random.default_rng(5).integers(0, 200, shape).astype(dtype)


class Exported:
    """Memory that only DLPack gives, as tensors do; on a device it is brought over when it is asked for."""

    def __init__(self, array: np.ndarray, device=(1, 0)) -> None:
        self.array, self.device, self.copies = array, device, 0
        self.shape = array.shape

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **how):
        if self.device[0] != 1:
            assert how.get("dl_device") == (1, 0), "nobody asked for it on the processor"
            self.copies += self.array.nbytes
            return self.array.copy().__dlpack__()
        return self.array.__dlpack__(**how)

    def __getitem__(self, index):
        part = Exported(self.array[index], self.device)
        part.__class__ = type("Part", (Exported,), {})
        self.parts = [*getattr(self, "parts", []), part]
        return part


def test_memory_given_by_dlpack_is_not_copied():
    array = values()
    source = open_source(Exported(array))
    assert np.shares_memory(source.array, array)


def test_memory_of_a_device_comes_over_box_by_box():
    array = values((300, 100, 100), "f4")
    tensor = Exported(array, (2, 0))
    source = open_source(tensor)
    assert (source.array, source.dtype, source.shape) == (None, np.dtype("f4"), (300, 100, 100))
    box = ((10, 70), (0, 66), (30, 96))
    np.testing.assert_array_equal(source.read(0, box), array[10:70, 0:66, 30:96])
    assert sum(part.copies for part in tensor.parts) < array.nbytes / 2
    film = open_sources(Exported(np.stack([array, array + 1]), (2, 0)), axes="czyx")
    np.testing.assert_array_equal(film[1].read(0, box), array[10:70, 0:66, 30:96] + 1)


def test_a_tensor_that_learns_is_detached():
    class Learning(Exported):
        requires_grad = True

        def __dlpack__(self, **how):
            raise BufferError("it requires grad")

        def detach(self):
            return Exported(self.array)

    array = values()
    assert np.shares_memory(open_source(Learning(array)).array, array)


def test_floats_that_numpy_lacks_become_float32_box_by_box():
    class Short(Exported):
        """A tensor of bfloat16: the upper half of a float32."""

        dtype = "library.bfloat16"

        def __dlpack__(self, **how):
            raise BufferError("nobody knows bfloat16")

        def __getitem__(self, index):
            return Short(self.array[index])

        def detach(self):
            return self

        cpu = detach

        def float(self):
            widened.append(self.array.size)
            return (self.array.astype("u4") << 16).view("f4")

    widened: list[int] = []
    wanted = np.random.default_rng(3).standard_normal((300, 200, 100)).astype("f4")
    bits = (wanted.view("u4") >> 16).astype("u2")
    wanted = (bits.astype("u4") << 16).view("f4")
    source = open_source(Short(bits))
    assert (source.array, source.dtype, source.shape) == (None, np.dtype("f4"), (300, 200, 100))
    box = ((10, 70), (0, 66), (30, 96))
    np.testing.assert_array_equal(source.read(0, box), wanted[10:70, 0:66, 30:96])
    assert sum(widened) == 1 + 128 * 128 * 100  # one voxel to know the dtype, and one block


def test_a_tensor_that_is_negated_when_it_is_read_is_resolved():
    class Negated(Exported):
        def is_neg(self):
            return True

        def resolve_neg(self):
            return Exported(-self.array)

    np.testing.assert_array_equal(open_source(Negated(values(dtype="i4"))).array, -values(dtype="i4"))


def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    base = torch.arange(20 * 30 * 40, dtype=torch.int32).reshape(20, 30, 40)
    in_place = [
        base, base.long(), base.short(), base % 5 == 0, base.float(), base.double(), (base % 2000).half(), base.to(torch.uint16),
        base.float().permute(2, 0, 1), base[:, ::2, ::3], base[:1].expand(20, 30, 40), base.float().requires_grad_(),
        base.float().requires_grad_() * 2, torch.nn.Parameter(base.float()),
    ]
    for tensor in in_place:
        array = open_source(tensor).array
        assert array.__array_interface__["data"][0] == tensor.data_ptr()
        np.testing.assert_array_equal(array, tensor.detach().numpy())
    whole = tuple((0, n) for n in base.shape)
    for short in (base.bfloat16(), base.bfloat16().requires_grad_(), (base % 9).float().to(torch.float8_e4m3fn)):
        np.testing.assert_array_equal(open_source(short).read(0, whole), short.detach().float().numpy())
    negated = torch.imag(torch.complex(base.float(), base.float()).conj())
    np.testing.assert_array_equal(open_source(negated).array, -base.float().numpy())
    for refused in (base.to_sparse(), base.to("meta")):
        with pytest.raises(SourceError, match="Tensor"):
            open_source(refused)
