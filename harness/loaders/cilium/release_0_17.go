// SPDX-License-Identifier: Apache-2.0

//go:build cilium_0_17

package main

import (
	"fmt"
	"io"
	"os"
	"syscall"

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

// The types against which the library relocates: those of the kernel, and of the module that the program attaches to. See
// applyRelocations() in its linker.go. A module is known only after the search for the attach target, so its types are left out here.
func relocationTargets(override *btf.Spec, _ *ebpf.ProgramSpec) ([]*btf.Spec, error) {
	if override != nil {
		return []*btf.Spec{override}, nil
	}
	if kernelTypes == nil {
		return nil, ebpf.ErrNotSupported
	}
	return []*btf.Spec{kernelTypes}, nil
}

// The variables of this release have no bytes of their own.
func setVariableSpecs(*ebpf.CollectionSpec, string, []byte) error {
	return nil
}

func attachStructOps(*ebpf.Map) (io.Closer, error) {
	return nil, fmt.Errorf("cilium/ebpf %s does not attach struct_ops maps: %w", release, syscall.EOPNOTSUPP)
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
