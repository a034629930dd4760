// SPDX-License-Identifier: Apache-2.0

//go:build !cilium_0_17

package main

import (
	"errors"
	"io"
	"io/fs"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

const release = "0.22.0"

// The types of the kernel stay in memory from load to load. Modules are read again for each, because the agent may load some before it.
var kernelTypes = btf.NewCache()

func readKernelTypes() {
	// A kernel without BTF is no reason to fail here: an object that needs it fails with the error of the library.
	kernel, _ := kernelTypes.Kernel()
	readStructs(kernel)
}

func collectionOptions(programs ebpf.ProgramOptions) *ebpf.CollectionOptions {
	return &ebpf.CollectionOptions{Programs: programs, Cache: kernelTypes}
}

// The types against which the library relocates: those of the kernel and of all loaded modules. See applyRelocations() in its linker.go.
func relocationTargets(override *btf.Spec, _ *ebpf.ProgramSpec) ([]*btf.Spec, error) {
	if override != nil {
		return []*btf.Spec{override}, nil
	}
	kernel, err := kernelTypes.Kernel()
	if err != nil {
		return nil, err
	}
	targets := []*btf.Spec{kernel}
	modules, err := kernelTypes.Modules()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, module := range modules {
		types, err := kernelTypes.Module(module)
		if err != nil {
			return nil, err
		}
		targets = append(targets, types)
	}
	return targets, nil
}

// Gives the variables of a section the bytes that the section has now: the library writes them over the section when it loads.
func setVariableSpecs(spec *ebpf.CollectionSpec, section string, bytes []byte) error {
	for _, each := range spec.Variables {
		if each.SectionName == section && uint64(each.Offset)+uint64(len(each.Value)) <= uint64(len(bytes)) {
			copy(each.Value, bytes[each.Offset:])
		}
	}
	return nil
}

func attachStructOps(each *ebpf.Map) (io.Closer, error) {
	return link.AttachStructOps(link.StructOpsOptions{Map: each})
}

func runCount(program *ebpf.Program) (uint64, error) {
	counted, err := program.Stats()
	if err != nil {
		return 0, err
	}
	return counted.RunCount, nil
}
