// SPDX-License-Identifier: Apache-2.0
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"
)

const (
	statsRunTime = 0 // BPF_STATS_RUN_TIME
	perfBytes    = 16 * 4096
	sleepable    = 1 << 4 // BPF_F_SLEEPABLE
	iterate      = "iterate"
)

// Counts the records in a buffer from the moment on when it is opened.
type counter struct {
	index uint32
	err   error
	count func() uint64
}

// Lets the triggers run the attached programs, then reports what the checks of the request ask for.
func (s *session) check(spec *ebpf.CollectionSpec, loaded *objects) {
	if !s.request.run {
		return
	}
	statistics, err := ebpf.EnableStats(statsRunTime)
	counters := s.openCounters(loaded)
	s.send(controlTriggers)
	s.flush()
	if next, readError := s.read(); readError != nil || next.number != controlContinue {
		os.Exit(1)
	}
	s.runTriggers(loaded)
	for _, each := range counters {
		s.reportEvents(each)
	}
	for _, check := range s.request.checks {
		if check.number == frameLookUp {
			s.lookUp(loaded, check.payload)
		}
	}
	if err == nil {
		s.reportRuns(spec, loaded)
		statistics.Close()
	}
}

func (s *session) openCounters(loaded *objects) []counter {
	var counters []counter
	for _, check := range s.request.checks {
		if check.number != frameCountEvents {
			continue
		}
		p := check.payload
		index := p.u32()
		count, err := openCounter(loaded.maps[p.string()])
		counters = append(counters, counter{index, err, count})
	}
	return counters
}

func openCounter(buffer *ebpf.Map) (func() uint64, error) {
	switch {
	case buffer == nil:
		return nil, syscall.ENOENT
	case buffer.Type() == ebpf.RingBuf:
		reader, err := ringbuf.NewReader(buffer)
		if err != nil {
			return nil, err
		}
		return func() uint64 {
			reader.SetDeadline(time.Now())
			return countRecords(func() (uint64, error) { _, err := reader.Read(); return 1, err })
		}, nil
	case buffer.Type() == ebpf.PerfEventArray:
		reader, err := perf.NewReader(buffer, perfBytes)
		if err != nil {
			return nil, err
		}
		return func() uint64 {
			reader.SetDeadline(time.Now())
			return countRecords(func() (uint64, error) {
				record, err := reader.Read()
				if record.LostSamples > 0 {
					return record.LostSamples, err
				}
				return 1, err
			})
		}, nil
	}
	return nil, syscall.EINVAL
}

func countRecords(read func() (uint64, error)) uint64 {
	count := uint64(0)
	for {
		more, err := read()
		if err != nil {
			return count
		}
		count += more
	}
}

func (s *session) reportEvents(c counter) {
	if c.err != nil {
		s.send(frameEvents, u32(c.index), u32(numberOf(c.err)), u64(0))
		return
	}
	s.send(frameEvents, u32(c.index), u32(0), u64(c.count()))
}

// Runs the triggers that need a loaded program or an attached iterator. The agent pulls all others.
func (s *session) runTriggers(loaded *objects) {
	for _, check := range s.request.checks {
		p := check.payload
		index := p.u32()
		if check.number == frameTrigger && p.string() == iterate {
			s.send(frameTriggered, u32(index), u32(numberOf(readIterators(loaded))), u32(0))
		}
		if check.number == frameTestRun {
			returned, err := testRun(loaded, p)
			s.send(frameTriggered, u32(index), u32(numberOf(err)), u32(returned))
		}
	}
}

func readIterators(loaded *objects) error {
	var last error = syscall.ENOENT
	for _, each := range loaded.links {
		iterator, isIterator := each.(*link.Iter)
		if !isIterator {
			continue
		}
		last = nil
		file, err := iterator.Open()
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, file)
		file.Close()
		if err != nil {
			return err
		}
	}
	return last
}

func testRun(loaded *objects, p payload) (uint32, error) {
	repeat := p.u32()
	program := loaded.programs[p.string()]
	if program == nil {
		return 0, syscall.ENOENT
	}
	options := &ebpf.RunOptions{Repeat: repeat, Data: p.counted()}
	if len(options.Data) > 0 {
		options.DataOut = make([]byte, len(options.Data)+64<<10)
	}
	if len(p) > 0 {
		options.Context = []byte(p)
	}
	return program.Run(options)
}

func (s *session) lookUp(loaded *objects, p payload) {
	index := p.u32()
	found := loaded.maps[p.string()]
	if found == nil {
		s.send(frameMapValue, u32(index), u32(uint32(syscall.ENOENT)))
		return
	}
	value, err := found.LookupBytes([]byte(p))
	if err == nil && value == nil {
		err = syscall.ENOENT
	}
	s.send(frameMapValue, u32(index), u32(numberOf(err)), field(value))
}

func (s *session) reportRuns(spec *ebpf.CollectionSpec, loaded *objects) {
	for _, name := range sortedNames(loaded.programs) {
		if spec.Programs[name].Flags&sleepable != 0 && !countsSleepers() {
			continue
		}
		if counted, err := runCount(loaded.programs[name]); err == nil {
			s.send(frameRuns, u64(counted), text(name))
		}
	}
}

// Kernels before 5.12 do not count the runs of programs that may sleep.
func countsSleepers() bool {
	var names syscall.Utsname
	if syscall.Uname(&names) != nil {
		return false
	}
	var release []byte
	for _, each := range names.Release {
		release = append(release, byte(each))
	}
	var major, minor int
	count, _ := fmt.Sscanf(string(release), "%d.%d", &major, &minor)
	return count == 2 && (major > 5 || (major == 5 && minor >= 12))
}

// The error number of an error, never 0 for one.
func numberOf(err error) uint32 {
	if err == nil {
		return 0
	}
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return uint32(syscall.ENOENT)
	}
	if number := errnoOf(err); number != 0 {
		return number
	}
	return uint32(syscall.EINVAL)
}
