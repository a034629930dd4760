// SPDX-License-Identifier: Apache-2.0
// Code generated from harness/guest/protocol/ by "npm run protocol"; DO NOT EDIT.

package main

// Frames of a request, from the host to the guest.
const (
	frameObject         uint32 = 1  // the object to load { name counted, elf bytes }
	frameAutoload       uint32 = 2  // whether a program is loaded { wanted wanted, program string }
	frameMapSetting     uint32 = 32 // an attribute of a map { attribute map_attribute, value u32, map string }
	frameInnerMap       uint32 = 33 // the maps in a map of maps; 0 keeps the value in the object { mapType u32, keySize u32, valueSize u32, maxEntries u32, map string }
	frameProgramSetting uint32 = 34 // an attribute of a program { attribute program_attribute, value u32, program string }
	framePins           uint32 = 36 // maps that the object pins are pinned
	frameVariable       uint32 = 37 // bytes at an offset of a data section { offset u32, section string, bytes bytes }
	frameKconfig        uint32 = 38 // lines of a kernel configuration { text string }
	frameBtf            uint32 = 39 // BTF for relocations { bytes bytes }
	frameAlternatives   uint32 = 40 // one of these is chosen; they are tried in this order { kind alternatives_kind, names strings }
	frameAttach         uint32 = 48 // everything that was loaded is attached
	frameAttachTo       uint32 = 49 // the attach target of a program { program string, target string }
	frameRun            uint32 = 50 // the triggers run the attached programs, then the checks are read
	frameTrigger        uint32 = 51 // a built-in trigger { index u32, name string }
	frameTestRun        uint32 = 52 // a program is run on data { index u32, repeat u32, program string, data counted, context bytes }
	frameCountEvents    uint32 = 53 // the events in a buffer are counted { index u32, map string }
	frameLookUp         uint32 = 54 // a value of a map is read { index u32, map string, key bytes }
	frameTriggerCommand uint32 = 55 // a command as a trigger; its files are in the archive { index u32, timeoutMs u32, folder string, argv list, env list }
	frameArchive        uint32 = 64 // a ustar archive, unpacked below / { tar bytes }
	frameCommand        uint32 = 65 // the custom loader, which replaces the load { timeoutMs u32, folder string, argv list, env list }
	frameCollect        uint32 = 67 // a file that the command writes; its bytes are sent back { path string }
	frameModule         uint32 = 66 // a kernel module, loaded before anything else { name string, ko bytes }
)

// Frames of a response, from the guest to the host.
const (
	frameHello          uint32 = 16 // the guest is ready { release string, version string, machine string, libbpf string, btfSize u64 }
	frameUptime         uint32 = 84 // the time from the start of the kernel to hello { uptimeMs u64 ns }
	frameProgram        uint32 = 17 // a program of the object { insns u32, autoload bool, name string, section string, programType string }
	frameAttemptBegin   uint32 = 18 // a load attempt of one program, or of "" for the whole object { program string }
	frameLog            uint32 = 19 // one print call of libbpf { level log_level, text bytes }
	frameAttemptEnd     uint32 = 20 // the end of a load attempt { reached reached, errno u32, openMs u64 ns, loadMs u64 ns }
	frameKernelLog      uint32 = 21 // records of /dev/kmsg since the cell began { text bytes }
	frameCrash          uint32 = 22 // the loading process ended without a response { waitStatus u32 }
	frameEnd            uint32 = 23 // the end of a response { guestMs u64 ns }
	frameLeftOut        uint32 = 46 // a program that is not loaded { lacks lacks, program string, what string }
	frameChosen         uint32 = 47 // the chosen one of alternatives { kind alternatives_kind, name string }
	frameAttached       uint32 = 56 // a program or struct_ops map of the previous attempt; errno 0 if it is attached { kind attached_kind, errno u32, name string, detail string }
	frameTriggered      uint32 = 57 // the result of a trigger, and the return value of a test run { index u32, errno u32, returned u32 }
	frameEvents         uint32 = 58 // the number of events in a buffer { index u32, errno u32, count u64 }
	frameMapValue       uint32 = 59 // a value of a map; for a per-CPU map the values of all processors { index u32, errno u32, value bytes }
	frameRuns           uint32 = 60 // the number of runs of a program { count u64, program string }
	frameTriggerEnd     uint32 = 61 // the end of a trigger command { index u32, end command_end, value u32, ms u64 ns, dropped u64 }
	frameOutput         uint32 = 72 // output of a command on stream 1 or 2 { stream u32, bytes bytes }
	frameCommandEnd     uint32 = 73 // the end of the custom loader { end command_end, value u32, ms u64 ns, dropped u64 }
	frameCollected      uint32 = 75 // the bytes of that file; errno 0 if it was read { errno u32, bytes bytes }
	frameTarget         uint32 = 62 // a function that a program ("": of the last attempt) cannot attach to { state target_state, program string, function string, variant string }
	frameModuleEnd      uint32 = 74 // a module; errno 0 if it is loaded { errno u32, name string }
	frameFailure        uint32 = 80 // the failure that ended an attempt, in the words of the loader; errno 0 if unknown { about failure_about, errno u32, name string, text bytes }
	frameVerifierLog    uint32 = 81 // the log of the verifier for a program of the attempt { program string, text bytes }
	frameCoreRelocation uint32 = 82 // what a CO-RE relocation changed; insn counts within the function { outcome relocation_outcome, insn u32, from u64, to u64, function string, text bytes }
	frameSubprogram     uint32 = 83 // a function that the loader appended to a program, as the verifier counts its instructions { insns u32, offset u32, program string, function string }
)

// Frames on the pipes between the agent and a loader program.
const (
	controlReady       uint32 = 96  // the loader is warm; the release of its library { version string }
	controlEnd         uint32 = 97  // the end of the request
	controlTriggers    uint32 = 98  // everything is attached: the agent pulls the triggers
	controlContinue    uint32 = 99  // the triggers are pulled: the loader reads the checks
	controlFinished    uint32 = 100 // the loader has reported everything
	controlFindTarget  uint32 = 101 // whether the kernel has a target that the load of a program does not need { section string, target string }
	controlTargetFound uint32 = 102 // the answer: no if a load would hide that the target is missing { found bool }
	controlFindType    uint32 = 103 // whether the kernel knows a program type, in the words of libbpf { type string }
	controlTypeFound   uint32 = 104 // the answer: no if the kernel certainly lacks the type { found bool }
)

// Off, on, or on if the kernel supports it.
const (
	wantedNo          uint32 = 0
	wantedYes         uint32 = 1
	wantedIfSupported uint32 = 2
)

// Attributes of a map. For "cpus" the agent uses the number of processors; the value of "autocreate" is an enum wanted.
const (
	mapType       uint32 = 0
	mapMaxEntries uint32 = 1
	mapKeySize    uint32 = 2
	mapValueSize  uint32 = 3
	mapCpus       uint32 = 4
	mapAutocreate uint32 = 5
)

// Attributes of a program.
const (
	programType       uint32 = 0
	programAttachType uint32 = 1
)

// The kinds of alternatives.
const (
	alternativePrograms uint32 = 0
	alternativeMaps     uint32 = 1
)

// The numbers of enum libbpf_print_level.
const (
	levelWarn  uint32 = 0
	levelInfo  uint32 = 1
	levelDebug uint32 = 2
)

// The step at which a load attempt ended: the one that failed, or "done".
const (
	reachedOpen    uint32 = 0
	reachedPrepare uint32 = 1
	reachedLoad    uint32 = 2
	reachedDone    uint32 = 3
)

// The part that the kernel lacks for a program that is loaded only if the kernel supports it.
const (
	lacksProgramType  uint32 = 0
	lacksAttachTarget uint32 = 1
)

// The kinds of attached things.
const (
	attachedProgram uint32 = 0
	attachedMap     uint32 = 1
)

// The end of a command. Its value is the exit status, the signal, the time limit in ms, or the errno of the failed start.
const (
	commandExited     uint32 = 0
	commandKilled     uint32 = 1
	commandTimedOut   uint32 = 2
	commandNotStarted uint32 = 3
)

// What the lists of the kernel say about a function: the first word also means that they cannot be read.
const (
	targetUnknown   uint32 = 0
	targetTraceable uint32 = 1
	targetNotrace   uint32 = 2
	targetVariant   uint32 = 3
	targetInlined   uint32 = 4
	targetAbsent    uint32 = 5
	targetInit      uint32 = 6
)

// What a loader failed at. A setting is a wish of the request that its library cannot fulfil.
const (
	aboutObject     uint32 = 0
	aboutBtf        uint32 = 1
	aboutRelocation uint32 = 2
	aboutExtern     uint32 = 3
	aboutMap        uint32 = 4
	aboutProgram    uint32 = 5
	aboutSetting    uint32 = 6
	aboutAttach     uint32 = 7
)

// What a loader did with an instruction: it wrote the value, made the instruction invalid, or ended the load.
const (
	relocationPatched  uint32 = 0
	relocationPoisoned uint32 = 1
	relocationFailed   uint32 = 2
)
