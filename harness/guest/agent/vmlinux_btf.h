/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_VMLINUX_BTF_H
#define COREMATRIX_VMLINUX_BTF_H

/* Has libbpf parse the BTF of the running kernel, if it has any, for every load that is to come. */
void keep_vmlinux_btf(void);

#endif
