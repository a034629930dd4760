// SPDX-License-Identifier: Apache-2.0
//! Loading and attaching a program through the API of its type, with the arguments that users of aya take from the section name.
use std::error::Error;
use std::fs::File;

use aya::maps::sock::SockMapFd;
use aya::maps::{Map, SockHash, SockMap};
use aya::programs::links::CgroupAttachMode;
use aya::programs::tc::{TcAttachType, qdisc_add_clsact};
use aya::programs::{CgroupSkbAttachType, Program, ProgramError};
use aya::{Btf, Ebpf};
use aya_obj::btf::BtfKind;

use crate::failure::{Failure, chain, errno_of};
use crate::frames::{ABOUT_BTF, CONTROL_FIND_TARGET, CONTROL_TARGET_FOUND};
use crate::wire::ask_agent;
use crate::{release, sections};

/// What a load needs besides the program.
pub struct Binding<'a> {
    /// The name of the program's section.
    pub section: &'a str,
    /// The target in the request, which goes before that of the section.
    pub target: Option<&'a str>,
    /// The BTF of the kernel.
    pub btf: Option<&'a Btf>,
}

/// Why a program was not loaded.
pub enum Unloaded {
    /// aya or the kernel refused it.
    Refused(ProgramError),
    /// Neither the section nor the request names the function or hook.
    NeedsTarget,
    /// The type is loaded for a function in BTF, and the kernel has none.
    NeedsBtf,
    /// The type extends another program, which the section does not name.
    NeedsProgram,
}

impl From<ProgramError> for Unloaded {
    fn from(error: ProgramError) -> Self {
        Self::Refused(error)
    }
}

impl Unloaded {
    /// The failure of the program with this name, for the host.
    pub fn failure(&self, program: &str, section: &str) -> Failure {
        let text = match self {
            Self::Refused(error) => return Failure::of_program(program, error),
            Self::NeedsTarget => format!("section `{section}` names no function or hook to load the program for"),
            Self::NeedsBtf => {
                let text = "the kernel has no BTF (/sys/kernel/btf/vmlinux)".to_owned();
                return Failure { about: ABOUT_BTF, ..Failure::of_request(program, text) };
            }
            Self::NeedsProgram => format!("section `{section}`: aya loads such a program only for a function of another loaded program"),
        };
        Failure::of_request(program, text)
    }
}

impl<'a> Binding<'a> {
    /// The function or hook to load for. For a hook of a cgroup, the request names the cgroup.
    pub fn hook(&self) -> Result<&'a str, Unloaded> {
        let given = self.target.filter(|_| !self.section.starts_with("lsm_cgroup"));
        given.or(sections::target(self.section)).ok_or(Unloaded::NeedsTarget)
    }

    /// The BTF of the kernel.
    pub fn btf(&self) -> Result<&'a Btf, Unloaded> {
        self.btf.ok_or(Unloaded::NeedsBtf)
    }
}

/// Loads a program into the kernel.
pub fn load(program: &mut Program, binding: &Binding<'_>) -> Result<(), Unloaded> {
    match program {
        Program::KProbe(program) => program.load()?,
        Program::UProbe(program) => program.load()?,
        Program::TracePoint(program) => program.load()?,
        Program::RawTracePoint(program) => program.load()?,
        Program::BtfTracePoint(program) => program.load(binding.hook()?, binding.btf()?)?,
        Program::FEntry(program) => program.load(binding.hook()?, binding.btf()?)?,
        Program::FExit(program) => program.load(binding.hook()?, binding.btf()?)?,
        Program::Lsm(program) => program.load(binding.hook()?, binding.btf()?)?,
        Program::PerfEvent(program) => program.load()?,
        Program::Xdp(program) => program.load()?,
        Program::SchedClassifier(program) => program.load()?,
        Program::SocketFilter(program) => program.load()?,
        Program::SkLookup(program) => program.load()?,
        Program::SkMsg(program) => program.load()?,
        Program::SkSkb(program) => program.load()?,
        Program::SockOps(program) => program.load()?,
        Program::CgroupSkb(program) => program.load()?,
        Program::CgroupSock(program) => program.load()?,
        Program::CgroupSockAddr(program) => program.load()?,
        Program::CgroupSockopt(program) => program.load()?,
        Program::CgroupSysctl(program) => program.load()?,
        Program::CgroupDevice(program) => program.load()?,
        Program::LircMode2(program) => program.load()?,
        other => release::load(other, binding)?,
    }
    Ok(())
}

/// The end of attaching a program.
pub enum Attachment {
    /// It is attached.
    Done,
    /// Neither the section nor the request names a target; this is no failure.
    LeftAlone,
    /// It is not attached.
    Failed { errno: u32, detail: String },
}

impl<E: Error + 'static> From<Result<(), E>> for Attachment {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::Done,
            // The words of the agent, so that the reason is the same for all loaders.
            Err(error) if lacks_interface(&error) => {
                Self::Failed { errno: libc::ENODEV as u32, detail: "no such interface in the guest".to_owned() }
            }
            // errno 0 would mean success.
            Err(error) => {
                Self::Failed { errno: errno_of(&error).max(libc::EINVAL as u32 * u32::from(errno_of(&error) == 0)), detail: chain(&error) }
            }
        }
    }
}

fn lacks_interface(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(ProgramError::UnknownInterface { .. }))
}

fn refused(detail: &str) -> Attachment {
    Attachment::Failed { errno: libc::EINVAL as u32, detail: detail.to_owned() }
}

/// Opens a cgroup or network namespace and attaches to it.
pub fn at_path(path: Option<&str>, attach: impl FnOnce(File) -> Result<(), ProgramError>) -> Attachment {
    let Some(path) = path else { return Attachment::LeftAlone };
    match File::open(path) {
        Ok(file) => attach(file).into(),
        Err(error) => Attachment::from(Err(error)),
    }
}

/// Splits `FUNCTION+OFFSET`.
fn offset_of(function: &str) -> (&str, u64) {
    let Some((name, offset)) = function.split_once('+') else { return (function, 0) };
    let hex = offset.strip_prefix("0x");
    let number = hex.map_or_else(|| offset.parse(), |digits| u64::from_str_radix(digits, 16));
    (name, number.unwrap_or_default())
}

fn attach_uprobe(program: &mut aya::programs::UProbe, target: Option<&str>) -> Attachment {
    let Some((file, function)) = target.and_then(|target| target.rsplit_once(':')) else { return Attachment::LeftAlone };
    let (name, offset) = offset_of(function);
    let bare = function.strip_prefix("0x").map_or_else(|| function.parse().ok(), |digits| u64::from_str_radix(digits, 16).ok());
    match bare {
        Some(offset) => release::attach_uprobe(program, file, None, offset),
        None => release::attach_uprobe(program, file, Some(name), offset),
    }
    .into()
}

/// The target is `INTERFACE`, or `INTERFACE/egress`, because sections of filters name no direction.
fn attach_filter(program: &mut aya::programs::SchedClassifier, target: Option<&str>) -> Attachment {
    let Some(target) = target else { return Attachment::LeftAlone };
    let (interface, direction) = target.split_once('/').unwrap_or((target, "ingress"));
    // If another program of the attempt already added the discipline, this fails, and the attachment tells what counts.
    let _ = qdisc_add_clsact(interface);
    let side = if direction == "egress" { TcAttachType::Egress } else { TcAttachType::Ingress };
    program.attach(interface, side).map(drop).into()
}

/// Attaches a loaded program. `target` is that of the request; some types take theirs from the section if there is none.
pub fn attach(program: &mut Program, section: &str, target: Option<&str>) -> Attachment {
    let mode = CgroupAttachMode::default;
    let named = target.or(sections::target(section));
    match program {
        Program::KProbe(program) => {
            let Some((function, offset)) = named.map(offset_of) else { return Attachment::LeftAlone };
            program.attach(function, offset).map(drop).into()
        }
        Program::UProbe(program) => attach_uprobe(program, named),
        Program::TracePoint(program) => match named.map(|name| name.split_once('/')) {
            None => Attachment::LeftAlone,
            Some(None) => refused("expected CATEGORY/NAME"),
            Some(Some((category, name))) => program.attach(category, name).map(drop).into(),
        },
        Program::RawTracePoint(program) => named.map_or(Attachment::LeftAlone, |name| program.attach(name).map(drop).into()),
        Program::BtfTracePoint(program) => program.attach().map(drop).into(),
        Program::FEntry(program) => program.attach().map(drop).into(),
        Program::FExit(program) => program.attach().map(drop).into(),
        Program::Lsm(program) => program.attach().map(drop).into(),
        Program::Xdp(program) => target.map_or(Attachment::LeftAlone, |interface| release::attach_xdp(program, interface).into()),
        Program::SchedClassifier(program) => attach_filter(program, target),
        Program::PerfEvent(program) => target.map_or(Attachment::LeftAlone, |event| {
            let unknown = || refused("expected cpu-clock, task-clock, page-faults or context-switches");
            release::attach_perf_event(program, event).map_or_else(unknown, Attachment::from)
        }),
        Program::CgroupSkb(program) => {
            let side = if section.contains("egress") { CgroupSkbAttachType::Egress } else { CgroupSkbAttachType::Ingress };
            at_path(target, |cgroup| program.attach(cgroup, side, mode()).map(drop))
        }
        Program::CgroupSock(program) => at_path(target, |cgroup| program.attach(cgroup, mode()).map(drop)),
        Program::CgroupSockAddr(program) => at_path(target, |cgroup| program.attach(cgroup, mode()).map(drop)),
        Program::CgroupSockopt(program) => at_path(target, |cgroup| program.attach(cgroup, mode()).map(drop)),
        Program::CgroupSysctl(program) => at_path(target, |cgroup| program.attach(cgroup, mode()).map(drop)),
        Program::CgroupDevice(program) => at_path(target, |cgroup| program.attach(cgroup, mode()).map(drop)),
        Program::SockOps(program) => at_path(target, |cgroup| program.attach(cgroup, mode()).map(drop)),
        Program::SkLookup(program) => at_path(target, |namespace| program.attach(namespace).map(drop)),
        other => release::attach(other, target),
    }
}

/// Attaches a loaded program of an object. Programs for sockets in a map need that map, too.
pub fn attach_in(ebpf: &mut Ebpf, name: &str, section: &str, target: Option<&str>) -> Attachment {
    let map = target.and_then(|target| ebpf.map(target)).and_then(socket_map);
    match ebpf.program_mut(name) {
        None => refused("aya does not have the program"),
        Some(Program::SkMsg(program)) => with_map(map, target, |map| program.attach(&map).map(drop)),
        Some(Program::SkSkb(program)) => with_map(map, target, |map| program.attach(&map).map(drop)),
        Some(program) => attach(program, section, target),
    }
}

fn socket_map(map: &Map) -> Option<SockMapFd> {
    match map {
        Map::SockMap(_) => SockMap::try_from(map).ok()?.fd().try_clone().ok(),
        Map::SockHash(_) => SockHash::<_, u32>::try_from(map).ok()?.fd().try_clone().ok(),
        _ => None,
    }
}

fn with_map(map: Option<SockMapFd>, target: Option<&str>, attach: impl FnOnce(SockMapFd) -> Result<(), ProgramError>) -> Attachment {
    match (map, target) {
        (_, None) => Attachment::LeftAlone,
        (None, Some(_)) => refused("the object has no such map of sockets"),
        (Some(map), Some(_)) => attach(map).into(),
    }
}

/// The target that the kernel lacks for the program; None if it has it, or the program has no target that can be looked up.
pub fn lacks_target(binding: &Binding<'_>) -> Option<String> {
    let target = binding.hook().ok()?;
    let (name, kind) = match binding.section.split('/').next().unwrap_or_default() {
        "fentry" | "fentry.s" | "fexit" | "fexit.s" => (target.to_owned(), BtfKind::Func),
        "lsm" | "lsm.s" => (format!("bpf_lsm_{target}"), BtfKind::Func),
        "iter" | "iter.s" => (format!("bpf_iter_{target}"), BtfKind::Func),
        "tp_btf" => (format!("btf_trace_{target}"), BtfKind::Typedef),
        _ => return lacks_late_target(binding),
    };
    let is_missing = binding.btf.is_none_or(|btf| btf.id_by_type_name_kind(&name, kind).is_err());
    if is_missing { Some(target.to_owned()) } else { lacks_late_target(binding) }
}

/// The target that the kernel lacks although the program would load. Only the agent reads the lists of functions and events.
pub fn lacks_late_target(binding: &Binding<'_>) -> Option<String> {
    let target = binding.hook().ok()?;
    let is_found = ask_agent(CONTROL_FIND_TARGET, CONTROL_TARGET_FOUND, &[binding.section, target]);
    (!is_found).then(|| target.to_owned())
}
