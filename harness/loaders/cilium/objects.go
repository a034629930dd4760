// SPDX-License-Identifier: Apache-2.0
package main

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"syscall"

	"github.com/cilium/ebpf"
)

// What one attempt loaded.
type objects struct {
	programs map[string]*ebpf.Program
	maps     map[string]*ebpf.Map
	links    []io.Closer
}

func (o *objects) close() {
	for _, each := range o.links {
		each.Close()
	}
	for _, each := range o.programs {
		each.Close()
	}
	for _, each := range o.maps {
		each.Close()
	}
}

// Loads programs as bpf2go's code does: into the fields of a struct, which keep their order. `maps` are created first; others only if the
// programs use them.
func loadObjects(spec *ebpf.CollectionSpec, programs, maps []string, options ebpf.ProgramOptions) (*objects, error) {
	given := collectionOptions(options)
	given.MapReplacements = mappedArenas(spec)
	defer closeMaps(given.MapReplacements)
	fields := append(fieldsOf[*ebpf.Map](maps, 0), fieldsOf[*ebpf.Program](programs, len(maps))...)
	target := reflect.New(reflect.StructOf(fields))
	if err := spec.LoadAndAssign(target.Interface(), given); err != nil {
		return nil, err
	}
	loaded := &objects{programs: map[string]*ebpf.Program{}, maps: map[string]*ebpf.Map{}}
	for i, name := range maps {
		loaded.maps[name] = target.Elem().Field(i).Interface().(*ebpf.Map)
	}
	for i, name := range programs {
		loaded.programs[name] = target.Elem().Field(len(maps) + i).Interface().(*ebpf.Program)
	}
	return loaded, nil
}

// The arenas of an object, created and mapped: the kernel loads no program that uses an arena without an address, and the library maps none.
// One that the kernel refuses is left to the library, whose error tells why.
func mappedArenas(spec *ebpf.CollectionSpec) map[string]*ebpf.Map {
	arenas := map[string]*ebpf.Map{}
	for name, each := range spec.Maps {
		if each.Type != ebpf.Arena {
			continue
		}
		arena, err := ebpf.NewMap(each)
		if err != nil {
			continue
		}
		// An arena with an address of its own cannot be mapped elsewhere, and needs no mapping.
		_, _ = syscall.Mmap(arena.FD(), 0, int(each.MaxEntries)*os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		arenas[name] = arena
	}
	return arenas
}

// The library has copies of what it was given.
func closeMaps(maps map[string]*ebpf.Map) {
	for _, each := range maps {
		each.Close()
	}
}

func fieldsOf[T any](names []string, first int) []reflect.StructField {
	fields := make([]reflect.StructField, len(names))
	for i, name := range names {
		tag := reflect.StructTag("ebpf:" + strconv.Quote(name))
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", first+i), Type: reflect.TypeFor[T](), Tag: tag}
	}
	return fields
}

// Empties the maps of programs: an initial entry would load another program, whose failure is not that of the wanted one.
func forgetPrograms(spec *ebpf.CollectionSpec) {
	for _, each := range spec.Maps {
		if each.Type == ebpf.ProgramArray {
			each.Contents = nil
		}
	}
}
