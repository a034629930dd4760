/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a kernel do something that programs wait for. */
#ifndef COREMATRIX_TRIGGER_H
#define COREMATRIX_TRIGGER_H

#define AGENT_PATH "/init"
/* The argument with which the agent ends at once. */
#define AGENT_EXITS "exit"

/* One of open, exec, connect, write, spin, iterate. Returns 0, or a negative errno. */
int pull_trigger(const char *name);

#endif
