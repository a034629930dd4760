// SPDX-License-Identifier: Apache-2.0
//! Load attempts: the whole object, then each program alone, each from a fresh parse.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aya::{Btf, Ebpf, EbpfLoader};
use aya_obj::Object;

use crate::alternatives::Lack;
use crate::failure::Failure;
use crate::frames::{
    ATTACHED_PROGRAM, FRAME_ATTACHED, FRAME_ATTEMPT_BEGIN, FRAME_ATTEMPT_END, FRAME_LEFT_OUT, FRAME_PROGRAM, LACKS_ATTACH_TARGET,
    LACKS_PROGRAM_TYPE, REACHED_DONE, REACHED_LOAD, REACHED_OPEN, REACHED_PREPARE, WANTED_IF_SUPPORTED, WANTED_NO,
};
use crate::object_file::section_name;
use crate::programs::{Attachment, Binding};
use crate::relocations::{Outcome, relocate};
use crate::settings::Settings;
use crate::subprograms::Subprogram;
use crate::wire::{Frame, Message};
use crate::{programs, release, run_check, sections, subprograms};

const BPF_FILE_SYSTEM: &str = "/sys/fs/bpf";

/// A program of the object.
#[derive(Clone)]
struct Listed {
    name: String,
    section: String,
    instructions: usize,
}

/// The object with everything that its load attempts share.
pub struct Loading {
    elf: &'static [u8],
    loader: EbpfLoader<'static>,
    btf: Option<&'static Btf>,
    settings: Settings,
    request: &'static [Frame],
    relocations: Option<Vec<Outcome>>,
    subprograms: Option<Vec<Subprogram>>,
    /// Whether the kernel was asked what it supports, and the programs are listed.
    is_probed: bool,
}

/// Programs in the order of the file; aya keeps them in no order.
fn list(object: &Object, elf: &[u8]) -> Vec<Listed> {
    let mut found: Vec<_> = object.programs.iter().collect();
    found.sort_by_key(|(_, program)| (program.section_index, program.address));
    let listed = |(name, program): (&String, &aya_obj::Program)| Listed {
        name: name.clone(),
        section: section_name(elf, program.section_index),
        instructions: object.functions.get(&program.function_key()).map_or(0, |function| function.instructions.len()),
    };
    found.into_iter().map(listed).collect()
}

/// A folder for maps that the object pins, new for each attempt, so that no attempt finds the maps of another.
struct PinFolder {
    path: PathBuf,
    is_own: bool,
}

impl PinFolder {
    fn new(loader: &mut EbpfLoader<'static>, keep: bool) -> Self {
        let own = Path::new(BPF_FILE_SYSTEM).join("attempt");
        let is_own = !keep && fs::create_dir(&own).is_ok();
        let path = if is_own { own } else { PathBuf::from(BPF_FILE_SYSTEM) };
        release::pin_below(loader, &path);
        Self { path, is_own }
    }

    fn remove(&self, maps: &[String]) {
        for map in maps {
            // Most maps are not pinned.
            let _ = fs::remove_file(self.path.join(map));
        }
        if self.is_own {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

struct Timing {
    start: Instant,
    opened: Instant,
}

fn end(reached: u32, errno: u32, timing: &Timing) -> u32 {
    let nanoseconds = |duration: std::time::Duration| duration.as_nanos() as u64;
    let message = Message::new(FRAME_ATTEMPT_END).u32(reached).u32(errno);
    message.u64(nanoseconds(timing.opened - timing.start)).u64(nanoseconds(timing.opened.elapsed())).send();
    reached
}

fn fail(reached: u32, failure: &Failure, timing: &Timing) -> u32 {
    failure.send();
    end(reached, failure.errno, timing)
}

/// What `Loading` begins with.
pub struct Start {
    /// aya's loader with all settings.
    pub loader: EbpfLoader<'static>,
    /// The BTF of the kernel.
    pub btf: Option<&'static Btf>,
    /// The settings.
    pub settings: Settings,
}

impl Loading {
    /// The object of a request, before its first attempt.
    pub fn new(elf: &'static [u8], request: &'static [Frame], start: Start) -> Self {
        let Start { loader, btf, settings } = start;
        Self { elf, loader, btf, settings, request, relocations: None, subprograms: None, is_probed: false }
    }

    fn binding<'a>(&self, program: &'a Listed) -> Binding<'a> {
        Binding { section: &program.section, target: self.settings.targets.get(program.name.as_str()).copied(), btf: self.btf }
    }

    fn send_program(&self, program: &Listed) {
        let is_wanted = self.settings.wanted(&program.name) != WANTED_NO;
        let message = Message::new(FRAME_PROGRAM).u32(program.instructions as u32).u32(is_wanted);
        message.string(&program.name).string(&program.section).string(sections::program_type(&program.section)).send();
    }

    /// Decides whether programs are loaded that only need to load if the kernel supports them, and reports those left out.
    fn decide_supported(&mut self, listed: &[Listed]) {
        for program in listed {
            if self.settings.wanted(&program.name) != WANTED_IF_SUPPORTED {
                continue;
            }
            let is_known = release::knows_type(&program.section);
            let lacks_target = programs::lacks_target(&self.binding(program));
            let (lacks, what) = match lacks_target {
                _ if !is_known => (LACKS_PROGRAM_TYPE, sections::program_type(&program.section).to_owned()),
                Some(target) => (LACKS_ATTACH_TARGET, target),
                None => continue,
            };
            Message::new(FRAME_LEFT_OUT).u32(lacks).string(&program.name).string(&what).send();
            self.settings.wanted.insert(Box::leak(program.name.clone().into_boxed_str()), WANTED_NO);
        }
    }

    /// Leaves out alternatives that would load although the kernel lacks their targets.
    fn probe_alternatives(&mut self, listed: &[Listed]) {
        let mut alternatives = std::mem::take(&mut self.settings.alternatives);
        let lack_of = |name: &str| match listed.iter().find(|program| program.name == name) {
            None => Lack::Target,
            Some(_) if self.settings.wanted(name) == WANTED_NO => Lack::LeftOut,
            Some(program) if programs::lacks_late_target(&self.binding(program)).is_some() => Lack::Target,
            Some(_) => Lack::Nothing,
        };
        let without_target = alternatives.probe(lack_of);
        self.settings.alternatives = alternatives;
        for program in listed.iter().filter(|program| without_target.contains(&program.name.as_str())) {
            let what = self.binding(program).hook().unwrap_or_default();
            Message::new(FRAME_LEFT_OUT).u32(LACKS_ATTACH_TARGET).string(&program.name).string(what).send();
        }
    }

    fn is_loaded(&self, program: &Listed, only: Option<&str>) -> bool {
        let is_wanted = || self.settings.wanted(&program.name) != WANTED_NO && !self.settings.alternatives.is_unchosen(&program.name);
        only.map_or_else(is_wanted, |only| program.name == only)
    }

    /// Loads the programs of the attempt one after the other, up to the first that fails.
    fn load_programs(&self, ebpf: &mut Ebpf, listed: &[Listed], only: Option<&str>) -> Result<(), Failure> {
        for program in listed.iter().filter(|program| self.is_loaded(program, only)) {
            let Some(loaded) = ebpf.program_mut(&program.name) else { continue };
            programs::load(loaded, &self.binding(program)).map_err(|error| error.failure(&program.name, &program.section))?;
        }
        Ok(())
    }

    fn attach(&mut self, ebpf: &mut Ebpf, listed: &[Listed], only: Option<&str>) {
        let loaded: Vec<&Listed> = listed.iter().filter(|program| self.is_loaded(program, only)).collect();
        for program in loaded {
            let target = self.settings.targets.get(program.name.as_str()).copied();
            let (errno, detail) = match programs::attach_in(ebpf, &program.name, &program.section, target) {
                Attachment::Done => (0, String::new()),
                Attachment::LeftAlone => (libc::EOPNOTSUPP as u32, String::new()),
                Attachment::Failed { errno, detail } => {
                    self.settings.alternatives.note_unattached(&program.name);
                    (errno, detail)
                }
            };
            Message::new(FRAME_ATTACHED).u32(ATTACHED_PROGRAM).u32(errno).string(&program.name).string(&detail).send();
        }
    }

    /// One load attempt of a program, or of the whole object. Returns the step that it reached.
    fn attempt(&mut self, only: Option<&str>) -> io::Result<u32> {
        Message::new(FRAME_ATTEMPT_BEGIN).string(only.unwrap_or_default()).send();
        let start = Instant::now();
        let parsed = Object::parse(self.elf);
        let timing = Timing { start, opened: Instant::now() };
        let object = match parsed {
            Ok(object) => object,
            Err(error) => return Ok(fail(REACHED_OPEN, &Failure::of_parse(&error), &timing)),
        };
        let listed = list(&object, self.elf);
        if !self.is_probed {
            self.is_probed = true;
            self.decide_supported(&listed);
            self.probe_alternatives(&listed);
            listed.iter().for_each(|program| self.send_program(program));
        }
        if let Some((first, others)) = self.settings.failures.split_first() {
            others.iter().for_each(Failure::send);
            return Ok(fail(REACHED_PREPARE, first, &timing));
        }
        let outcomes = self.relocations.get_or_insert_with(|| {
            let btf = self.settings.btf.or(self.btf);
            btf.map_or_else(Vec::new, |btf| relocate(self.elf, btf))
        });
        outcomes.iter().filter(|outcome| only.is_none_or(|program| outcome.concerns(program))).for_each(Outcome::send);
        let maps: Vec<String> = object.maps.keys().cloned().collect();
        let pins = PinFolder::new(&mut self.loader, self.settings.pins);
        let timing = Timing { start, opened: timing.opened };
        let reached = self.load(&listed, only, &timing);
        // The guest ends soon after the whole object is loaded, and its checks may want the pins.
        if !matches!(reached, Ok(REACHED_DONE)) || only.is_some() {
            pins.remove(&maps);
        }
        reached
    }

    fn load(&mut self, listed: &[Listed], only: Option<&str>, timing: &Timing) -> io::Result<u32> {
        let mut ebpf = match self.loader.load(self.elf) {
            Ok(ebpf) => ebpf,
            Err(error) => {
                let (reached, failure) = Failure::of_load(&error);
                return Ok(fail(reached, &failure.without_inner_map(self.elf), timing));
            }
        };
        let subprograms = self.subprograms.get_or_insert_with(|| subprograms::list(self.elf));
        subprograms.iter().filter(|part| only.is_none_or(|program| part.belongs_to(program))).for_each(Subprogram::send);
        if let Err(failure) = self.load_programs(&mut ebpf, listed, only) {
            return Ok(fail(REACHED_LOAD, &failure, timing));
        }
        end(REACHED_DONE, 0, timing);
        if self.settings.attach {
            self.attach(&mut ebpf, listed, only);
        }
        if only.is_none() && self.settings.run && !self.settings.alternatives.chosen_failed() {
            run_check::run(&mut ebpf, self.request)?;
        }
        Ok(REACHED_DONE)
    }

    /// Tries alternatives alone until one of each group works. Returns whether another member than the first is now chosen in any group.
    fn choose(&mut self, was_loaded: bool) -> io::Result<bool> {
        let mut is_changed = false;
        for (index, members) in self.settings.alternatives.to_try(was_loaded) {
            let mut chosen = None;
            for member in members {
                self.settings.alternatives.note_tried(member);
                if self.attempt(Some(member))? == REACHED_DONE && self.settings.alternatives.is_attached(member) {
                    chosen = Some(member);
                    break;
                }
            }
            is_changed |= self.settings.alternatives.choose(index, chosen);
        }
        Ok(is_changed)
    }

    /// Loads each wanted program alone, except for those that were tried.
    fn attempt_each(&mut self) -> io::Result<()> {
        let listed = Object::parse(self.elf).map(|object| list(&object, self.elf)).unwrap_or_default();
        let wanted: Vec<&Listed> = listed.iter().filter(|program| self.is_loaded(program, None)).collect();
        // The attempt of an object with one program was already that of the program.
        if wanted.len() > 1 {
            for program in wanted {
                if !self.settings.alternatives.was_tried(&program.name) {
                    self.attempt(Some(&program.name))?;
                }
            }
        }
        Ok(())
    }

    /// Loads the object. If that fails, chooses other alternatives and loads it again. If that fails too, loads each wanted program alone.
    pub fn run(&mut self) -> io::Result<()> {
        let mut reached = self.attempt(None)?;
        if reached == REACHED_OPEN {
            return Ok(());
        }
        // aya's own messages about the object do not change from attempt to attempt.
        log::set_max_level(log::LevelFilter::Warn);
        let is_done = reached == REACHED_DONE;
        if (!is_done || self.settings.alternatives.chosen_failed()) && self.choose(is_done)? {
            reached = self.attempt(None)?;
        }
        if reached != REACHED_DONE {
            self.attempt_each()?;
        }
        self.settings.alternatives.report();
        Ok(())
    }
}
