// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// Applies the settings of the request to an object that is not loaded yet. Returns the first that the library cannot fulfil, or nil.
func (s *session) applySettings(spec *ebpf.CollectionSpec, only string) *failure {
	if !s.request.pins {
		// A pinned map would outlive its attempt, and the matrix asks only whether the object loads.
		for _, each := range spec.Maps {
			each.Pinning = ebpf.PinNone
		}
	}
	for _, setting := range s.request.settings {
		if name, err := s.applySetting(spec, setting); err != nil {
			return &failure{aboutSetting, name, err}
		}
	}
	for name, target := range s.request.attachTo {
		if program := spec.Programs[name]; program != nil && isBoundAtLoad(program) && (only == "" || only == name) {
			program.AttachTo = target
		}
	}
	return nil
}

// Applies one setting. Returns the name of the map, program or section that it is about.
func (s *session) applySetting(spec *ebpf.CollectionSpec, setting frame) (string, error) {
	p := setting.payload
	switch setting.number {
	case frameMapSetting:
		attribute, value := p.u32(), p.u32()
		name := p.string()
		return name, setMap(spec, name, attribute, value)
	case frameInnerMap:
		inner := &ebpf.MapSpec{Type: ebpf.MapType(p.u32()), KeySize: p.u32(), ValueSize: p.u32(), MaxEntries: p.u32()}
		name := p.string()
		return name, setInnerMap(spec, name, inner)
	case frameProgramSetting:
		attribute, value := p.u32(), p.u32()
		name := p.string()
		return name, setProgram(spec, name, attribute, value)
	case frameVariable:
		offset := p.u32()
		section := p.string()
		return section, setVariable(spec, section, offset, p)
	case frameBtf:
		return "btf", s.setKernelTypes(p)
	case frameKconfig:
		return "kconfig", errors.New("kconfig: cilium/ebpf reads only the configuration of the running kernel")
	}
	return "", nil
}

func setMap(spec *ebpf.CollectionSpec, name string, attribute, value uint32) error {
	each := spec.Maps[name]
	if each == nil {
		return fmt.Errorf("map '%s': not in the object: %w", name, syscall.ENOENT)
	}
	switch attribute {
	case mapType:
		each.Type = ebpf.MapType(value)
	case mapMaxEntries:
		each.MaxEntries = value
	case mapKeySize:
		// Types that no longer describe the map would make the library refuse it.
		each.KeySize, each.Key = value, nil
	case mapValueSize:
		each.ValueSize, each.Value = value, nil
	case mapCpus:
		count, err := ebpf.PossibleCPU()
		if err != nil {
			return err
		}
		each.MaxEntries = uint32(count)
	case mapAutocreate:
		if value != wantedYes {
			return fmt.Errorf("map '%s': autocreate: cilium/ebpf creates every map of an object", name)
		}
	}
	return nil
}

func setInnerMap(spec *ebpf.CollectionSpec, name string, inner *ebpf.MapSpec) error {
	outer := spec.Maps[name]
	if outer == nil {
		return fmt.Errorf("map '%s': not in the object: %w", name, syscall.ENOENT)
	}
	// A number of 0 keeps what the object describes.
	if described := outer.InnerMap; described != nil {
		merged := described.Copy()
		for _, each := range []struct{ to, from *uint32 }{
			{&merged.KeySize, &inner.KeySize}, {&merged.ValueSize, &inner.ValueSize}, {&merged.MaxEntries, &inner.MaxEntries},
		} {
			if *each.from != 0 {
				*each.to = *each.from
			}
		}
		if inner.Type != ebpf.UnspecifiedMap {
			merged.Type = inner.Type
		}
		inner = merged
	}
	outer.InnerMap = inner
	return nil
}

func setProgram(spec *ebpf.CollectionSpec, name string, attribute, value uint32) error {
	program := spec.Programs[name]
	if program == nil {
		return fmt.Errorf("prog '%s': not in the object: %w", name, syscall.ENOENT)
	}
	if attribute == programType {
		program.Type = ebpf.ProgramType(value)
	} else {
		program.AttachType = ebpf.AttachType(value)
	}
	return nil
}

// Writes bytes into a data section, as setting variables does.
func setVariable(spec *ebpf.CollectionSpec, section string, offset uint32, value []byte) error {
	data := spec.Maps[section]
	if data == nil {
		return fmt.Errorf("section '%s': not in the object: %w", section, syscall.ENOENT)
	}
	if len(data.Contents) != 1 {
		return fmt.Errorf("section '%s': without initial bytes", section)
	}
	old, isBytes := data.Contents[0].Value.([]byte)
	if !isBytes || uint64(offset)+uint64(len(value)) > uint64(len(old)) {
		return fmt.Errorf("section '%s': %d bytes do not fit at %d", section, len(value), offset)
	}
	changed := slices.Clone(old)
	copy(changed[offset:], value)
	data.Contents[0].Value = changed
	return setVariableSpecs(spec, section, changed)
}

func (s *session) setKernelTypes(raw []byte) error {
	types, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("btf: %w", err)
	}
	s.kernelTypes = types
	return nil
}

// Whether the load already needs the attach target.
func isBoundAtLoad(program *ebpf.ProgramSpec) bool {
	return program.Type == ebpf.Tracing || (program.Type == ebpf.LSM && program.AttachType != ebpf.AttachLSMCgroup)
}
