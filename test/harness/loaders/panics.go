// SPDX-License-Identifier: Apache-2.0

// A loader program that panics at its request, or does not end, or takes memory without end. The linker sets the fault.
package main

import (
	"io"
	"os"
	"runtime/debug"
)

var fault = "panic"

func takeMemory() {
	var taken [][]byte
	for {
		part := make([]byte, 1<<20)
		for at := 0; at < len(part); at += 4096 {
			part[at] = 1
		}
		taken = append(taken, part)
	}
}

func main() {
	debug.SetTraceback("crash")
	os.Stdout.Write([]byte{96, 0, 0, 0, 4, 0, 0, 0, '1', '.', '0', 0})
	header := make([]byte, 8)
	io.ReadFull(os.Stdin, header)
	switch fault {
	case "loop":
		for {
		}
	case "memory":
		takeMemory()
	}
	entries := []int{1, 2, 3}
	println(entries[int(header[0])+4])
}
