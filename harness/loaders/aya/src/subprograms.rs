// SPDX-License-Identifier: Apache-2.0
//! The functions that aya appends to a program. The verifier counts instructions in the whole, reports count in functions.
use std::collections::HashMap;

use aya_obj::{Function, Object};

use crate::frames::FRAME_SUBPROGRAM;
use crate::wire::Message;

/// A function in the instructions of a program.
pub struct Subprogram {
    program: String,
    function: String,
    offset: usize,
    instructions: usize,
}

impl Subprogram {
    /// Whether it was appended to this program.
    pub fn belongs_to(&self, program: &str) -> bool {
        self.program == program
    }

    /// Sends it to the host.
    pub fn send(&self) {
        let message = Message::new(FRAME_SUBPROGRAM).u32(self.instructions as u32).u32(self.offset as u32);
        message.string(&self.program).string(&self.function).send();
    }
}

fn btf_id(function: &Function) -> Option<u32> {
    function.func_info.func_info.first().map(|info| info.type_id)
}

/// Links an object that aya can load, and lists what it appended. Functions without BTF are not found.
pub fn list(elf: &[u8]) -> Vec<Subprogram> {
    let Ok(mut object) = Object::parse(elf) else { return Vec::new() };
    let named = |function: &Function| Some((btf_id(function)?, (function.name.clone(), function.instructions.len())));
    let functions: HashMap<u32, (String, usize)> = object.functions.values().filter_map(named).collect();
    let sections = object.functions.keys().map(|(section, _)| *section).collect();
    if object.relocate_calls(&sections).is_err() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (name, program) in &object.programs {
        let linked = object.functions.get(&program.function_key());
        let parts = linked.map_or(&[][..], |function| &function.func_info.func_info);
        let subprogram = |part: &aya_obj::generated::bpf_func_info| {
            let (function, instructions) = functions.get(&part.type_id)?;
            let (program, function) = (name.clone(), function.clone());
            Some(Subprogram { program, function, offset: part.insn_off as usize, instructions: *instructions })
        };
        found.extend(parts.iter().skip(1).filter_map(subprogram));
    }
    found
}
