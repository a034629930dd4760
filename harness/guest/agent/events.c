// SPDX-License-Identifier: Apache-2.0
#include "events.h"

#include <errno.h>
#include <stdlib.h>

#define PERF_PAGES 16

struct event_counter {
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	uint64_t count;
};

static int on_record(void *counter, void *data, size_t size)
{
	(void)data, (void)size;
	((struct event_counter *)counter)->count++;
	return 0;
}

static void on_sample(void *counter, int cpu, void *data, __u32 size)
{
	(void)cpu, (void)data, (void)size;
	((struct event_counter *)counter)->count++;
}

static void on_lost(void *counter, int cpu, __u64 lost)
{
	(void)cpu;
	((struct event_counter *)counter)->count += lost;
}

struct event_counter *event_counter_open(struct bpf_map *map)
{
	struct event_counter *counter = calloc(1, sizeof(*counter));

	if (!counter)
		return NULL;
	if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
		counter->ring = ring_buffer__new(bpf_map__fd(map), on_record, counter, NULL);
	else if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		counter->perf = perf_buffer__new(bpf_map__fd(map), PERF_PAGES, on_sample, on_lost, counter, NULL);
	else
		errno = EINVAL;
	if (counter->ring || counter->perf)
		return counter;
	free(counter);
	return NULL;
}

uint64_t event_counter_read(struct event_counter *counter)
{
	if (counter->ring)
		ring_buffer__consume(counter->ring);
	else
		perf_buffer__consume(counter->perf);
	return counter->count;
}

void event_counter_close(struct event_counter *counter)
{
	ring_buffer__free(counter->ring);
	perf_buffer__free(counter->perf);
	free(counter);
}
