// SPDX-License-Identifier: Apache-2.0
//! The parts of aya's API whose form changed between releases, here for 0.14.
use std::fs::File;
use std::io;
use std::path::Path;

use aya::EbpfLoader;
use aya::maps::perf::{PerfEvent as Event, PerfEventArrayBuffer};
use aya::maps::{Map, MapData, PerfEventArray};
use aya::programs::perf_event::{PerfEventConfig, PerfEventScope, SamplePolicy, SoftwareEvent};
use aya::programs::uprobe::{UProbeAttachLocation, UProbeScope};
use aya::programs::{LsmAttachType, PerfEvent, Program, ProgramError, ProgramType, UProbe, Xdp, XdpMode};

use crate::maps::data_of;
use crate::programs::{Attachment, Binding, Unloaded, at_path};
use crate::sections;

const PERF_PAGES: usize = 16;
const SAMPLES_PER_SECOND: u64 = 1000;

/// Whether this release creates the inner maps that a definition of a map of maps describes.
pub const READS_INNER_MAPS: bool = true;

/// Loads a program of a type that not every release knows.
pub fn load(program: &mut Program, binding: &Binding<'_>) -> Result<(), Unloaded> {
    match program {
        Program::LsmCgroup(program) => program.load(binding.hook()?, binding.btf()?)?,
        Program::Iter(program) => program.load(binding.hook()?, binding.btf()?)?,
        Program::FlowDissector(program) => program.load()?,
        Program::SkReuseport(program) => program.load()?,
        Program::ReusePortSocketFilter(program) => program.load()?,
        _ => return Err(Unloaded::NeedsProgram),
    }
    Ok(())
}

/// Attaches a program of a type that not every release knows.
pub fn attach(program: &mut Program, target: Option<&str>) -> Attachment {
    match program {
        Program::LsmCgroup(program) => at_path(target, |file: File| program.attach(file).map(drop)),
        Program::FlowDissector(program) => at_path(target, |file: File| program.attach(file).map(drop)),
        Program::Iter(program) => program.attach().map(drop).into(),
        _ => Attachment::LeftAlone,
    }
}

/// Reads an iterator to its end; None for any other program.
pub fn iterate(program: &mut Program) -> Option<io::Result<()>> {
    let Program::Iter(program) = program else { return None };
    let link = program.attach().and_then(|link| program.take_link(link));
    let file = link.map_err(io::Error::other).and_then(|link| link.into_file().map_err(io::Error::other));
    Some(file.and_then(|mut file| io::copy(&mut file, &mut io::sink()).map(drop)))
}

/// Sets the value of a global variable.
pub fn set_global(loader: &mut EbpfLoader<'static>, name: &'static str, value: &'static [u8]) {
    loader.override_global(name, value, true);
}

/// Sets the number of entries of a map.
pub fn set_max_entries(loader: &mut EbpfLoader<'static>, map: &'static str, entries: u32) {
    loader.map_max_entries(map, entries);
}

/// Sets the folder for maps that the object pins by name.
pub fn pin_below(loader: &mut EbpfLoader<'static>, folder: &Path) {
    loader.default_map_pin_directory(folder);
}

/// Whether the kernel knows the type of a section's programs.
pub fn knows_type(section: &str) -> bool {
    let program_type = match sections::program_type(section) {
        "kprobe" => ProgramType::KProbe,
        "tracing" => ProgramType::Tracing,
        "tracepoint" => ProgramType::TracePoint,
        "raw_tracepoint" => ProgramType::RawTracePoint,
        "lsm" if section.starts_with("lsm_cgroup") => ProgramType::Lsm(LsmAttachType::Cgroup),
        "lsm" => ProgramType::Lsm(LsmAttachType::Mac),
        "xdp" => ProgramType::Xdp,
        "sched_cls" => ProgramType::SchedClassifier,
        "socket_filter" => ProgramType::SocketFilter,
        "perf_event" => ProgramType::PerfEvent,
        "ext" => ProgramType::Extension,
        "sk_msg" => ProgramType::SkMsg,
        "sk_skb" => ProgramType::SkSkb,
        "sock_ops" => ProgramType::SockOps,
        "sk_lookup" => ProgramType::SkLookup,
        "sk_reuseport" => ProgramType::SkReuseport,
        "flow_dissector" => ProgramType::FlowDissector,
        "lirc_mode2" => ProgramType::LircMode2,
        "cgroup_skb" => ProgramType::CgroupSkb,
        "cgroup_sysctl" => ProgramType::CgroupSysctl,
        "cgroup_device" => ProgramType::CgroupDevice,
        "cgroup_sockopt" => ProgramType::CgroupSockopt,
        "cgroup_sock" => ProgramType::CgroupSock,
        "cgroup_sock_addr" => ProgramType::CgroupSockAddr,
        // The load fails by itself.
        _ => return true,
    };
    // An error of the probe is no answer. Then the load decides.
    aya::sys::is_program_supported(program_type).unwrap_or(true)
}

/// The data of a map of any type.
pub fn map_data(map: &Map) -> &MapData {
    data_of!(
        map,
        ArrayOfMaps,
        CgroupArray,
        CgroupStorage,
        CgrpStorage,
        HashOfMaps,
        InodeStorage,
        PerCpuCgroupStorage,
        ReusePortSockArray,
        SkStorage
    )
}

/// Attaches to an interface.
pub fn attach_xdp(program: &mut Xdp, interface: &str) -> Result<(), ProgramError> {
    program.attach(interface, XdpMode::default()).map(drop)
}

/// Attaches to a function in a file of all processes.
pub fn attach_uprobe(program: &mut UProbe, file: &str, function: Option<&str>, offset: u64) -> Result<(), ProgramError> {
    let location = function.map_or(UProbeAttachLocation::AbsoluteOffset(offset), |name| UProbeAttachLocation::SymbolOffset(name, offset));
    program.attach(location, file, UProbeScope::AllProcesses).map(drop)
}

/// Attaches to a software event of the first processor. None if the event is unknown.
pub fn attach_perf_event(program: &mut PerfEvent, event: &str) -> Option<Result<(), ProgramError>> {
    let config = match event {
        "cpu-clock" => SoftwareEvent::CpuClock,
        "task-clock" => SoftwareEvent::TaskClock,
        "page-faults" => SoftwareEvent::PageFaults,
        "context-switches" => SoftwareEvent::ContextSwitches,
        _ => return None,
    };
    let (scope, policy) = (PerfEventScope::AllProcessesOneCpu { cpu: 0 }, SamplePolicy::Frequency(SAMPLES_PER_SECOND));
    Some(program.attach(PerfEventConfig::Software(config), scope, policy, false).map(drop))
}

/// The perf buffers of all processors.
pub struct PerfBuffers {
    buffers: Vec<PerfEventArrayBuffer<MapData>>,
}

impl PerfBuffers {
    /// Opens a buffer for each processor, because the kernel keeps no events for later readers.
    pub fn open(map: Map, processors: u32) -> Option<Self> {
        let mut array = PerfEventArray::try_from(map).ok()?;
        let open = |processor| array.open(processor, Some(PERF_PAGES)).ok();
        let buffers = (0..processors).map(open).collect::<Option<Vec<_>>>()?;
        Some(Self { buffers })
    }

    /// Reads all events and counts them, lost ones included.
    pub fn count(&mut self) -> u64 {
        let events_of = |event: Event<'_>| if let Event::Lost { count, .. } = event { count } else { 1 };
        self.buffers.iter_mut().map(|buffer| buffer.fold(0, |total, event| total + events_of(event))).sum()
    }
}
