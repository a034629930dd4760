// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// The error of a program that needs a target which neither its section nor the configuration names. This is no failure.
var errNoTarget = errors.New("")

// Attaches every program that was loaded, if the request asks for it.
func (s *session) attachAll(spec *ebpf.CollectionSpec, loaded *objects, order []string) {
	if !s.request.attach {
		return
	}
	for _, name := range order {
		program := loaded.programs[name]
		if program == nil || program.Type() == ebpf.StructOps {
			continue
		}
		attached, err := s.attach(spec.Programs[name], program)
		if err == nil {
			loaded.links = append(loaded.links, attached)
		}
		s.reportAttached(attachedProgram, name, err)
	}
	for _, name := range sortedNames(loaded.maps) {
		if loaded.maps[name].Type() != ebpf.StructOpsMap {
			continue
		}
		attached, err := attachStructOps(loaded.maps[name])
		if err == nil {
			loaded.links = append(loaded.links, attached)
		}
		s.reportAttached(attachedMap, name, err)
	}
}

func (s *session) reportAttached(kind uint32, name string, err error) {
	switch {
	case err == nil:
		s.send(frameAttached, u32(kind), u32(0), text(name), text(""))
	case errors.Is(err, errNoTarget):
		s.send(frameAttached, u32(kind), u32(uint32(syscall.EOPNOTSUPP)), text(name), text(""))
	default:
		s.unattached[name] = true
		s.send(frameAttached, u32(kind), u32(numberOf(err)), text(name), text(err.Error()))
	}
}

// Attaches a program to the target of the configuration, otherwise to that of its section.
func (s *session) attach(spec *ebpf.ProgramSpec, program *ebpf.Program) (io.Closer, error) {
	prefix, target, _ := strings.Cut(strings.TrimPrefix(spec.SectionName, "?"), "/")
	if given, isGiven := s.request.attachTo[spec.Name]; isGiven {
		target = given
	}
	switch spec.Type {
	case ebpf.Tracing:
		if spec.AttachType == ebpf.AttachTraceIter {
			return link.AttachIter(link.IterOptions{Program: program})
		}
		return link.AttachTracing(link.TracingOptions{Program: program})
	case ebpf.LSM:
		if spec.AttachType != ebpf.AttachLSMCgroup {
			return link.AttachLSM(link.LSMOptions{Program: program})
		}
		return attachCgroup(spec, program, s.request.attachTo[spec.Name])
	}
	if target == "" || (needsGivenTarget(spec.Type) && s.request.attachTo[spec.Name] == "") {
		return nil, errNoTarget
	}
	switch spec.Type {
	case ebpf.Kprobe:
		return attachProbe(strings.TrimSuffix(prefix, ".s"), target, program)
	case ebpf.TracePoint:
		group, name, _ := strings.Cut(target, "/")
		return link.Tracepoint(group, name, program, nil)
	case ebpf.RawTracepoint, ebpf.RawTracepointWritable:
		return link.AttachRawTracepoint(link.RawTracepointOptions{Name: target, Program: program})
	case ebpf.XDP:
		return onInterface(target, func(index int) (io.Closer, error) {
			return link.AttachXDP(link.XDPOptions{Program: program, Interface: index})
		})
	case ebpf.SchedCLS:
		return onInterface(target, func(index int) (io.Closer, error) {
			return link.AttachTCX(link.TCXOptions{Program: program, Interface: index, Attach: directionOf(spec)})
		})
	case ebpf.SkLookup, ebpf.FlowDissector:
		file, err := os.Open(target)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return link.AttachNetNs(int(file.Fd()), program)
	case ebpf.CGroupSKB, ebpf.CGroupSock, ebpf.CGroupSockAddr, ebpf.CGroupSockopt, ebpf.CGroupSysctl, ebpf.CGroupDevice, ebpf.SockOps:
		return attachCgroup(spec, program, target)
	}
	return nil, notInLibrary(fmt.Sprintf("programs of type %s", spec.Type))
}

// The error of what the library cannot attach on any kernel. The host knows it by its words.
func notInLibrary(what string) error {
	return fmt.Errorf("cilium/ebpf %s has no function that attaches %s: %w", release, what, syscall.EOPNOTSUPP)
}

// Whether the section of such a program names no target: the interface, control group or namespace is the loader's choice.
func needsGivenTarget(kind ebpf.ProgramType) bool {
	return kind != ebpf.Kprobe && kind != ebpf.TracePoint && kind != ebpf.RawTracepoint && kind != ebpf.RawTracepointWritable
}

func attachProbe(prefix, target string, program *ebpf.Program) (io.Closer, error) {
	switch prefix {
	case "kprobe":
		return link.Kprobe(target, program, nil)
	case "kretprobe":
		return link.Kretprobe(target, program, nil)
	case "kprobe.multi":
		return link.KprobeMulti(program, link.KprobeMultiOptions{Symbols: []string{target}})
	case "kretprobe.multi":
		return link.KretprobeMulti(program, link.KprobeMultiOptions{Symbols: []string{target}})
	case "kprobe.session":
		return link.KprobeMulti(program, link.KprobeMultiOptions{Symbols: []string{target}, Session: true})
	case "uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi":
		path, symbol, hasFile := strings.Cut(target, ":")
		if !hasFile {
			return nil, errNoTarget
		}
		file, err := link.OpenExecutable("/" + strings.TrimPrefix(path, "/"))
		if err != nil {
			return nil, err
		}
		return attachToExecutable(prefix, file, symbol, program)
	}
	return nil, notInLibrary(fmt.Sprintf("programs of section %s", prefix))
}

func attachToExecutable(prefix string, file *link.Executable, symbol string, program *ebpf.Program) (io.Closer, error) {
	switch prefix {
	case "uretprobe":
		return file.Uretprobe(symbol, program, nil)
	case "uprobe.multi":
		return file.UprobeMulti([]string{symbol}, program, nil)
	case "uretprobe.multi":
		return file.UretprobeMulti([]string{symbol}, program, nil)
	}
	return file.Uprobe(symbol, program, nil)
}

func attachCgroup(spec *ebpf.ProgramSpec, program *ebpf.Program, path string) (io.Closer, error) {
	if path == "" {
		return nil, errNoTarget
	}
	kind := spec.AttachType
	if spec.Type == ebpf.CGroupSKB && kind == ebpf.AttachNone {
		kind = ebpf.AttachCGroupInetEgress
	}
	return link.AttachCgroup(link.CgroupOptions{Path: path, Attach: kind, Program: program})
}

// The words of the agent, so that the reason is the same for all loaders.
type noInterface struct{}

func (noInterface) Error() string { return "no such interface in the guest" }
func (noInterface) Unwrap() error { return syscall.ENODEV }

func onInterface(name string, attach func(index int) (io.Closer, error)) (io.Closer, error) {
	found, err := net.InterfaceByName(name)
	if err != nil {
		return nil, noInterface{}
	}
	return attach(found.Index)
}

func directionOf(spec *ebpf.ProgramSpec) ebpf.AttachType {
	if spec.AttachType == ebpf.AttachTCXEgress || strings.Contains(spec.SectionName, "egress") {
		return ebpf.AttachTCXEgress
	}
	return ebpf.AttachTCXIngress
}
