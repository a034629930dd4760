/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in triggers, which make the kernel do something that programs wait for. */
#ifndef COREMATRIX_TRIGGER_H
#define COREMATRIX_TRIGGER_H

#define AGENT_PATH "/init"
/* With this argument the agent exits at once. */
#define AGENT_EXITS "exit"

/* Reads the iterators that are attached. */
#define TRIGGER_ITERATE "iterate"

/* One of open, exec, connect, write, spin, iterate. Returns 0, or a negative errno. */
int pull_trigger(const char *name);

#endif
