/* SPDX-License-Identifier: Apache-2.0 */
/* Running what was attached: what is to happen, and then what is there to be seen of it. */
#ifndef COREMATRIX_RUN_CHECK_H
#define COREMATRIX_RUN_CHECK_H

#include <bpf/libbpf.h>

/*
 * Does nothing unless the request asks for a run. Else pulls every trigger of the request in its order and writes FRAME_TRIGGERED, or for a
 * command FRAME_TRIGGER_END, for each, then FRAME_EVENTS, FRAME_MAP_VALUE and FRAME_RUNS: plain facts, to be held against the plan by the
 * host.
 */
void run_check(struct bpf_object *object);

#endif
