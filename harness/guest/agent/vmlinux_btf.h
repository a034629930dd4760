/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_VMLINUX_BTF_H
#define COREMATRIX_VMLINUX_BTF_H

/* Lets libbpf parse the BTF of the running kernel once, if it has any, for all later loads. */
void keep_vmlinux_btf(void);

#endif
