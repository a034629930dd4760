// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"
	"regexp"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// The longest verifier log that is reported; of a longer one only the end, where the verifier tells its reason.
const mostLog = 16 << 20

// An error with what it is about. Without a name it is about the object.
type failure struct {
	about uint32
	name  string
	err   error
}

var (
	programName = regexp.MustCompile(`\bprogram ([^\s:]+): `)
	mapName     = regexp.MustCompile(`\bmap ([^\s:]+): `)
	// The names of the fields are this program's own; see objects.go.
	fieldName = regexp.MustCompile(`^assign values: field F\d+: |^field F\d+: `)
)

func firstName(pattern *regexp.Regexp, said string) string {
	if found := pattern.FindStringSubmatch(said); found != nil {
		return found[1]
	}
	return ""
}

// Parts of the library's errors, the most specific first: a map can fail while a program is loaded.
var subjects = []struct {
	part  string
	about uint32
}{
	{"map create: ", aboutMap},
	{"finalizing map ", aboutMap},
	{"populating map ", aboutMap},
	{"load kernel spec: ", aboutBtf},
	{"load BTF for kmod ", aboutBtf},
	{"load kernel module spec: ", aboutBtf},
	{"apply CO-RE relocations: ", aboutRelocation},
	{"load BTF: ", aboutBtf},
	{"resolve .kconfig: ", aboutExtern},
	{"resolve .ksyms: ", aboutExtern},
	{"resolve required ksyms: ", aboutExtern},
	{"kernel is missing symbol: ", aboutExtern},
	{"fixing up kfuncs: ", aboutExtern},
	// The module of an attach target. A function that the kernel has twice is refused here; the words name no program.
	{"assigning symbol modules: ", aboutObject},
	{"kallsyms", aboutExtern},
	{": attach ", aboutAttach},
}

// What an error of a load is about. The library has no types for most of its errors, but each step begins with its own words.
func failureOf(err error) failure {
	said := err.Error()
	program := firstName(programName, said)
	for _, subject := range subjects {
		if !strings.Contains(said, subject.part) {
			continue
		}
		if subject.about == aboutMap {
			return failure{aboutMap, firstName(mapName, said), err}
		}
		return failure{subject.about, program, err}
	}
	switch {
	case program != "":
		return failure{aboutProgram, program, err}
	case firstName(mapName, said) != "":
		return failure{aboutMap, firstName(mapName, said), err}
	}
	return failure{aboutObject, "", err}
}

// The number of the error that ended a load. The library calls an attach target that the kernel lacks an unsupported feature.
func (f failure) number() uint32 {
	if f.about == aboutAttach && errors.Is(f.err, ebpf.ErrNotSupported) {
		return uint32(syscall.ENOENT)
	}
	return numberOf(f.err)
}

func errnoOf(err error) uint32 {
	var number syscall.Errno
	switch {
	case errors.As(err, &number):
		return uint32(number)
	case errors.Is(err, btf.ErrNotFound):
		return uint32(syscall.ENOENT)
	case errors.Is(err, ebpf.ErrNotSupported):
		return uint32(syscall.EOPNOTSUPP)
	}
	return 0
}

// Reports the failure that ended an attempt, and the log of the verifier if it has one.
func (s *session) reportFailure(f failure) {
	var verifier *ebpf.VerifierError
	if errors.As(f.err, &verifier) && len(verifier.Log) > 0 && f.about == aboutProgram {
		log := strings.Join(verifier.Log, "\n") + "\n"
		s.send(frameVerifierLog, text(f.name), rest(log[max(0, len(log)-mostLog):]))
	}
	said := fieldName.ReplaceAllString(f.err.Error(), "")
	s.send(frameFailure, u32(f.about), u32(f.number()), text(f.name), rest(said))
}
