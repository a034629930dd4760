// SPDX-License-Identifier: Apache-2.0
package main

import "fmt"

// A request: one object, its settings, and what is done with it after the load.
type request struct {
	name     string
	elf      []byte
	autoload map[string]uint32 // wanted*, by program
	settings []frame           // in the order of the request
	attachTo map[string]string // target, by program
	checks   []frame           // triggers and checks
	pins     bool
	attach   bool
	run      bool
}

// Reads frames up to the end of the request.
func readRequest(p *pipe) (*request, error) {
	r := &request{autoload: map[string]uint32{}, attachTo: map[string]string{}}
	for {
		next, err := p.read()
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		if next.number == controlEnd {
			return r, nil
		}
		r.take(next)
	}
}

func (r *request) take(next frame) {
	p := next.payload
	switch next.number {
	case frameObject:
		r.name = string(p.counted())
		r.elf = p
	case frameAutoload:
		wanted := p.u32()
		r.autoload[p.string()] = wanted
	case frameAttachTo:
		program := p.string()
		r.attachTo[program] = p.string()
	case framePins:
		r.pins = true
	case frameAttach:
		r.attach = true
	case frameRun:
		r.run = true
	case frameTrigger, frameTestRun, frameCountEvents, frameLookUp:
		r.checks = append(r.checks, next)
	case frameMapSetting, frameInnerMap, frameProgramSetting, frameVariable, frameKconfig, frameBtf, frameAlternatives:
		r.settings = append(r.settings, next)
	}
}
