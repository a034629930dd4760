// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// The names of program types in libbpf, by their numbers in the kernel. See prog_type_name in libbpf.c.
var typeNames = []string{
	"", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp", "perf_event", "cgroup_skb", "cgroup_sock", "lwt_in",
	"lwt_out", "lwt_xmit", "sock_ops", "sk_skb", "cgroup_device", "sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local",
	"lirc_mode2", "sk_reuseport", "flow_dissector", "cgroup_sysctl", "raw_tracepoint_writable", "cgroup_sockopt", "tracing", "struct_ops",
	"ext", "lsm", "sk_lookup", "syscall", "netfilter",
}

func typeName(kind ebpf.ProgramType) string {
	if int(kind) < len(typeNames) {
		return typeNames[kind]
	}
	return ""
}

// Names of the programs of an object in the order of its sections. The library itself keeps no order.
func orderedPrograms(spec *ebpf.CollectionSpec, object []byte) []string {
	type place struct {
		section elf.SectionIndex
		offset  uint64
	}
	places := map[string]place{}
	if file, err := elf.NewFile(bytes.NewReader(object)); err == nil {
		symbols, _ := file.Symbols()
		for _, symbol := range symbols {
			if spec.Programs[symbol.Name] != nil {
				places[symbol.Name] = place{symbol.Section, symbol.Value}
			}
		}
	}
	// Functions of other sections than .text, such as Rust's panics in .text.unlikely., are programs without a type to the library.
	names := slices.DeleteFunc(sortedNames(spec.Programs), func(name string) bool {
		return strings.HasPrefix(spec.Programs[name].SectionName, ".text")
	})
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(places[a].section, places[b].section), cmp.Compare(places[a].offset, places[b].offset))
	})
	return names
}

func sortedNames[T any](byName map[string]T) []string {
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// A function in the instructions of a program: the program itself, or a subprogram that the library appended.
type function struct {
	name          string
	offset, insns uint32
}

func functionsOf(spec *ebpf.ProgramSpec) []function {
	var functions []function
	for iter := spec.Instructions.Iterate(); iter.Next(); {
		if name := iter.Ins.Symbol(); name != "" {
			functions = append(functions, function{name: name, offset: uint32(iter.Offset)})
		}
		if len(functions) > 0 {
			last := &functions[len(functions)-1]
			last.insns = uint32(iter.Offset) + widthOf(iter.Ins) - last.offset
		}
	}
	return functions
}

// The instructions that one of the library takes up: a load of 64 bits is two.
func widthOf(ins *asm.Instruction) uint32 {
	if ins.OpCode.IsDWordLoad() {
		return 2
	}
	return 1
}
