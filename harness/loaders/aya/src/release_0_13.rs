// SPDX-License-Identifier: Apache-2.0
//! The parts of aya's API whose form changed between releases, here for 0.13.
use std::io;
use std::path::Path;

use aya::EbpfLoader;
use aya::maps::perf::PerfEventArrayBuffer;
use aya::maps::{Map, MapData, PerfEventArray};
use aya::programs::perf_event::perf_sw_ids;
use aya::programs::{PerfEvent, PerfEventScope, PerfTypeId, Program, ProgramError, SamplePolicy, UProbe, Xdp, XdpFlags};
use bytes::BytesMut;

use crate::frames::{CONTROL_FIND_TYPE, CONTROL_TYPE_FOUND};
use crate::maps::data_of;
use crate::programs::{Attachment, Binding, Unloaded};
use crate::sections;
use crate::wire::ask_agent;

const PERF_PAGES: usize = 16;
const SAMPLES_PER_SECOND: u64 = 1000;

/// Whether this release creates the inner maps that a definition of a map of maps describes.
pub const READS_INNER_MAPS: bool = false;

/// Loads a program of a type that not every release knows.
pub fn load(_program: &mut Program, _binding: &Binding<'_>) -> Result<(), Unloaded> {
    Err(Unloaded::NeedsProgram)
}

/// Attaches a program of a type that not every release knows.
pub fn attach(_program: &mut Program, _target: Option<&str>) -> Attachment {
    Attachment::LeftAlone
}

/// Reads an iterator to its end; None for any other program. This release of aya has no iterators.
pub fn iterate(_program: &mut Program) -> Option<io::Result<()>> {
    None
}

/// Sets the value of a global variable.
pub fn set_global(loader: &mut EbpfLoader<'static>, name: &'static str, value: &'static [u8]) {
    loader.set_global(name, value, true);
}

/// Sets the number of entries of a map.
pub fn set_max_entries(loader: &mut EbpfLoader<'static>, map: &'static str, entries: u32) {
    loader.set_max_entries(map, entries);
}

/// Sets the folder for maps that the object pins by name.
pub fn pin_below(loader: &mut EbpfLoader<'static>, folder: &Path) {
    loader.map_pin_path(folder);
}

/// Whether the kernel knows the type of a section's programs. This release of aya cannot ask, so the agent does.
pub fn knows_type(section: &str) -> bool {
    ask_agent(CONTROL_FIND_TYPE, CONTROL_TYPE_FOUND, &[sections::program_type(section)])
}

/// The data of a map of any type.
pub fn map_data(map: &Map) -> &MapData {
    data_of!(map)
}

/// Attaches to an interface.
pub fn attach_xdp(program: &mut Xdp, interface: &str) -> Result<(), ProgramError> {
    program.attach(interface, XdpFlags::default()).map(drop)
}

/// Attaches to a function in a file of all processes.
pub fn attach_uprobe(program: &mut UProbe, file: &str, function: Option<&str>, offset: u64) -> Result<(), ProgramError> {
    program.attach(function, offset, file, None).map(drop)
}

/// Attaches to a software event of the first processor. None if the event is unknown.
pub fn attach_perf_event(program: &mut PerfEvent, event: &str) -> Option<Result<(), ProgramError>> {
    let config = match event {
        "cpu-clock" => perf_sw_ids::PERF_COUNT_SW_CPU_CLOCK,
        "task-clock" => perf_sw_ids::PERF_COUNT_SW_TASK_CLOCK,
        "page-faults" => perf_sw_ids::PERF_COUNT_SW_PAGE_FAULTS,
        "context-switches" => perf_sw_ids::PERF_COUNT_SW_CONTEXT_SWITCHES,
        _ => return None,
    };
    let (scope, policy) = (PerfEventScope::AllProcessesOneCpu { cpu: 0 }, SamplePolicy::Frequency(SAMPLES_PER_SECOND));
    Some(program.attach(PerfTypeId::Software, config as u64, scope, policy, false).map(drop))
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
        let mut total = 0;
        for buffer in &mut self.buffers {
            let mut room: Vec<BytesMut> = (0..64).map(|_| BytesMut::with_capacity(4096)).collect();
            while let Ok(events) = buffer.read_events(&mut room) {
                total += (events.read + events.lost) as u64;
                if events.read < room.len() {
                    break;
                }
            }
        }
        total
    }
}
