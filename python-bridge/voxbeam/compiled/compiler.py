"""What runs in a process of its own: compiles all kernels, tries them, and leaves their machine code in the cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import njit, types

from voxbeam.compiled.cut_kernel import make_cut
from voxbeam.compiled.elf_linker import link
from voxbeam.compiled.image import Image
from voxbeam.compiled.pass_kernel import make_pass

#: How far it stands back behind everything else.
NICENESS = 15
_CUTS = {"cut_u8": np.uint8, "cut_u16": np.uint16, "cut_u32": np.uint32, "cut_f32": np.uint32}
_PASSES = {
    "mean_u8": (np.uint8, "mean"), "mean_u16": (np.uint16, "mean"), "mean_f32": (np.uint32, "float"),
    "mode_u8": (np.uint8, "mode"), "mode_u16": (np.uint16, "mode"), "mode_u32": (np.uint32, "mode"),
}
#: Loops that fill bytes become calls of this, which is to be in the object itself.
_MEMSET = """
define weak ptr @memset(ptr %to, i32 %value, i64 %count) {
start:
  %byte = trunc i32 %value to i8
  %none = icmp eq i64 %count, 0
  br i1 %none, label %end, label %more
more:
  %i = phi i64 [0, %start], [%next, %more]
  %at = getelementptr i8, ptr %to, i64 %i
  store volatile i8 %byte, ptr %at
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %count
  br i1 %done, label %end, label %more
end:
  ret ptr %to
}
"""


def compile_all() -> Image:
    """All kernels for this processor."""
    functions: dict[str, tuple[Any, int]] = {
        name: (make_cut(voxel, floats=name == "cut_f32"), 17) for name, voxel in _CUTS.items()
    }
    functions |= {name: (make_pass(voxel, how), 17) for name, (voxel, how) in _PASSES.items()}
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, reloc="pic", codemodel="small",
    )
    objects = {}
    compiled: Any = njit
    for name, (function, arguments) in functions.items():
        signature = types.void(*[types.int64] * arguments)
        made = compiled(signature, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
        module = llvm.parse_assembly(made.inspect_llvm(made.signatures[0]))
        module.link_in(llvm.parse_assembly(_MEMSET))
        objects[name] = machine.emit_object(module)
    code, entries = link(objects)
    return Image(code, entries)


def main(path: str) -> None:
    """Compile to `path`."""
    os.nice(NICENESS)
    compile_all().write(Path(path))
