// SPDX-License-Identifier: Apache-2.0
//! The numbers of the protocol. Generated from harness/guest/protocol/ by "npm run protocol"; do not edit.
#![allow(dead_code)] // A loader does not use all of them.

// Frames of a request, from the host to the guest.
/// the object to load { name counted, elf bytes }
pub const FRAME_OBJECT: u32 = 1;
/// whether a program is loaded { wanted wanted, program string }
pub const FRAME_AUTOLOAD: u32 = 2;
/// an attribute of a map { attribute map_attribute, value u32, map string }
pub const FRAME_MAP_SETTING: u32 = 32;
/// the maps in a map of maps; 0 keeps the value in the object { mapType u32, keySize u32, valueSize u32, maxEntries u32, map string }
pub const FRAME_INNER_MAP: u32 = 33;
/// an attribute of a program { attribute program_attribute, value u32, program string }
pub const FRAME_PROGRAM_SETTING: u32 = 34;
/// maps that the object pins are pinned
pub const FRAME_PINS: u32 = 36;
/// bytes at an offset of a data section { offset u32, section string, bytes bytes }
pub const FRAME_VARIABLE: u32 = 37;
/// lines of a kernel configuration { text string }
pub const FRAME_KCONFIG: u32 = 38;
/// BTF for relocations { bytes bytes }
pub const FRAME_BTF: u32 = 39;
/// one of these is chosen; they are tried in this order { kind alternatives_kind, names strings }
pub const FRAME_ALTERNATIVES: u32 = 40;
/// everything that was loaded is attached
pub const FRAME_ATTACH: u32 = 48;
/// the attach target of a program { program string, target string }
pub const FRAME_ATTACH_TO: u32 = 49;
/// the triggers run the attached programs, then the checks are read
pub const FRAME_RUN: u32 = 50;
/// a built-in trigger { index u32, name string }
pub const FRAME_TRIGGER: u32 = 51;
/// a program is run on data { index u32, repeat u32, program string, data counted, context bytes }
pub const FRAME_TEST_RUN: u32 = 52;
/// the events in a buffer are counted { index u32, map string }
pub const FRAME_COUNT_EVENTS: u32 = 53;
/// a value of a map is read { index u32, map string, key bytes }
pub const FRAME_LOOK_UP: u32 = 54;
/// a command as a trigger; its files are in the archive { index u32, timeoutMs u32, folder string, argv list, env list }
pub const FRAME_TRIGGER_COMMAND: u32 = 55;
/// a ustar archive, unpacked below / { tar bytes }
pub const FRAME_ARCHIVE: u32 = 64;
/// the custom loader, which replaces the load { timeoutMs u32, folder string, argv list, env list }
pub const FRAME_COMMAND: u32 = 65;
/// a file that the command writes; its bytes are sent back { path string }
pub const FRAME_COLLECT: u32 = 67;
/// a kernel module, loaded before anything else { name string, ko bytes }
pub const FRAME_MODULE: u32 = 66;

// Frames of a response, from the guest to the host.
/// the guest is ready { release string, version string, machine string, libbpf string, btfSize u64 }
pub const FRAME_HELLO: u32 = 16;
/// the time from the start of the kernel to hello { uptimeMs u64 ns }
pub const FRAME_UPTIME: u32 = 84;
/// a program of the object { insns u32, autoload bool, name string, section string, programType string }
pub const FRAME_PROGRAM: u32 = 17;
/// a load attempt of one program, or of "" for the whole object { program string }
pub const FRAME_ATTEMPT_BEGIN: u32 = 18;
/// one print call of libbpf { level log_level, text bytes }
pub const FRAME_LOG: u32 = 19;
/// the end of a load attempt { reached reached, errno u32, openMs u64 ns, loadMs u64 ns }
pub const FRAME_ATTEMPT_END: u32 = 20;
/// records of /dev/kmsg since the cell began { text bytes }
pub const FRAME_KERNEL_LOG: u32 = 21;
/// the loading process ended without a response { waitStatus u32 }
pub const FRAME_CRASH: u32 = 22;
/// the end of a response { guestMs u64 ns }
pub const FRAME_END: u32 = 23;
/// a program that is not loaded { lacks lacks, program string, what string }
pub const FRAME_LEFT_OUT: u32 = 46;
/// the chosen one of alternatives { kind alternatives_kind, name string }
pub const FRAME_CHOSEN: u32 = 47;
/// a program or struct_ops map of the previous attempt; errno 0 if it is attached { kind attached_kind, errno u32, name string, detail string }
pub const FRAME_ATTACHED: u32 = 56;
/// the result of a trigger, and the return value of a test run { index u32, errno u32, returned u32 }
pub const FRAME_TRIGGERED: u32 = 57;
/// the number of events in a buffer { index u32, errno u32, count u64 }
pub const FRAME_EVENTS: u32 = 58;
/// a value of a map; for a per-CPU map the values of all processors { index u32, errno u32, value bytes }
pub const FRAME_MAP_VALUE: u32 = 59;
/// the number of runs of a program { count u64, program string }
pub const FRAME_RUNS: u32 = 60;
/// the end of a trigger command { index u32, end command_end, value u32, ms u64 ns, dropped u64 }
pub const FRAME_TRIGGER_END: u32 = 61;
/// output of a command on stream 1 or 2 { stream u32, bytes bytes }
pub const FRAME_OUTPUT: u32 = 72;
/// the end of the custom loader { end command_end, value u32, ms u64 ns, dropped u64 }
pub const FRAME_COMMAND_END: u32 = 73;
/// the bytes of that file; errno 0 if it was read { errno u32, bytes bytes }
pub const FRAME_COLLECTED: u32 = 75;
/// a function that a program ("": of the last attempt) cannot attach to { state target_state, program string, function string, variant string }
pub const FRAME_TARGET: u32 = 62;
/// a module; errno 0 if it is loaded { errno u32, name string }
pub const FRAME_MODULE_END: u32 = 74;
/// the failure that ended an attempt, in the words of the loader; errno 0 if unknown { about failure_about, errno u32, name string, text bytes }
pub const FRAME_FAILURE: u32 = 80;
/// the log of the verifier for a program of the attempt { program string, text bytes }
pub const FRAME_VERIFIER_LOG: u32 = 81;
/// what a CO-RE relocation changed; insn counts within the function { outcome relocation_outcome, insn u32, from u64, to u64, function string, text bytes }
pub const FRAME_CORE_RELOCATION: u32 = 82;
/// a function that the loader appended to a program, as the verifier counts its instructions { insns u32, offset u32, program string, function string }
pub const FRAME_SUBPROGRAM: u32 = 83;

// Frames on the pipes between the agent and a loader program.
/// the loader is warm; the release of its library { version string }
pub const CONTROL_READY: u32 = 96;
/// the end of the request
pub const CONTROL_END: u32 = 97;
/// everything is attached: the agent pulls the triggers
pub const CONTROL_TRIGGERS: u32 = 98;
/// the triggers are pulled: the loader reads the checks
pub const CONTROL_CONTINUE: u32 = 99;
/// the loader has reported everything
pub const CONTROL_FINISHED: u32 = 100;
/// whether the kernel has a target that the load of a program does not need { section string, target string }
pub const CONTROL_FIND_TARGET: u32 = 101;
/// the answer: no if a load would hide that the target is missing { found bool }
pub const CONTROL_TARGET_FOUND: u32 = 102;
/// whether the kernel knows a program type, in the words of libbpf { type string }
pub const CONTROL_FIND_TYPE: u32 = 103;
/// the answer: no if the kernel certainly lacks the type { found bool }
pub const CONTROL_TYPE_FOUND: u32 = 104;

// Off, on, or on if the kernel supports it.
pub const WANTED_NO: u32 = 0;
pub const WANTED_YES: u32 = 1;
pub const WANTED_IF_SUPPORTED: u32 = 2;

// Attributes of a map. For "cpus" the agent uses the number of processors; the value of "autocreate" is an enum wanted.
pub const MAP_TYPE: u32 = 0;
pub const MAP_MAX_ENTRIES: u32 = 1;
pub const MAP_KEY_SIZE: u32 = 2;
pub const MAP_VALUE_SIZE: u32 = 3;
pub const MAP_CPUS: u32 = 4;
pub const MAP_AUTOCREATE: u32 = 5;

// Attributes of a program.
pub const PROGRAM_TYPE: u32 = 0;
pub const PROGRAM_ATTACH_TYPE: u32 = 1;

// The kinds of alternatives.
pub const ALTERNATIVE_PROGRAMS: u32 = 0;
pub const ALTERNATIVE_MAPS: u32 = 1;

// The numbers of enum libbpf_print_level.
pub const LEVEL_WARN: u32 = 0;
pub const LEVEL_INFO: u32 = 1;
pub const LEVEL_DEBUG: u32 = 2;

// The step at which a load attempt ended: the one that failed, or "done".
pub const REACHED_OPEN: u32 = 0;
pub const REACHED_PREPARE: u32 = 1;
pub const REACHED_LOAD: u32 = 2;
pub const REACHED_DONE: u32 = 3;

// The part that the kernel lacks for a program that is loaded only if the kernel supports it.
pub const LACKS_PROGRAM_TYPE: u32 = 0;
pub const LACKS_ATTACH_TARGET: u32 = 1;

// The kinds of attached things.
pub const ATTACHED_PROGRAM: u32 = 0;
pub const ATTACHED_MAP: u32 = 1;

// The end of a command. Its value is the exit status, the signal, the time limit in ms, or the errno of the failed start.
pub const COMMAND_EXITED: u32 = 0;
pub const COMMAND_KILLED: u32 = 1;
pub const COMMAND_TIMED_OUT: u32 = 2;
pub const COMMAND_NOT_STARTED: u32 = 3;

// What the lists of the kernel say about a function: the first word also means that they cannot be read.
pub const TARGET_UNKNOWN: u32 = 0;
pub const TARGET_TRACEABLE: u32 = 1;
pub const TARGET_NOTRACE: u32 = 2;
pub const TARGET_VARIANT: u32 = 3;
pub const TARGET_INLINED: u32 = 4;
pub const TARGET_ABSENT: u32 = 5;
pub const TARGET_INIT: u32 = 6;

// What a loader failed at. A setting is a wish of the request that its library cannot fulfil.
pub const ABOUT_OBJECT: u32 = 0;
pub const ABOUT_BTF: u32 = 1;
pub const ABOUT_RELOCATION: u32 = 2;
pub const ABOUT_EXTERN: u32 = 3;
pub const ABOUT_MAP: u32 = 4;
pub const ABOUT_PROGRAM: u32 = 5;
pub const ABOUT_SETTING: u32 = 6;
pub const ABOUT_ATTACH: u32 = 7;

// What a loader did with an instruction: it wrote the value, made the instruction invalid, or ended the load.
pub const RELOCATION_PATCHED: u32 = 0;
pub const RELOCATION_POISONED: u32 = 1;
pub const RELOCATION_FAILED: u32 = 2;
