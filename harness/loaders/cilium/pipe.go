// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// The longest payload that the agent passes on.
const mostPayload = 256 << 20

// The pipes to the agent. A frame is its number, the length of its payload, and the payload with padding to 4 bytes.
type pipe struct {
	in  *bufio.Reader
	out *bufio.Writer
}

func newPipe(in io.Reader, out io.Writer) *pipe {
	return &pipe{bufio.NewReaderSize(in, 64<<10), bufio.NewWriterSize(out, 64<<10)}
}

// A field of a frame to the agent, as bytes.
type field []byte

func u32(value uint32) field {
	return binary.LittleEndian.AppendUint32(nil, value)
}

func u64(value uint64) field {
	return binary.LittleEndian.AppendUint64(nil, value)
}

func flag(value bool) field {
	if value {
		return u32(1)
	}
	return u32(0)
}

// Text that ends with a 0.
func text(value string) field {
	return append([]byte(value), 0)
}

// Text up to the end of the frame.
func rest(value string) field {
	return field(value)
}

// Writes a frame. Without an agent nothing is left to do, so a failed write ends the process.
func (p *pipe) send(number uint32, fields ...field) {
	length := 0
	for _, each := range fields {
		length += len(each)
	}
	parts := append([]field{u32(number), u32(uint32(length))}, fields...)
	for _, part := range append(parts, make(field, -length&3)) {
		if _, err := p.out.Write(part); err != nil {
			os.Exit(1)
		}
	}
}

func (p *pipe) flush() {
	if err := p.out.Flush(); err != nil {
		os.Exit(1)
	}
}

// A frame from the agent.
type frame struct {
	number  uint32
	payload payload
}

func (p *pipe) read() (frame, error) {
	var header [8]byte
	if _, err := io.ReadFull(p.in, header[:]); err != nil {
		return frame{}, err
	}
	length := binary.LittleEndian.Uint32(header[4:])
	if length > mostPayload {
		return frame{}, fmt.Errorf("a frame of %d bytes", length)
	}
	padded := make([]byte, (length+3)&^3)
	_, err := io.ReadFull(p.in, padded)
	return frame{binary.LittleEndian.Uint32(header[:]), padded[:length]}, err
}

// The rest of a payload. Beyond its end every number is 0, and every text is empty.
type payload []byte

func (p *payload) u32() uint32 {
	if len(*p) < 4 {
		*p = nil
		return 0
	}
	value := binary.LittleEndian.Uint32(*p)
	*p = (*p)[4:]
	return value
}

func (p *payload) string() string {
	for at, byte := range *p {
		if byte == 0 {
			value := string((*p)[:at])
			*p = (*p)[at+1:]
			return value
		}
	}
	*p = nil
	return ""
}

func (p *payload) counted() []byte {
	count := int(p.u32())
	if count > len(*p) {
		count = len(*p)
	}
	value := (*p)[:count]
	*p = (*p)[count:]
	return value
}

func (p *payload) strings() []string {
	var values []string
	for len(*p) > 0 {
		values = append(values, p.string())
	}
	return values
}
