/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching a loaded object. */
#ifndef COREMATRIX_ATTACH_H
#define COREMATRIX_ATTACH_H

#include <bpf/libbpf.h>
#include <stdbool.h>

/*
 * If the request asks for it, attaches every loaded program and every struct_ops map: to the target in the request, or to the one that
 * libbpf finds. Writes FRAME_ATTACHED after the messages of libbpf. All stays attached until detach_all().
 */
void attach_all(struct bpf_object *object);
void detach_all(void);

/* Whether a program of this name could not be attached, now or earlier. */
bool attach_failed(const char *program);

/* Runs every attached iterator by reading it to its end. Returns 0, or a negative errno: -ENOENT if there is none. */
int read_iterators(void);

#endif
