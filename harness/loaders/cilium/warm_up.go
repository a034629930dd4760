// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
)

// Almost every Go project lifts this limit before it loads: kernels before 5.11 count BPF memory against it.
func removeMemlock() error {
	return rlimit.RemoveMemlock()
}

// The free memory of the guest in bytes; a small number if the kernel does not tell it.
func availableMemory() uint64 {
	const unknown = 128 << 20
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return unknown
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kib uint64
		if count, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); count == 1 {
			return kib << 10
		}
	}
	return unknown
}

// Makes the library decode the structs that most programs read, with everything that they lead to. It keeps them for later loads.
func readStructs(kernel *btf.Spec) {
	if kernel == nil {
		return
	}
	for _, name := range []string{"task_struct", "sk_buff", "sock", "file", "bio"} {
		_, _ = kernel.AnyTypesByName(name)
	}
}

// Loads one map and one program that returns 0. To load them, the library probes the features of the kernel.
func loadTinyObject() error {
	spec := &ebpf.CollectionSpec{
		Maps: map[string]*ebpf.MapSpec{
			".rodata": {Name: ".rodata", Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1, Flags: 1 << 7 /* BPF_F_RDONLY_PROG */},
		},
		Programs: map[string]*ebpf.ProgramSpec{
			"tiny": {
				Name:         "tiny",
				Type:         ebpf.SocketFilter,
				License:      "GPL",
				Instructions: asm.Instructions{asm.FnKtimeGetNs.Call(), asm.Mov.Imm(asm.R0, 0), asm.Return()},
			},
		},
	}
	collection, err := ebpf.NewCollection(spec)
	if err == nil {
		collection.Close()
	}
	return err
}
