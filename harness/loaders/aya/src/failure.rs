// SPDX-License-Identifier: Apache-2.0
//! What ended a load attempt: aya's own error, with the part of the object that it is about.
use std::error::Error;
use std::io;

use aya::maps::MapError;
use aya::programs::ProgramError;
use aya::{BtfError, EbpfError};
use aya_obj::generated::bpf_map_type;
use aya_obj::{Object, ParseError};

use crate::frames::{
    ABOUT_ATTACH, ABOUT_BTF, ABOUT_MAP, ABOUT_OBJECT, ABOUT_PROGRAM, ABOUT_RELOCATION, ABOUT_SETTING, FRAME_FAILURE, FRAME_VERIFIER_LOG,
    REACHED_OPEN, REACHED_PREPARE,
};
use crate::release;
use crate::wire::Message;

/// aya puts the log of the verifier into the text of an error after these words.
const BEFORE_LOG: &str = ". Verifier output:";
const MAPS_OF_MAPS: [u32; 2] = [bpf_map_type::BPF_MAP_TYPE_ARRAY_OF_MAPS as u32, bpf_map_type::BPF_MAP_TYPE_HASH_OF_MAPS as u32];

/// A failure as the host gets it.
pub struct Failure {
    /// One of the constants `ABOUT_*`.
    pub about: u32,
    /// The errno of the system call that failed, 0 without one.
    pub errno: u32,
    /// The program, map, function, section or setting; empty for the whole object.
    pub name: String,
    /// aya's error with all its causes.
    pub text: String,
    /// What the verifier printed, if it was asked.
    pub log: Option<String>,
}

impl Failure {
    /// A wish of the request that aya cannot fulfil.
    pub fn of_setting(name: &str, text: String) -> Self {
        Self { about: ABOUT_SETTING, errno: 0, name: name.to_owned(), text, log: None }
    }

    /// A program that cannot be loaded for a reason that aya was not asked about.
    pub fn of_request(program: &str, text: String) -> Self {
        Self { about: ABOUT_PROGRAM, errno: 0, name: program.to_owned(), text, log: None }
    }

    /// An error of reading the object file.
    pub fn of_parse(error: &ParseError) -> Self {
        let (about, name) = match error {
            ParseError::BtfError(_) => (ABOUT_BTF, String::new()),
            ParseError::InvalidGlobalData { name, .. } | ParseError::SymbolNotFound { name } => (ABOUT_SETTING, name.clone()),
            ParseError::InvalidMapDefinition { name } => (ABOUT_MAP, name.clone()),
            ParseError::InvalidProgramSection { section } => (ABOUT_OBJECT, section.clone()),
            _ => (ABOUT_OBJECT, String::new()),
        };
        let mut text = chain(error);
        if let ParseError::ElfError(cause) | ParseError::SectionError { error: cause, .. } = error {
            text.push_str(&format!(": {cause}"));
        }
        Self { about, errno: 0, name, text, log: None }
    }

    /// An error of `EbpfLoader::load()`, and the step at which it ends the attempt.
    pub fn of_load(error: &EbpfError) -> (u32, Self) {
        let (about, name) = match error {
            EbpfError::ParseError(cause) => {
                let failure = Self::of_parse(cause);
                let reached = if failure.about == ABOUT_SETTING { REACHED_PREPARE } else { REACHED_OPEN };
                return (reached, failure);
            }
            // A section of externs, which aya does not know.
            EbpfError::BtfError(BtfError::UnknownSectionSize { section_name }) => (ABOUT_OBJECT, section_name.clone()),
            EbpfError::BtfError(_) | EbpfError::NoBTF => (ABOUT_BTF, String::new()),
            EbpfError::RelocationError(cause) => (ABOUT_RELOCATION, quoted(&cause.to_string())),
            EbpfError::BtfRelocationError(cause) => (ABOUT_RELOCATION, cause.section.clone()),
            EbpfError::MapError(cause) => (ABOUT_MAP, map_name(cause)),
            EbpfError::ProgramError(_) => (ABOUT_PROGRAM, String::new()),
            EbpfError::FileError { .. } | EbpfError::UnexpectedPinningType { .. } => (ABOUT_OBJECT, String::new()),
        };
        let log = if let EbpfError::BtfError(cause) = error { btf_log(cause) } else { None };
        (REACHED_PREPARE, Self { about, errno: errno_of(error), name, text: chain(error), log })
    }

    /// The same failure; about the object, if the kernel refused a map of maps because aya gave it no inner map.
    pub fn without_inner_map(self, elf: &[u8]) -> Self {
        if self.about != ABOUT_MAP || release::READS_INNER_MAPS {
            return self;
        }
        let Ok(object) = Object::parse(elf) else { return self };
        let of_maps = object.maps.iter().filter(|(_, map)| MAPS_OF_MAPS.contains(&map.map_type()));
        let mut names: Vec<&String> = of_maps.map(|(name, _)| name).collect();
        if !names.contains(&&self.name) {
            return self;
        }
        // aya creates maps in no order, so another run could meet another one first.
        names.sort();
        let text = format!("map `{}`: this release of aya reads no definition of inner maps", names[0]);
        Self { about: ABOUT_OBJECT, errno: 0, name: String::new(), text, log: self.log }
    }

    /// An error of a program's own `load()`.
    pub fn of_program(program: &str, error: &ProgramError) -> Self {
        // The kernel's BTF lacks the function, tracepoint or hook.
        if let ProgramError::Btf(BtfError::UnknownBtfTypeName { .. }) = error {
            return Self { about: ABOUT_ATTACH, errno: libc::ENOENT as u32, name: program.to_owned(), text: chain(error), log: None };
        }
        let log = if let ProgramError::LoadError { verifier_log, .. } = error { Some(verifier_log.to_string()) } else { None };
        Self { about: ABOUT_PROGRAM, errno: errno_of(error), name: program.to_owned(), text: chain(error), log }
    }

    /// Sends the log of the verifier, if there is one, and the failure.
    pub fn send(&self) {
        if let Some(log) = self.log.as_deref().filter(|log| !log.is_empty()) {
            let program = if self.about == ABOUT_PROGRAM { &self.name } else { "" };
            Message::new(FRAME_VERIFIER_LOG).string(program).text(log).send();
        }
        Message::new(FRAME_FAILURE).u32(self.about).u32(self.errno).string(&self.name).text(&self.text).send();
    }
}

fn btf_log(error: &BtfError) -> Option<String> {
    match error {
        BtfError::LoadError { verifier_log, .. } => Some(verifier_log.to_string()),
        _ => None,
    }
}

fn map_name(error: &MapError) -> String {
    match error {
        MapError::CreateError { name, .. } | MapError::InvalidName { name } => name.clone(),
        MapError::PinError { name, .. } => name.clone().unwrap_or_default(),
        other => quoted(&other.to_string()),
    }
}

/// The first word of a message in backquotes, where aya names what it is about.
fn quoted(text: &str) -> String {
    text.split('`').nth(1).unwrap_or_default().to_owned()
}

/// The text of an error and of its causes, each once, without the log of the verifier.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut whole = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let text = text.find(BEFORE_LOG).map_or(text.as_str(), |end| &text[..end]);
        if whole.is_empty() {
            whole.push_str(text);
        } else if !whole.contains(text) {
            whole.push_str(": ");
            whole.push_str(text);
        }
        next = error.source();
    }
    whole
}

/// The errno of an error or of one of its causes, 0 without one.
pub fn errno_of(error: &(dyn Error + 'static)) -> u32 {
    let mut next = Some(error);
    while let Some(error) = next {
        let number = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
        if let Some(number) = number {
            return number as u32;
        }
        next = error.source();
    }
    0
}
