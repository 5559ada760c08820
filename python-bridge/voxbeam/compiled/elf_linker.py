"""From what LLVM gives, relocatable objects in ELF, to one block of machine code that runs at any address."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_ALIGNMENT = 64
_SHT_PROGBITS, _SHT_SYMTAB, _SHT_RELA, _SHT_NOBITS = 1, 2, 4, 8
_SHF_ALLOC, _SHF_WRITE = 2, 1
#: STB_GLOBAL and STT_FUNC; what a function calls is local or weak.
_GLOBAL_FUNCTION = 0x12
#: R_X86_64_PC32 and R_X86_64_PLT32: 32 bits, relative to the place itself.
_RELATIVE = (2, 4)


class LinkError(ValueError):
    """Something in an object that is not pure code and constants: it would need more than a place in memory."""


@dataclass(frozen=True)
class _Section:
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int


def link(objects: dict[str, bytes]) -> tuple[bytes, dict[str, int]]:
    """Put objects of one function each one behind the other.

    Parameters
    ----------
    objects
        x86-64 objects by the name of their function.

    Returns
    -------
    bytes, dict
        The code, and where in it each function begins.

    Raises
    ------
    LinkError
        One needs a symbol or a relocation that it does not hold itself.
    """
    code = bytearray()
    entries: dict[str, int] = {}
    for name, data in objects.items():
        code += bytes(-len(code) % _ALIGNMENT)
        entries[name] = len(code) + _place(data, code)
    return bytes(code), entries


def _place(data: bytes, code: bytearray) -> int:
    """Append the sections of one object, relocated; returns where its function begins in what was appended."""
    if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 18)[0] != 62:
        raise LinkError("not an object for x86-64")
    sections = _sections(data)
    begin, part, places = len(code), bytearray(), {}
    for number, section in enumerate(sections):
        if section.flags & _SHF_ALLOC and section.size:
            if section.kind == _SHT_NOBITS or section.flags & _SHF_WRITE:
                if _is_referred_to(data, sections, number):
                    raise LinkError("it has variables")
                continue
            part += bytes(-len(part) % max(section.alignment, 1))
            places[number] = len(part)
            part += data[section.offset : section.offset + section.size]
    symbols = next(section for section in sections if section.kind == _SHT_SYMTAB)
    for section in sections:
        if section.kind == _SHT_RELA and section.info in places:
            _relocate(data, section, symbols, places, part)
    functions = []
    for at in range(symbols.offset, symbols.offset + symbols.size, 24):
        _, info, _, home, value, _ = struct.unpack_from("<IBBHQQ", data, at)
        if info == _GLOBAL_FUNCTION and home in places:
            functions.append(places[home] + value)
    if len(functions) != 1:
        raise LinkError(f"it has {len(functions)} functions")
    code += part
    assert len(code) == begin + len(part)
    return int(functions[0])


def _sections(data: bytes) -> list[_Section]:
    (start,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    found = []
    for number in range(count):
        fields = struct.unpack_from("<IIQQQQIIQQ", data, start + number * size)
        _, kind, flags, _, offset, length, linked, info, alignment, _ = fields
        found.append(_Section(kind, flags, offset, length, linked, info, alignment))
    return found


def _is_referred_to(data: bytes, sections: list[_Section], number: int) -> bool:
    symbols = next(section for section in sections if section.kind == _SHT_SYMTAB)
    for section in sections:
        if section.kind == _SHT_RELA and sections[section.info].flags & _SHF_ALLOC:
            for at in range(section.offset, section.offset + section.size, 24):
                _, kind, _ = struct.unpack_from("<QQq", data, at)
                if struct.unpack_from("<IBBHQQ", data, symbols.offset + 24 * (kind >> 32))[3] == number:
                    return True
    return False


def _relocate(data: bytes, section: _Section, symbols: _Section, places: dict[int, int], part: bytearray) -> None:
    for at in range(section.offset, section.offset + section.size, 24):
        offset, kind, addend = struct.unpack_from("<QQq", data, at)
        _, _, _, home, value, _ = struct.unpack_from("<IBBHQQ", data, symbols.offset + 24 * (kind >> 32))
        if kind & 0xFFFFFFFF not in _RELATIVE or home not in places:
            raise LinkError(f"a relocation of kind {kind & 0xFFFFFFFF}")
        where = places[section.info] + offset
        struct.pack_into("<i", part, where, places[home] + value + addend - where)
