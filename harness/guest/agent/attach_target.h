/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_ATTACH_TARGET_H
#define COREMATRIX_ATTACH_TARGET_H

/* The target that the request names for a program, valid as long as the mailbox is; NULL when it names none. */
const char *attach_target(const char *program);

#endif
