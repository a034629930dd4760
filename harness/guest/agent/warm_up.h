/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_WARM_UP_H
#define COREMATRIX_WARM_UP_H

/*
 * Does once what every load begins with, so that it is done in the snapshot: libbpf parses the BTF of the kernel and probes its features,
 * whose results it keeps, and memory is faulted in.
 */
void warm_up(void);

#endif
