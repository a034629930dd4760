// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
)

// A group of programs of which one is loaded, the first that loads and, if the request asks for it, is attached; or a group of maps of which
// one is created, the first whose type the kernel knows.
type group struct {
	kind    uint32
	members []string
	// Members for which the kernel lacks something. They are left out before any is tried.
	excluded map[string]bool
	// The member that is chosen so far: at first the first one, later "" if no member works.
	chosen string
}

// The member that is loaded with the whole object: "" if all are left out.
func (g *group) current() string {
	if g.chosen != "" {
		return g.chosen
	}
	return g.first()
}

// The first member that is not left out.
func (g *group) first() string {
	for _, member := range g.members {
		if !g.excluded[member] {
			return member
		}
	}
	return ""
}

func groupsOf(settings []frame) []*group {
	var groups []*group
	for _, setting := range settings {
		p := setting.payload
		if setting.number == frameAlternatives {
			groups = append(groups, &group{kind: p.u32(), members: p.strings(), excluded: map[string]bool{}})
		}
	}
	return groups
}

// Leaves out the members of each group that the kernel cannot run. A program without its target would load all the same. If the kernel has
// no target of a group, all members are tried, so that the error of each tells what it lacks.
func (s *session) probeAlternatives(spec *ebpf.CollectionSpec) {
	for _, each := range s.groups {
		if each.kind == alternativeMaps {
			each.chosen = firstKnown(spec, each.members)
			continue
		}
		lacking := map[string]bool{}
		hasAny := false
		for _, member := range each.members {
			each.excluded[member] = s.leftOut[member]
			lacking[member] = !s.hasLateTarget(spec.Programs[member])
			hasAny = hasAny || (!each.excluded[member] && !lacking[member])
		}
		for _, member := range each.members {
			if hasAny && lacking[member] && !each.excluded[member] {
				each.excluded[member] = true
				s.leaveOut(member, lacksAttachTarget, s.targetOf(spec.Programs[member]))
			}
		}
		each.chosen = each.first()
	}
}

// The first map whose type the kernel knows. If it knows none, the first map, so that the error of the kernel tells what it lacks.
func firstKnown(spec *ebpf.CollectionSpec, maps []string) string {
	known := slices.IndexFunc(maps, func(name string) bool {
		// An error of the probe is no answer. Then the load decides.
		return spec.Maps[name] != nil && !errors.Is(features.HaveMapType(spec.Maps[name].Type), ebpf.ErrNotSupported)
	})
	return maps[max(0, known)]
}

// Whether a program or map of a group is not the chosen one.
func (s *session) isUnchosen(kind uint32, name string) bool {
	return slices.ContainsFunc(s.groups, func(each *group) bool {
		return each.kind == kind && slices.Contains(each.members, name) && each.current() != name
	})
}

// Whether any group has chosen a program that was not attached.
func (s *session) chosenFailed() bool {
	return slices.ContainsFunc(s.groups, func(each *group) bool { return s.unattached[each.chosen] })
}

// Tries the members of groups alone, in their order, until one works: of each group, or if the whole object was loaded, of those whose chosen
// member was not attached. Returns whether another member than the first is now chosen in any group.
func (s *session) choose(wasLoaded bool) bool {
	changed := false
	for _, each := range s.groups {
		if each.kind == alternativeMaps || each.first() == "" || (wasLoaded && !s.unattached[each.chosen]) {
			continue
		}
		each.chosen = s.firstThatWorks(each)
		changed = changed || (each.chosen != "" && each.chosen != each.first())
	}
	return changed
}

func (s *session) firstThatWorks(each *group) string {
	for _, member := range each.members {
		if each.excluded[member] {
			continue
		}
		s.tried[member] = true
		if s.attempt(member).done && !s.unattached[member] {
			return member
		}
	}
	return ""
}

// Reports the chosen member of each group that has one.
func (s *session) reportChosen() {
	for _, each := range s.groups {
		if each.chosen != "" {
			s.send(frameChosen, u32(each.kind), text(each.chosen))
		}
	}
}
