// SPDX-License-Identifier: Apache-2.0
//! Facts of the object file that aya-obj does not tell: names of sections, and the places of CO-RE relocations.
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};

const FUNCTION_CODE_BYTES: u64 = 8;
/// Offsets in struct btf_header and struct btf_ext_header of the kernel's include/uapi/linux/btf.h and libbpf's libbpf_internal.h.
const HEADER_LENGTH: usize = 4;
const STRINGS_OFFSET: usize = 16;
const RELOCATIONS_OFFSET: usize = 24;
const RELOCATIONS_LENGTH: usize = 28;

/// A CO-RE relocation of the object.
pub struct CoreRelocation {
    /// Index of the section with the instruction.
    pub section: usize,
    /// Offset of the instruction in the section.
    pub offset: u64,
    /// Offsets in the file: of the number of relocations for the section, and of the end of this relocation.
    count_at: usize,
    end: usize,
    /// Its place among the relocations for the section, from 1.
    number: u32,
}

/// A symbol with data: a global variable.
pub struct Variable {
    /// Its name in the symbol table.
    pub name: String,
    /// Offset in its section.
    pub start: usize,
    /// The initial value; zeros if the section has no bytes in the file.
    pub value: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    word.try_into().ok().map(u32::from_le_bytes)
}

/// The name of the section with this index; empty for a file that cannot be read.
pub fn section_name(elf: &[u8], index: usize) -> String {
    object::File::parse(elf)
        .and_then(|file| file.section_by_index(object::SectionIndex(index))?.name().map(str::to_owned))
        .unwrap_or_default()
}

/// The variable of a section that has all bytes from `offset` to `offset + length`.
pub fn variable_at(elf: &[u8], section: &str, offset: usize, length: usize) -> Option<Variable> {
    let file = object::File::parse(elf).ok()?;
    let section = file.section_by_name(section)?;
    let symbol = file.symbols().find(|symbol| {
        let (start, size) = (symbol.address() as usize, symbol.size() as usize);
        symbol.section_index() == Some(section.index()) && start <= offset && offset + length <= start.saturating_add(size) && size > 0
    })?;
    let (start, size) = (symbol.address() as usize, symbol.size() as usize);
    let data = section.data().ok()?;
    let value = data.get(start..start + size).map_or_else(|| vec![0; size], <[u8]>::to_vec);
    Some(Variable { name: symbol.name().ok()?.to_owned(), start, value })
}

/// All CO-RE relocations in the order of the file. None if .BTF.ext has no such part, or is damaged.
pub fn core_relocations(elf: &[u8]) -> Option<Vec<CoreRelocation>> {
    let file = object::File::parse(elf).ok().filter(|file| file.endianness() == Endianness::Little)?;
    let btf = file.section_by_name(".BTF")?.data().ok()?;
    let strings = (u32_at(btf, HEADER_LENGTH)? + u32_at(btf, STRINGS_OFFSET)?) as usize;
    let name_at = |offset: u32| {
        let name = btf.get(strings + offset as usize..)?;
        name.get(..name.iter().position(|byte| *byte == 0)?)
    };
    let (at, _) = file.section_by_name(".BTF.ext")?.file_range()?;
    let begin = at as usize;
    let first = begin + (u32_at(elf, begin + HEADER_LENGTH)? + u32_at(elf, begin + RELOCATIONS_OFFSET)?) as usize;
    let end = first + u32_at(elf, begin + RELOCATIONS_LENGTH)? as usize;
    let size = u32_at(elf, first).filter(|size| *size >= 16)? as usize;
    let mut found = Vec::new();
    let mut next = first + 4;
    while next + 8 < end {
        let name = name_at(u32_at(elf, next)?)?;
        let count_at = next + 4;
        let section = file.sections().filter(|section| section.name_bytes() == Ok(name)).last()?.index().0;
        next += 8;
        for number in 1..=u32_at(elf, count_at)? {
            let offset = u64::from(u32_at(elf, next)?);
            next += size;
            found.push(CoreRelocation { section, offset, count_at, end: next, number });
        }
    }
    Some(found)
}

/// A copy of the file that ends its CO-RE relocations with this one.
pub fn without_later_relocations(elf: &[u8], last: &CoreRelocation) -> Option<Vec<u8>> {
    let (at, _) = object::File::parse(elf).ok()?.section_by_name(".BTF.ext")?.file_range()?;
    let begin = at as usize;
    let first = begin + (u32_at(elf, begin + HEADER_LENGTH)? + u32_at(elf, begin + RELOCATIONS_OFFSET)?) as usize;
    let mut copy = elf.to_vec();
    copy.get_mut(last.count_at..last.count_at + 4)?.copy_from_slice(&last.number.to_le_bytes());
    let length = u32::try_from(last.end - first).ok()?;
    copy.get_mut(begin + RELOCATIONS_LENGTH..begin + RELOCATIONS_LENGTH + 4)?.copy_from_slice(&length.to_le_bytes());
    Some(copy)
}

/// The index of the instruction with this offset in a function that begins at `start`.
pub fn instruction_index(offset: u64, start: u64) -> u64 {
    (offset - start) / FUNCTION_CODE_BYTES
}
