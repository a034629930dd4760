/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's only network interface. */
#ifndef COREMATRIX_NETWORK_H
#define COREMATRIX_NETWORK_H

/* Returns 0, or a negative errno. */
int bring_loopback_up(void);

#endif
