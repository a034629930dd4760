// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// What one request needs while its object is loaded.
type session struct {
	*pipe
	request     *request
	kernelTypes *btf.Spec // the custom BTF; nil for that of the kernel
	groups      []*group
	isProbed    bool            // whether the kernel was asked what it supports, and the programs are listed
	leftOut     map[string]bool // programs for which the kernel lacks something
	tried       map[string]bool // programs that were loaded alone as alternatives
	unattached  map[string]bool // programs that were loaded, but could not be attached
}

func newSession(p *pipe, r *request) *session {
	return &session{
		pipe: p, request: r, groups: groupsOf(r.settings),
		leftOut: map[string]bool{}, tried: map[string]bool{}, unattached: map[string]bool{},
	}
}

// Loads the whole object. If that fails, chooses other alternatives and loads it again. If that fails too, loads each wanted program alone.
func (s *session) load() {
	whole := s.attempt("")
	if whole.spec != nil && (!whole.done || s.chosenFailed()) {
		whole.close()
		if s.choose(whole.done) {
			whole = s.attempt("")
		}
	}
	for _, name := range whole.alone {
		if !s.tried[name] {
			s.attempt(name)
		}
	}
	s.reportChosen()
	if whole.loaded != nil && !s.chosenFailed() {
		s.check(whole.spec, whole.loaded)
	}
}

// The result of one attempt.
type attempt struct {
	spec   *ebpf.CollectionSpec
	done   bool     // whether it loaded
	loaded *objects // what the whole object loaded, as long as it is needed
	alone  []string // the programs that must be loaded alone to know their verdicts
}

func (a *attempt) close() {
	if a.loaded != nil {
		a.loaded.close()
		a.loaded = nil
	}
}

// One load attempt, from the bytes of the object on: of one program, or of "" for the whole object.
func (s *session) attempt(only string) attempt {
	s.send(frameAttemptBegin, text(only))
	defer s.flush()
	start := time.Now()
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(s.request.elf))
	opened := time.Now()
	if err != nil {
		failed := failure{aboutObject, "", err}
		s.reportFailure(failed)
		s.end(reachedOpen, failed.number(), start, opened)
		return attempt{}
	}
	order := orderedPrograms(spec, s.request.elf)
	isFirst := !s.isProbed
	s.isProbed = true
	if isFirst {
		s.listPrograms(spec, order)
	}
	refused := s.applySettings(spec, only)
	if isFirst && refused == nil {
		s.decideSupported(spec, order)
		s.probeAlternatives(spec)
	}
	if refused != nil {
		s.reportFailure(*refused)
		s.end(reachedPrepare, refused.number(), start, opened)
		return attempt{spec: spec, alone: s.unless(only != "", s.wanted(spec, order))}
	}
	programs := []string{only}
	if only == "" {
		programs = s.wanted(spec, order)
	}
	s.reportLayout(spec, programs)
	loaded, err := s.loadPrograms(spec, programs, only == "")
	if err != nil {
		found := failureOf(err)
		s.reportFailure(found)
		s.end(reachedAt(found), found.number(), start, opened)
		return attempt{spec: spec, alone: s.unless(only != "" || len(programs) == 1, append(programs, unknownPrograms(spec, order)...))}
	}
	s.end(reachedDone, 0, start, opened)
	s.attachAll(spec, loaded, order)
	if only != "" {
		loaded.close()
		return attempt{spec: spec, done: true}
	}
	return attempt{spec, true, loaded, unknownPrograms(spec, order)}
}

func (s *session) unless(isEnough bool, names []string) []string {
	if isEnough {
		return nil
	}
	return names
}

func (s *session) end(reached, number uint32, start, opened time.Time) {
	s.send(frameAttemptEnd, u32(reached), u32(number), u64(uint64(opened.Sub(start))), u64(uint64(time.Since(opened))))
}

// The step of a load that a failure belongs to, as libbpf orders them.
func reachedAt(f failure) uint32 {
	if f.about == aboutProgram || f.about == aboutAttach {
		return reachedLoad
	}
	return reachedPrepare
}

// Lists the programs of the object. The library does not load those of sections that it does not know.
func (s *session) listPrograms(spec *ebpf.CollectionSpec, order []string) {
	for _, name := range order {
		program := spec.Programs[name]
		insns := uint32(0)
		if functions := functionsOf(program); len(functions) > 0 {
			insns = functions[0].insns
		}
		isLoaded := program.Type != ebpf.UnspecifiedProgram && s.isWanted(name)
		s.send(frameProgram, u32(insns), flag(isLoaded), text(name), text(program.SectionName), text(typeName(program.Type)))
	}
}

func (s *session) isWanted(name string) bool {
	wanted, isSet := s.request.autoload[name]
	return !isSet || wanted != wantedNo
}

// The programs that the request wants, of those that the library can load.
func (s *session) wanted(spec *ebpf.CollectionSpec, order []string) []string {
	return slices.DeleteFunc(slices.Clone(order), func(name string) bool {
		return !s.isWanted(name) || s.leftOut[name] || s.isUnchosen(alternativePrograms, name) || spec.Programs[name].Type == ebpf.UnspecifiedProgram
	})
}

func unknownPrograms(spec *ebpf.CollectionSpec, order []string) []string {
	return slices.DeleteFunc(slices.Clone(order), func(name string) bool { return spec.Programs[name].Type != ebpf.UnspecifiedProgram })
}

// Reports the functions in each program and what becomes of their relocations.
func (s *session) reportLayout(spec *ebpf.CollectionSpec, programs []string) {
	for _, name := range programs {
		program := spec.Programs[name]
		if program == nil {
			continue
		}
		for _, each := range functionsOf(program) {
			if each.offset > 0 {
				s.send(frameSubprogram, u32(each.insns), u32(each.offset), text(name), text(each.name))
			}
		}
		s.reportRelocations(program)
	}
}

// Loads first without a log, as the library does. For a program that is too large even the log of the failure can be larger than the
// memory of the guest, so it is asked only for the reason.
func (s *session) loadPrograms(spec *ebpf.CollectionSpec, programs []string, all bool) (*objects, error) {
	options := ebpf.ProgramOptions{KernelTypes: s.kernelTypes, LogDisabled: true}
	var maps []string
	if all {
		maps = slices.DeleteFunc(sortedNames(spec.Maps), func(name string) bool { return s.isUnchosen(alternativeMaps, name) })
	} else {
		forgetPrograms(spec)
	}
	loaded, err := loadObjects(spec, programs, maps, options)
	if err == nil {
		return loaded, nil
	}
	var number syscall.Errno
	options.LogDisabled = false
	if errors.As(err, &number) && number == syscall.E2BIG {
		options.LogLevel = ebpf.LogLevelStats
	}
	loaded, err = loadObjects(spec, programs, maps, options)
	if err != nil {
		return nil, err
	}
	return loaded, nil
}
