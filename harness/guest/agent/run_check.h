/* SPDX-License-Identifier: Apache-2.0 */
/* The run check of an attached object: triggers, then the facts that the host compares. */
#ifndef COREMATRIX_RUN_CHECK_H
#define COREMATRIX_RUN_CHECK_H

#include <bpf/libbpf.h>

/*
 * Does nothing unless the request asks for a run. Pulls the triggers in the order of the request and writes FRAME_TRIGGERED for each, or
 * FRAME_TRIGGER_END for a command. Then writes FRAME_EVENTS, FRAME_MAP_VALUE and FRAME_RUNS.
 */
void run_check(struct bpf_object *object);

/* Pulls the triggers for a loader program. That program itself reads iterators and runs programs on data. */
void pull_triggers_of_request(void);

#endif
