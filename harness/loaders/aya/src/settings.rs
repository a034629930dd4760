// SPDX-License-Identifier: Apache-2.0
//! The settings of a request, applied through the API of aya. What it cannot do becomes a failure about a setting.
use std::collections::HashMap;

use aya::{Btf, EbpfLoader, Endianness};

use crate::alternatives::{Alternatives, Group};
use crate::failure::{Failure, chain};
use crate::frames::{
    ABOUT_BTF, ALTERNATIVE_MAPS, FRAME_ALTERNATIVES, FRAME_ATTACH, FRAME_ATTACH_TO, FRAME_AUTOLOAD, FRAME_BTF, FRAME_INNER_MAP,
    FRAME_KCONFIG, FRAME_MAP_SETTING, FRAME_PINS, FRAME_PROGRAM_SETTING, FRAME_RUN, FRAME_VARIABLE, MAP_AUTOCREATE, MAP_CPUS, MAP_KEY_SIZE,
    MAP_MAX_ENTRIES, MAP_TYPE, PROGRAM_TYPE, WANTED_YES,
};
use crate::object_file::{Variable, variable_at};
use crate::release;
use crate::wire::Frame;

/// What the request wants beyond a plain load.
#[derive(Default)]
pub struct Settings {
    /// Whether programs are loaded; all others are.
    pub wanted: HashMap<&'static str, u32>,
    /// Targets of programs.
    pub targets: HashMap<&'static str, &'static str>,
    /// BTF for relocations instead of the kernel's.
    pub btf: Option<&'static Btf>,
    /// Whether maps stay pinned where the object pins them.
    pub pins: bool,
    /// Whether loaded programs are attached.
    pub attach: bool,
    /// Whether there are run checks.
    pub run: bool,
    /// Groups of programs of which one is loaded.
    pub alternatives: Alternatives,
    /// The settings that aya cannot fulfil.
    pub failures: Vec<Failure>,
}

type Variables = HashMap<(&'static str, usize), Variable>;

fn set_map(loader: &mut EbpfLoader<'static>, frame: &'static Frame) -> Option<Failure> {
    let mut fields = frame.fields();
    let (attribute, value, map) = (fields.u32(), fields.u32(), fields.string());
    let what = match attribute {
        MAP_MAX_ENTRIES => {
            release::set_max_entries(loader, map, value);
            return None;
        }
        MAP_CPUS => {
            release::set_max_entries(loader, map, processors());
            return None;
        }
        MAP_TYPE => "the type",
        MAP_KEY_SIZE => "the key size",
        MAP_AUTOCREATE => "whether aya creates the map",
        _ => "the value size",
    };
    Some(Failure::of_setting(map, format!("map '{map}': aya has no way to set {what}; it sets only the number of entries")))
}

/// The number of processors that the kernel may have.
pub fn processors() -> u32 {
    aya::util::nr_cpus().map_or(1, |count| count as u32)
}

/// Puts the bytes into the variable that has them. aya sets only whole variables, by name.
fn set_bytes(variables: &mut Variables, elf: &[u8], frame: &'static Frame) -> Option<Failure> {
    let mut fields = frame.fields();
    let (offset, section, bytes) = (fields.u32() as usize, fields.string(), fields.rest());
    let Some(found) = variable_at(elf, section, offset, bytes.len()) else {
        let text = format!("{section}: no variable has the {} bytes at {offset}; aya sets only variables in the symbol table", bytes.len());
        return Some(Failure::of_setting(section, text));
    };
    let variable = variables.entry((section, found.start)).or_insert(found);
    let start = offset - variable.start;
    variable.value[start..start + bytes.len()].copy_from_slice(bytes);
    None
}

fn set_btf(settings: &mut Settings, frame: &'static Frame) {
    match Btf::parse(&frame.payload, Endianness::default()) {
        Ok(btf) => settings.btf = Some(Box::leak(Box::new(btf))),
        Err(error) => settings.failures.push(Failure { about: ABOUT_BTF, ..Failure::of_setting("btf", chain(&error)) }),
    }
}

fn set_alternatives(settings: &mut Settings, frame: &'static Frame) -> Option<Failure> {
    let mut fields = frame.fields();
    if fields.u32() == ALTERNATIVE_MAPS {
        return Some(Failure::of_setting("alternatives", "aya creates every map of an object".to_owned()));
    }
    settings.alternatives.groups.push(Group::new(fields.strings()));
    None
}

/// Applies the settings to the loader that all load attempts use.
pub fn apply(loader: &mut EbpfLoader<'static>, request: &'static [Frame], elf: &[u8]) -> Settings {
    let mut settings = Settings::default();
    let mut variables = Variables::new();
    for frame in request {
        let mut fields = frame.fields();
        let failure = match frame.number {
            FRAME_MAP_SETTING => set_map(loader, frame),
            FRAME_VARIABLE => set_bytes(&mut variables, elf, frame),
            FRAME_KCONFIG => Some(Failure::of_setting("kconfig", "aya does not know externs of the kernel configuration".to_owned())),
            FRAME_ALTERNATIVES => set_alternatives(&mut settings, frame),
            FRAME_INNER_MAP => {
                let map = fields.inner_map_name();
                Some(Failure::of_setting(map, format!("map '{map}': aya has no way to set its inner maps")))
            }
            FRAME_PROGRAM_SETTING => {
                let (attribute, _value, program) = (fields.u32(), fields.u32(), fields.string());
                let what = if attribute == PROGRAM_TYPE { "type" } else { "attach type" };
                let text = format!("program '{program}': aya has no way to set the {what}; the section name decides it");
                Some(Failure::of_setting(program, text))
            }
            _ => None,
        };
        settings.failures.extend(failure);
        match frame.number {
            FRAME_AUTOLOAD => {
                let wanted = fields.u32();
                settings.wanted.insert(fields.string(), wanted);
            }
            FRAME_ATTACH_TO => {
                let program = fields.string();
                settings.targets.insert(program, fields.string());
            }
            FRAME_BTF => set_btf(&mut settings, frame),
            FRAME_PINS => settings.pins = true,
            FRAME_ATTACH => settings.attach = true,
            FRAME_RUN => settings.run = true,
            _ => {}
        }
    }
    for (_, variable) in variables {
        release::set_global(loader, Box::leak(variable.name.into_boxed_str()), Box::leak(variable.value.into_boxed_slice()));
    }
    if let Some(btf) = settings.btf {
        loader.btf(Some(btf));
    }
    settings
}

impl Settings {
    /// Whether the program is loaded: one of the constants `WANTED_*`.
    pub fn wanted(&self, program: &str) -> u32 {
        self.wanted.get(program).copied().unwrap_or(WANTED_YES)
    }
}
