/* SPDX-License-Identifier: Apache-2.0 */
/* Counting the events that programs send through ring buffers and perf buffers. */
#ifndef COREMATRIX_EVENTS_H
#define COREMATRIX_EVENTS_H

#include <bpf/libbpf.h>
#include <stdint.h>

struct event_counter;

/* Counts the events from now on, in a ring buffer also earlier ones. Returns NULL and sets errno if the map has no events to read. */
struct event_counter *event_counter_open(struct bpf_map *map);
/* The number of events so far, lost ones included. */
uint64_t event_counter_read(struct event_counter *counter);
void event_counter_close(struct event_counter *counter);

#endif
