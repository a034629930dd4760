// SPDX-License-Identifier: Apache-2.0
package main

import (
	"slices"

	"github.com/cilium/ebpf"
)

// A group of programs of which one is loaded: the first that loads and, if the request asks for it, is attached.
type group struct {
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
		if setting.number == frameAlternatives && p.u32() == alternativePrograms {
			groups = append(groups, &group{members: p.strings(), excluded: map[string]bool{}})
		}
	}
	return groups
}

// Leaves out the members of each group that the kernel cannot run. A program without its target would load all the same. If the kernel has
// no target of a group, all members are tried, so that the error of each tells what it lacks.
func (s *session) probeAlternatives(spec *ebpf.CollectionSpec) {
	for _, each := range s.groups {
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

// Whether a program of a group is not the one to load.
func (s *session) isUnchosen(name string) bool {
	return slices.ContainsFunc(s.groups, func(each *group) bool { return slices.Contains(each.members, name) && each.current() != name })
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
		if each.first() == "" || (wasLoaded && !s.unattached[each.chosen]) {
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
			s.send(frameChosen, u32(alternativePrograms), text(each.chosen))
		}
	}
}
