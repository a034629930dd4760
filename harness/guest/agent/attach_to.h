/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching one program to the target that the request names. */
#ifndef COREMATRIX_ATTACH_TO_H
#define COREMATRIX_ATTACH_TO_H

#include <bpf/libbpf.h>

struct attachment {
	struct bpf_link *link; /* NULL for what is attached without a link */
	int error;             /* negative errno, 0 when attached */
	const char *detail;    /* what went wrong before libbpf was asked, or "" */
};

/* The result of an attach function of libbpf, which returns NULL and sets errno on failure. */
struct attachment attachment_of(struct bpf_link *link);

/*
 * What `target` means depends on the type of the program: a function or syscall (kprobe), PATH:FUNCTION (uprobe), CATEGORY/NAME
 * (tracepoint), a name (raw tracepoint), an interface (xdp, tc), the path of a cgroup or network namespace, a software event
 * (perf_event), FAMILY/HOOK (netfilter), a map (sk_skb, sk_msg).
 */
struct attachment attach_program_to(struct bpf_object *object, struct bpf_program *program, const char *target);

#endif
