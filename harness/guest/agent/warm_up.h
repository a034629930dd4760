/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_WARM_UP_H
#define COREMATRIX_WARM_UP_H

/*
 * Goes once through what every load does first, so that a snapshot holds it done: the kernel's BTF parsed, what libbpf asks about the
 * kernel answered (it keeps the answers), memory faulted in.
 */
void warm_up(void);

#endif
