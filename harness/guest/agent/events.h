/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what programs send through ring buffers and perf buffers. */
#ifndef COREMATRIX_EVENTS_H
#define COREMATRIX_EVENTS_H

#include <bpf/libbpf.h>
#include <stdint.h>

struct event_counter;

/* NULL and errno when the map is no buffer of events or cannot be read. Events count from here on; those in a ring buffer also before. */
struct event_counter *event_counter_open(struct bpf_map *map);
/* All events so far, lost ones included. */
uint64_t event_counter_read(struct event_counter *counter);
void event_counter_close(struct event_counter *counter);

#endif
