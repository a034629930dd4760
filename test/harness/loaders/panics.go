// SPDX-License-Identifier: Apache-2.0

// A loader program that panics at its request.
package main

import (
	"io"
	"os"
	"runtime/debug"
)

func main() {
	debug.SetTraceback("crash")
	os.Stdout.Write([]byte{96, 0, 0, 0, 4, 0, 0, 0, '1', '.', '0', 0})
	header := make([]byte, 8)
	io.ReadFull(os.Stdin, header)
	entries := []int{1, 2, 3}
	println(entries[int(header[0])+4])
}
