// SPDX-License-Identifier: Apache-2.0
package main

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// A CO-RE relocation at an instruction of a function.
type relocation struct {
	function string
	insn     uint32
	core     *btf.CORERelocation
	ins      asm.Instruction
}

func relocationsOf(spec *ebpf.ProgramSpec) []relocation {
	var found []relocation
	name, start := spec.Name, asm.RawInstructionOffset(0)
	for iter := spec.Instructions.Iterate(); iter.Next(); {
		if symbol := iter.Ins.Symbol(); symbol != "" {
			name, start = symbol, iter.Offset
		}
		if core := btf.CORERelocationMetadata(iter.Ins); core != nil {
			found = append(found, relocation{name, uint32(iter.Offset - start), core, *iter.Ins})
		}
	}
	return found
}

// Reports what the library does with each CO-RE relocation of a program. The library does not tell it, so its function is called with the
// inputs that it gets during the load.
func (s *session) reportRelocations(spec *ebpf.ProgramSpec) {
	found := relocationsOf(spec)
	if len(found) == 0 {
		return
	}
	targets, err := relocationTargets(s.kernelTypes, spec)
	if err != nil {
		// The load fails with the same error.
		return
	}
	fixups, err := relocate(found, targets, spec)
	if err == nil {
		for i := range fixups {
			s.reportFixup(found[i], &fixups[i])
		}
		return
	}
	for _, group := range byType(found) {
		fixups, err := relocate(group, targets, spec)
		for i := range group {
			if err != nil {
				s.reportRelocation(group[i], relocationFailed, 0, 0, err.Error())
			} else {
				s.reportFixup(group[i], &fixups[i])
			}
		}
	}
}

func relocate(found []relocation, targets []*btf.Spec, spec *ebpf.ProgramSpec) ([]btf.COREFixup, error) {
	relocations := make([]*btf.CORERelocation, len(found))
	for i := range found {
		relocations[i] = found[i].core
	}
	order := spec.ByteOrder
	if order == nil {
		order = binary.LittleEndian
	}
	var types btf.Builder
	return btf.CORERelocate(relocations, targets, order, types.Add)
}

// Groups relocations of one local type: the library chooses one target for each group. The text of a relocation ends with the id of its
// local type.
func byType(found []relocation) [][]relocation {
	var groups [][]relocation
	at := map[string]int{}
	for _, each := range found {
		described := each.core.String()
		id := described[strings.LastIndex(described, "local_id=")+1:]
		index, known := at[id]
		if !known {
			index = len(groups)
			at[id] = index
			groups = append(groups, nil)
		}
		groups[index] = append(groups[index], each)
	}
	return groups
}

// The text of a fixup is all that the library shows of it: `byte_off=8->16`, or `byte_off=poison`.
func (s *session) reportFixup(at relocation, fixup *btf.COREFixup) {
	described := fixup.String()
	var local, to uint64
	_, values, _ := strings.Cut(described, "=")
	if count, _ := fmt.Sscanf(values, "%d->%d", &local, &to); count != 2 {
		s.reportRelocation(at, relocationPoisoned, 0, 0, described)
		return
	}
	from := operandOf(at.ins)
	patched := at.ins
	if err := fixup.Apply(&patched); err != nil {
		s.reportRelocation(at, relocationFailed, from, to, err.Error())
		return
	}
	s.reportRelocation(at, relocationPatched, from, to, described)
}

// The value in an instruction as it was compiled. For bit fields the library computes another local value, which it does not use.
func operandOf(ins asm.Instruction) uint64 {
	switch ins.OpCode.Class() {
	case asm.LdXClass, asm.StClass, asm.StXClass:
		return uint64(ins.Offset)
	}
	return uint64(ins.Constant)
}

func (s *session) reportRelocation(at relocation, outcome uint32, from, to uint64, said string) {
	s.send(frameCoreRelocation, u32(outcome), u32(at.insn), u64(from), u64(to), text(at.function), rest(said))
}
