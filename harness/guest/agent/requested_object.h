/* SPDX-License-Identifier: Apache-2.0 */
/* The object that the request asks to load. */
#ifndef COREMATRIX_REQUESTED_OBJECT_H
#define COREMATRIX_REQUESTED_OBJECT_H

#include "payload.h"

struct requested_object {
	char name[256];
	struct payload elf; /* in the mailbox */
};

/* Returns false if the request has no object, or one whose name is too long or cut off. */
bool read_requested_object(struct requested_object *object);

#endif
