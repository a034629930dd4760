/* SPDX-License-Identifier: Apache-2.0 */
/* The loopback interface, the only one of the guest. */
#ifndef COREMATRIX_NETWORK_H
#define COREMATRIX_NETWORK_H

/* Returns 0, or a negative errno. */
int bring_loopback_up(void);

#endif
