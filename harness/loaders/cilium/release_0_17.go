// SPDX-License-Identifier: Apache-2.0

//go:build cilium_0_17

package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

const release = "0.17.3"

// The types of the kernel; nil if it has no BTF. This release itself gives every load a copy of its own, and to copy the structs that a
// program reads takes longer than all the rest of its load.
var kernelTypes *btf.Spec

func readKernelTypes() {
	kernelTypes, _ = btf.LoadKernelSpec()
	readStructs(kernelTypes)
}

// With the types of a module loaded the library must choose: it adds them for a program that attaches to the module.
func collectionOptions(programs ebpf.ProgramOptions) *ebpf.CollectionOptions {
	if programs.KernelTypes == nil && !hasModuleTypes() {
		programs.KernelTypes = kernelTypes
	}
	return &ebpf.CollectionOptions{Programs: programs}
}

func hasModuleTypes() bool {
	entries, err := os.ReadDir("/sys/kernel/btf")
	return err != nil || len(entries) > 1
}

// The types against which the library relocates: those of the kernel, and of the module with the function that the program attaches to. See
// applyRelocations() in its linker.go.
func relocationTargets(override *btf.Spec, program *ebpf.ProgramSpec) ([]*btf.Spec, error) {
	if override != nil {
		return []*btf.Spec{override}, nil
	}
	if kernelTypes == nil {
		return nil, ebpf.ErrNotSupported
	}
	targets := []*btf.Spec{kernelTypes}
	module := moduleOf(program)
	if module == "" {
		return targets, nil
	}
	types, err := btf.LoadKernelModuleSpec(module)
	if errors.Is(err, fs.ErrNotExist) {
		return targets, nil
	}
	if err != nil {
		return nil, err
	}
	return append(targets, types), nil
}

// The module with the function that a program attaches to; "" for a function of the kernel itself. See kernelModule() in the library's prog.go.
func moduleOf(program *ebpf.ProgramSpec) string {
	isTrampoline := program.Type == ebpf.Tracing && (program.AttachType == ebpf.AttachTraceFEntry || program.AttachType == ebpf.AttachTraceFExit)
	if program.AttachTo == "" || (program.Type != ebpf.Kprobe && !isTrampoline) {
		return ""
	}
	file, err := os.Open("/proc/kallsyms")
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		// An address, a kind, a name, and a module in brackets.
		words := strings.Fields(lines.Text())
		if len(words) == 4 && strings.EqualFold(words[1], "t") && words[2] == program.AttachTo {
			return strings.Trim(words[3], "[]")
		}
	}
	return ""
}

// The variables of this release have no bytes of their own.
func setVariableSpecs(*ebpf.CollectionSpec, string, []byte) error {
	return nil
}

func attachStructOps(*ebpf.Map) (io.Closer, error) {
	return nil, notInLibrary("struct_ops maps")
}

func runCount(program *ebpf.Program) (uint64, error) {
	info, err := program.Info()
	if err != nil {
		return 0, err
	}
	count, isKnown := info.RunCount()
	if !isKnown {
		return 0, ebpf.ErrNotSupported
	}
	return count, nil
}
