// SPDX-License-Identifier: Apache-2.0
//! System calls that aya has no API for in every release: a lookup in a map of any type, and a test run of a program of any type.
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Commands in enum bpf_cmd of the kernel's include/uapi/linux/bpf.h.
const MAP_LOOKUP_ELEM: libc::c_int = 1;
const PROG_TEST_RUN: libc::c_int = 10;
const OUTPUT_BYTES: usize = 64 << 10;

/// The part of union bpf_attr for lookups.
#[repr(C)]
struct Lookup {
    map: u32,
    padding: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// The part of union bpf_attr for test runs, as of Linux 5.10.
#[repr(C)]
#[derive(Default)]
struct TestRun {
    program: u32,
    returned: u32,
    data_in_size: u32,
    data_out_size: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration: u32,
    context_in_size: u32,
    context_out_size: u32,
    context_in: u64,
    context_out: u64,
    flags: u32,
    cpu: u32,
}

/// # Safety
/// The attributes must be those of the command, and their addresses and sizes those of live memory.
unsafe fn bpf<T>(command: libc::c_int, attributes: &mut T) -> io::Result<()> {
    let size = size_of::<T>() as libc::c_uint;
    // SAFETY: see above.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attributes), size) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Reads a value of a map into `value`, which has the size that the kernel writes.
pub fn look_up(map: BorrowedFd<'_>, key: &[u8], value: &mut [u8]) -> io::Result<()> {
    let mut attributes =
        Lookup { map: map.as_raw_fd() as u32, padding: 0, key: key.as_ptr() as u64, value: value.as_mut_ptr() as u64, flags: 0 };
    // SAFETY: the caller gives a key and a value of the sizes of the map.
    unsafe { bpf(MAP_LOOKUP_ELEM, &mut attributes) }
}

/// Runs a program on data and context, which may be empty. Returns what it returned last.
pub fn test_run(program: BorrowedFd<'_>, repeat: u32, data: &[u8], context: &[u8]) -> io::Result<u32> {
    let mut output = vec![0_u8; if data.is_empty() { 0 } else { OUTPUT_BYTES }];
    let address = |bytes: &[u8]| if bytes.is_empty() { 0 } else { bytes.as_ptr() as u64 };
    let mut attributes = TestRun {
        program: program.as_raw_fd() as u32,
        repeat,
        data_in_size: data.len() as u32,
        data_in: address(data),
        data_out_size: output.len() as u32,
        data_out: if output.is_empty() { 0 } else { output.as_mut_ptr() as u64 },
        context_in_size: context.len() as u32,
        context_in: address(context),
        ..TestRun::default()
    };
    // SAFETY: all addresses are those of the slices above, with their sizes.
    unsafe { bpf(PROG_TEST_RUN, &mut attributes) }?;
    Ok(attributes.returned)
}
