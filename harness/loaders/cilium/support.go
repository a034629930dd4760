// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
)

// The words that the library puts before the name of a function which the kernel lacks: it may be a system call.
var callPrefixes = map[string]string{"amd64": "__x64_", "arm64": "__arm64_"}

// Leaves out the programs that only need to load if the kernel supports them, and that it does not support.
func (s *session) decideSupported(spec *ebpf.CollectionSpec, order []string) {
	for _, name := range order {
		if s.request.autoload[name] != wantedIfSupported {
			continue
		}
		program := spec.Programs[name]
		// An error of the probe is no answer. Then the load decides.
		if errors.Is(features.HaveProgramType(program.Type), ebpf.ErrNotSupported) {
			s.leaveOut(name, lacksProgramType, typeName(program.Type))
		} else if !hasBtfTarget(program) || !s.hasLateTarget(program) {
			s.leaveOut(name, lacksAttachTarget, s.targetOf(program))
		}
	}
}

func (s *session) leaveOut(name string, lacks uint32, what string) {
	s.leftOut[name] = true
	s.send(frameLeftOut, u32(lacks), text(name), text(what))
}

// The target of the request, otherwise that of the section.
func (s *session) targetOf(program *ebpf.ProgramSpec) string {
	_, target, _ := strings.Cut(program.SectionName, "/")
	// The request names the cgroup of such a program; the section names its hook.
	if given := s.request.attachTo[program.Name]; given != "" && program.AttachType != ebpf.AttachLSMCgroup {
		return given
	}
	return target
}

// Whether the kernel has a target that the load does not need. Only the agent reads the lists of functions and events.
func (s *session) hasLateTarget(program *ebpf.ProgramSpec) bool {
	if program == nil {
		return false
	}
	target := s.targetOf(program)
	if target == "" || s.findsTarget(program.SectionName, target) {
		return true
	}
	prefix := callPrefixes[runtime.GOARCH]
	return program.Type == ebpf.Kprobe && prefix != "" && s.findsTarget(program.SectionName, prefix+target)
}

func (s *session) findsTarget(section, target string) bool {
	s.send(controlFindTarget, text(section), text(target))
	s.flush()
	answer, err := s.read()
	if err != nil || answer.number != controlTargetFound {
		os.Exit(1)
	}
	return answer.payload.u32() != 0
}

// Whether the BTF of the kernel and of its loaded modules has the target of a program; true for programs that need none there.
func hasBtfTarget(program *ebpf.ProgramSpec) bool {
	name := btfTarget(program)
	if name == "" {
		return true
	}
	all, err := relocationTargets(nil, program)
	return err == nil && slices.ContainsFunc(all, func(types *btf.Spec) bool {
		found, _ := types.AnyTypesByName(name)
		return len(found) > 0
	})
}

// The name in BTF of what a program attaches to; "" if the load looks nothing up.
func btfTarget(program *ebpf.ProgramSpec) string {
	target := program.AttachTo
	switch {
	case target == "":
		return ""
	case program.Type == ebpf.LSM:
		return "bpf_lsm_" + target
	case program.Type != ebpf.Tracing:
		return ""
	case program.AttachType == ebpf.AttachTraceRawTp:
		return "btf_trace_" + target
	case program.AttachType == ebpf.AttachTraceIter:
		return "bpf_iter_" + target
	}
	return target
}
