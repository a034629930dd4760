// SPDX-License-Identifier: Apache-2.0

// A loader program of the guest: it loads BPF objects through cilium/ebpf, as a Go project does, and reports what the library does. The
// agent starts it before the snapshot and passes each request on to it; see harness/guest/protocol/frames.ts for the frames.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// The part of the free memory, in percent, from which on Go collects garbage. Below it a cell does not pay for that.
const heapPercent = 40

// The part of the free memory, in percent, that the heap already has before the snapshot. A restored cell has no page faults for it.
const touchedPercent = 10

func main() {
	// A panic ends the process with a signal, by which the agent knows a crash.
	debug.SetTraceback("crash")
	pipe := newPipe(os.Stdin, os.Stdout)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(int64(availableMemory() / 100 * heapPercent))
	warmUp()
	pipe.send(controlReady, text(release))
	pipe.flush()
	request, err := readRequest(pipe)
	if err != nil {
		fmt.Fprintf(os.Stderr, "loader: %v\n", err)
		os.Exit(1)
	}
	newSession(pipe, request).load()
	pipe.send(controlFinished)
	pipe.flush()
	// Maps and programs stay until the host ends the guest, as with other loaders.
	select {}
}

// Does once what every load begins with, so that it is done in the snapshot.
func warmUp() {
	if err := removeMemlock(); err != nil {
		fmt.Fprintf(os.Stderr, "loader: %v\n", err)
	}
	if err := loadTinyObject(); err != nil {
		fmt.Fprintf(os.Stderr, "loader: warm-up: %v\n", err)
	}
	readKernelTypes()
	touchMemory(availableMemory() / 100 * touchedPercent)
}

// Gives the heap memory that the kernel has already mapped, and maps every page of the program itself.
func touchMemory(size uint64) {
	touched := bytes.Repeat([]byte{1}, int(size))
	runtime.KeepAlive(touched)
	touched = nil
	runtime.GC()
	if syscall.Mlockall(syscall.MCL_CURRENT) == nil {
		_ = syscall.Munlockall()
	}
}
