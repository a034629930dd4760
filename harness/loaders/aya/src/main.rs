// SPDX-License-Identifier: Apache-2.0
//! Loads BPF objects with aya in a guest of corematrix. The agent starts this program before the snapshot, sends it one request on
//! standard input, and forwards what it reports on standard output to the host.
mod alternatives;
mod attempt;
mod failure;
mod frames;
mod kernel;
mod maps;
mod object_file;
mod programs;
#[cfg(feature = "aya-0.13")]
#[path = "release_0_13.rs"]
mod release;
#[cfg(feature = "aya-0.14")]
#[path = "release_0_14.rs"]
mod release;
mod relocations;
mod run_check;
mod sections;
mod settings;
mod subprograms;
mod wire;

use std::io;

use aya::{Btf, EbpfLoader};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::attempt::{Loading, Start};
use crate::frames::{CONTROL_END, CONTROL_FINISHED, CONTROL_READY, FRAME_LOG, FRAME_OBJECT, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN};
use crate::wire::{Frame, Message, read_frame};

/// Freed memory stays mapped, so that a restored guest has no page faults for it.
const HEAP_BYTES: usize = 32 << 20;

/// Sends what aya prints through the crate `log`.
struct LogFrames;

impl Log for LogFrames {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Error | Level::Warn => LEVEL_WARN,
            Level::Info => LEVEL_INFO,
            Level::Debug | Level::Trace => LEVEL_DEBUG,
        };
        Message::new(FRAME_LOG).u32(level).text(&format!("aya: {}\n", record.args())).send();
    }

    fn flush(&self) {}
}

/// Does before the snapshot what every load would do: parse the BTF of the kernel, ask for its features, touch the memory.
fn warm_up() -> (EbpfLoader<'static>, Option<&'static Btf>) {
    // SAFETY: the calls only set limits of the allocator and of the process.
    unsafe {
        let unlimited = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // Kernels before 5.11 charge maps and programs to this limit.
        libc::setrlimit(libc::RLIMIT_MEMLOCK, &unlimited);
        libc::mallopt(libc::M_MMAP_THRESHOLD, HEAP_BYTES as libc::c_int);
        libc::mallopt(libc::M_TRIM_THRESHOLD, HEAP_BYTES as libc::c_int);
    }
    drop(std::hint::black_box(vec![1_u8; HEAP_BYTES / 2]));
    aya::features();
    let btf = Btf::from_sys_fs().ok().map(|btf| &*Box::leak(Box::new(btf)));
    let mut loader = EbpfLoader::new();
    loader.btf(btf);
    // SAFETY: both calls only fault in the pages that are mapped now.
    unsafe {
        if libc::mlockall(libc::MCL_CURRENT) == 0 {
            libc::munlockall();
        }
    }
    (loader, btf)
}

fn read_request() -> io::Result<&'static [Frame]> {
    let mut input = io::stdin().lock();
    let mut request = Vec::new();
    loop {
        let frame = read_frame(&mut input)?;
        if frame.number == CONTROL_END {
            return Ok(Box::leak(request.into_boxed_slice()));
        }
        request.push(frame);
    }
}

/// The bytes of the object file, in memory of their own: aya wants them aligned.
fn object_of(request: &[Frame]) -> &'static [u8] {
    let object = request.iter().find(|frame| frame.number == FRAME_OBJECT);
    let bytes = object.map_or(&[][..], |frame| {
        let mut fields = frame.fields();
        fields.counted();
        fields.rest()
    });
    bytes.to_vec().leak()
}

fn main() -> io::Result<()> {
    let (mut loader, btf) = warm_up();
    Message::new(CONTROL_READY).string(env!("CARGO_PKG_VERSION")).send();
    let request = read_request()?;
    if log::set_logger(&LogFrames).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
    let elf = object_of(request);
    let settings = settings::apply(&mut loader, request, elf);
    Loading::new(elf, request, Start { loader, btf, settings }).run()?;
    Message::new(CONTROL_FINISHED).send();
    // The guest ends soon, and to free everything would take longer.
    loop {
        std::thread::park();
    }
}
