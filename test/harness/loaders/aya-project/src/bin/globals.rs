// Values that a loader sets, and values that programs change.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext, Global,
    macros::{kprobe, map},
    maps::HashMap,
    programs::ProbeContext,
};

#[unsafe(no_mangle)]
static TARGET_PID: Global<u32> = Global::new(0);
#[unsafe(no_mangle)]
static LIMITS: Global<[u16; 3]> = Global::new([10, 20, 30]);
#[unsafe(no_mangle)]
static ENABLED: u8 = 1;
#[unsafe(no_mangle)]
static mut CALLS: u64 = 0;
#[unsafe(no_mangle)]
static mut LEFT: u64 = 100;

#[map]
static SEEN: HashMap<u32, u32> = HashMap::with_max_entries(16, 0);

#[kprobe(function = "do_unlinkat")]
pub fn checks_pid(ctx: ProbeContext) -> u32 {
    let enabled = unsafe { core::ptr::read_volatile(&ENABLED) };
    if enabled == 0 || (TARGET_PID.load() != 0 && TARGET_PID.load() != ctx.tgid()) {
        return 0;
    }
    unsafe {
        CALLS += 1;
        LEFT -= 1;
    }
    let [low, _, high] = LIMITS.load();
    u32::from(SEEN.insert(u32::from(low), u32::from(high), 0).is_err())
}

aya_project::object!();
