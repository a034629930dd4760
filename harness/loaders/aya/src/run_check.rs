// SPDX-License-Identifier: Apache-2.0
//! Run checks: test runs, events in buffers, values of maps, and how often each program ran.
use std::io;
use std::os::fd::AsFd;

use aya::Ebpf;
use aya::maps::{MapData, MapType, RingBuf};
use aya::sys::{Stats, enable_stats};

use crate::frames::{
    CONTROL_CONTINUE, CONTROL_TRIGGERS, FRAME_COUNT_EVENTS, FRAME_EVENTS, FRAME_LOOK_UP, FRAME_MAP_VALUE, FRAME_RUNS, FRAME_TEST_RUN,
    FRAME_TRIGGER, FRAME_TRIGGERED,
};
use crate::release::PerfBuffers;
use crate::settings::processors;
use crate::wire::{Frame, Message, read_frame};
use crate::{kernel, release};

/// The place of a value of one processor in the value of a per-CPU map.
const PER_CPU_ALIGNMENT: usize = 8;

const ITERATE: &str = "iterate";

enum Buffer {
    Ring(RingBuf<MapData>),
    Perf(PerfBuffers),
    Unreadable(u32),
}

fn errno(error: &io::Error) -> u32 {
    error.raw_os_error().unwrap_or(libc::EIO) as u32
}

fn test_run(ebpf: &Ebpf, frame: &Frame) {
    let mut fields = frame.fields();
    let (index, repeat, program) = (fields.u32(), fields.u32(), fields.string());
    let (data, context) = (fields.counted(), fields.rest());
    let loaded = ebpf.program(program).and_then(|program| program.fd().ok());
    let result = loaded.map_or_else(
        || Err(io::Error::from_raw_os_error(libc::ENOENT)),
        |descriptor| kernel::test_run(descriptor.as_fd(), repeat, data, context),
    );
    let error = result.as_ref().err().map_or(0, errno);
    Message::new(FRAME_TRIGGERED).u32(index).u32(error).u32(result.unwrap_or_default()).send();
}

/// Pulls the one built-in trigger that needs the programs: reading every iterator to its end.
fn iterate(ebpf: &mut Ebpf, frame: &Frame) {
    let mut fields = frame.fields();
    let (index, name) = (fields.u32(), fields.string());
    if name != ITERATE {
        return;
    }
    let results: Vec<_> = ebpf.programs_mut().filter_map(|(_, program)| release::iterate(program)).collect();
    let missing = u32::from(results.is_empty()) * libc::ENOENT as u32;
    let error = results.iter().find_map(|result| result.as_ref().err()).map_or(missing, errno);
    Message::new(FRAME_TRIGGERED).u32(index).u32(error).u32(0_u32).send();
}

/// Opens a buffer before anything runs. The map is taken out of the object, because aya reads buffers only of maps that it owns.
fn open_buffer(ebpf: &mut Ebpf, map: &str) -> Buffer {
    let Some(map) = ebpf.take_map(map) else { return Buffer::Unreadable(libc::ENOENT as u32) };
    let kind = release::map_data(&map).info().and_then(|info| info.map_type());
    let buffer = match kind {
        Ok(MapType::RingBuf) => RingBuf::try_from(map).ok().map(Buffer::Ring),
        Ok(MapType::PerfEventArray) => PerfBuffers::open(map, processors()).map(Buffer::Perf),
        _ => None,
    };
    buffer.unwrap_or(Buffer::Unreadable(libc::EINVAL as u32))
}

fn report_events(index: u32, buffer: &mut Buffer) {
    let (error, count) = match buffer {
        Buffer::Unreadable(error) => (*error, 0),
        Buffer::Perf(buffers) => (0, buffers.count()),
        Buffer::Ring(ring) => {
            let mut count = 0;
            while ring.next().is_some() {
                count += 1;
            }
            (0, count)
        }
    };
    Message::new(FRAME_EVENTS).u32(index).u32(error).u64(count).send();
}

/// Reads the value of a key; of a per-CPU map those of all processors.
fn value_of(ebpf: &Ebpf, map: &str, key: &[u8]) -> Result<Vec<u8>, u32> {
    let data = release::map_data(ebpf.map(map).ok_or(libc::ENOENT as u32)?);
    let info = data.info().map_err(|_| libc::EIO as u32)?;
    if key.len() != info.key_size() as usize {
        return Err(libc::EINVAL as u32);
    }
    let size = info.value_size() as usize;
    let room = match info.map_type() {
        Ok(MapType::PerCpuHash | MapType::PerCpuArray | MapType::LruPerCpuHash) => {
            size.next_multiple_of(PER_CPU_ALIGNMENT) * processors() as usize
        }
        _ => size,
    };
    let mut value = vec![0; room];
    kernel::look_up(data.fd().as_fd(), key, &mut value).map_err(|error| errno(&error))?;
    Ok(value)
}

fn look_up(ebpf: &Ebpf, frame: &Frame) {
    let mut fields = frame.fields();
    let (index, map) = (fields.u32(), fields.string());
    let result = value_of(ebpf, map, fields.rest());
    let error = result.as_ref().err().copied().unwrap_or_default();
    Message::new(FRAME_MAP_VALUE).u32(index).u32(error).bytes(&result.unwrap_or_default()).send();
}

fn report_runs(ebpf: &Ebpf) {
    for (name, program) in ebpf.programs() {
        if let Ok(info) = program.info() {
            Message::new(FRAME_RUNS).u64(info.run_count()).string(name).send();
        }
    }
}

fn frames_of(request: &[Frame], number: u32) -> impl Iterator<Item = &Frame> {
    request.iter().filter(move |frame| frame.number == number)
}

/// Runs the attached programs and reports the checks. The agent pulls all triggers that need nothing of the object.
pub fn run(ebpf: &mut Ebpf, request: &[Frame]) -> io::Result<()> {
    let statistics = enable_stats(Stats::RunTime);
    let open = |frame: &Frame| {
        let mut fields = frame.fields();
        (fields.u32(), open_buffer(ebpf, fields.string()))
    };
    let mut buffers: Vec<(u32, Buffer)> = frames_of(request, FRAME_COUNT_EVENTS).map(open).collect();
    Message::new(CONTROL_TRIGGERS).send();
    while read_frame(&mut io::stdin())?.number != CONTROL_CONTINUE {}
    for frame in request {
        match frame.number {
            FRAME_TEST_RUN => test_run(ebpf, frame),
            FRAME_TRIGGER => iterate(ebpf, frame),
            _ => {}
        }
    }
    for (index, buffer) in &mut buffers {
        report_events(*index, buffer);
    }
    for frame in frames_of(request, FRAME_LOOK_UP) {
        look_up(ebpf, frame);
    }
    if statistics.is_ok() {
        report_runs(ebpf);
    }
    Ok(())
}
