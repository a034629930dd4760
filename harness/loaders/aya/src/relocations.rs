// SPDX-License-Identifier: Apache-2.0
//! What aya does with the CO-RE relocations of an object. aya prints nothing about them, so the instructions are compared with those of
//! the file.
use std::collections::BTreeMap;

use aya::Btf;
use aya_obj::Object;
use aya_obj::generated::bpf_insn;

use crate::failure::chain;
use crate::frames::{FRAME_CORE_RELOCATION, RELOCATION_FAILED, RELOCATION_PATCHED, RELOCATION_POISONED};
use crate::object_file::{CoreRelocation, core_relocations, instruction_index, without_later_relocations};
use crate::wire::Message;

/// BPF_JMP | BPF_CALL with the id of a helper that does not exist.
const CALL: u8 = 0x85;
const NO_HELPER: i32 = 0x0bad_2310;
const CLASS_BITS: u8 = 0x07;
const LOAD_IMMEDIATE: u8 = 0x00;
const LOADS_AND_STORES: [u8; 3] = [0x01, 0x02, 0x03];

type Functions = BTreeMap<(usize, u64), (String, Vec<bpf_insn>)>;

/// One relocation with its outcome.
pub struct Outcome {
    outcome: u32,
    insn: u32,
    from: u64,
    to: u64,
    function: String,
    is_program: bool,
    text: String,
}

impl Outcome {
    /// Whether the relocation is in the program, or in a function that programs may call.
    pub fn concerns(&self, program: &str) -> bool {
        !self.is_program || self.function == program
    }

    /// Sends it to the host.
    pub fn send(&self) {
        let message = Message::new(FRAME_CORE_RELOCATION).u32(self.outcome).u32(self.insn).u64(self.from).u64(self.to);
        message.string(&self.function).text(&self.text).send();
    }
}

/// Parses the object and does what `EbpfLoader::load()` does before it relocates.
fn parse(elf: &[u8]) -> Option<Object> {
    let mut object = Object::parse(elf).ok()?;
    if let Some(features) = aya::features().btf() {
        object.fixup_and_sanitize_btf(features).ok()?;
    }
    Some(object)
}

fn functions_of(object: &Object) -> Functions {
    let named = |function: &aya_obj::Function| (function.name.clone(), function.instructions.clone());
    object.functions.iter().map(|(key, function)| (*key, named(function))).collect()
}

/// The value that a relocation changes: the offset of a load or store, else the immediate, which has 64 bits in two instructions.
fn value_of(code: &[bpf_insn], index: usize) -> u64 {
    let Some(insn) = code.get(index) else { return 0 };
    let class = insn.code & CLASS_BITS;
    if LOADS_AND_STORES.contains(&class) {
        return i64::from(insn.off) as u64;
    }
    let high = code.get(index + 1).filter(|_| class == LOAD_IMMEDIATE);
    high.map_or(i64::from(insn.imm) as u64, |high| u64::from(insn.imm as u32) | u64::from(high.imm as u32) << 32)
}

/// The number of relocations that aya applies before the one that fails.
fn applied_before_failure(elf: &[u8], relocations: &[CoreRelocation], btf: &Btf) -> usize {
    let fails_with = |count: usize| {
        let cut = count.checked_sub(1).and_then(|last| without_later_relocations(elf, &relocations[last]));
        cut.and_then(|bytes| parse(&bytes)).is_some_and(|mut object| object.relocate_btf(btf).is_err())
    };
    let counts: Vec<usize> = (1..=relocations.len()).collect();
    counts.partition_point(|count| !fails_with(*count))
}

/// Relocates the object with aya-obj and compares each instruction before and after. Returns nothing for an object that aya cannot parse.
pub fn relocate(elf: &[u8], btf: &Btf) -> Vec<Outcome> {
    let Some(mut object) = parse(elf) else { return Vec::new() };
    let Some(relocations) = core_relocations(elf) else { return Vec::new() };
    let before = functions_of(&object);
    let error = object.relocate_btf(btf).err().map(|error| chain(&error));
    let applied = if error.is_some() { applied_before_failure(elf, &relocations, btf) } else { relocations.len() };
    let after = functions_of(&object);
    let outcome_of = |(position, relocation): (usize, &CoreRelocation)| {
        let (key, (function, old)) = before.range(..=(relocation.section, relocation.offset)).next_back()?;
        let new = &after.get(key)?.1;
        let insn = instruction_index(relocation.offset, key.1);
        let index = usize::try_from(insn).ok().filter(|index| *index < old.len() && key.0 == relocation.section)?;
        let is_failed = position == applied;
        let is_poisoned = new[index].code == CALL && new[index].imm == NO_HELPER;
        Some(Outcome {
            outcome: if is_failed {
                RELOCATION_FAILED
            } else if is_poisoned {
                RELOCATION_POISONED
            } else {
                RELOCATION_PATCHED
            },
            insn: insn as u32,
            from: if is_poisoned { 0 } else { value_of(old, index) },
            to: if is_failed || is_poisoned { 0 } else { value_of(new, index) },
            function: function.clone(),
            is_program: object.programs.contains_key(function),
            text: error.as_ref().filter(|_| is_failed).cloned().unwrap_or_default(),
        })
    };
    relocations.iter().enumerate().take(applied + 1).filter_map(outcome_of).collect()
}
