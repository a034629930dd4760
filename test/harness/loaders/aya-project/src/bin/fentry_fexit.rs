// Programs at entry and return of a function.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    macros::{fentry, fexit, map},
    maps::HashMap,
    programs::{FEntryContext, FExitContext},
};

#[map]
static ENTRIES: HashMap<u32, u64> = HashMap::with_max_entries(128, 0);

#[fentry(function = "do_unlinkat")]
pub fn unlink_begins(ctx: FEntryContext) -> i32 {
    let folder: i32 = ctx.arg(0);
    i32::from(ENTRIES.insert(ctx.tgid(), folder as u64, 0).is_err())
}

#[fexit(function = "do_unlinkat")]
pub fn unlink_ends(ctx: FExitContext) -> i32 {
    let result: i64 = ctx.arg(2);
    let _ = ENTRIES.insert(ctx.tgid(), result as u64, 0);
    0
}

#[fexit(function = "do_unlinkat")]
pub fn unlink_returns(ctx: FExitContext) -> i32 {
    let _ = ENTRIES.insert(ctx.tgid(), ctx.ret::<i64>().unwrap_or(0) as u64, 0);
    0
}

aya_project::object!();
