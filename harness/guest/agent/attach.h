/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching what was loaded, as a loader would right after the load. */
#ifndef COREMATRIX_ATTACH_H
#define COREMATRIX_ATTACH_H

#include <bpf/libbpf.h>

/*
 * Attaches every program that was loaded and every struct_ops map, where the request asks for it: to what the request names, else as
 * libbpf attaches it by itself. Writes FRAME_ATTACHED after what libbpf said of each. What is attached stays so until detach_all().
 */
void attach_all(struct bpf_object *object);
void detach_all(void);

/* Reads every attached iterator to its end, for only that runs it. Returns 0, or a negative errno: -ENOENT where there is none. */
int read_iterators(void);

#endif
