// SPDX-License-Identifier: Apache-2.0

//go:build cilium_0_17

package main

import (
	"fmt"
	"io"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

const release = "0.17.3"

// This release itself keeps the types of the kernel in memory.
func readKernelTypes() {
	_, _ = btf.LoadKernelSpec()
}

func collectionOptions(programs ebpf.ProgramOptions) *ebpf.CollectionOptions {
	return &ebpf.CollectionOptions{Programs: programs}
}

// The types against which the library relocates: those of the kernel, and of the module that the program attaches to. See
// applyRelocations() in its linker.go. A module is known only after the search for the attach target, so its types are left out here.
func relocationTargets(override *btf.Spec, _ *ebpf.ProgramSpec) ([]*btf.Spec, error) {
	if override != nil {
		return []*btf.Spec{override}, nil
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, err
	}
	return []*btf.Spec{kernel}, nil
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
