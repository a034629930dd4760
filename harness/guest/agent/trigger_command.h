/* SPDX-License-Identifier: Apache-2.0 */
/* Triggers that are commands of the request. */
#ifndef COREMATRIX_TRIGGER_COMMAND_H
#define COREMATRIX_TRIGGER_COMMAND_H

#include "mailbox.h"

/* Unpacks the files of the commands. It must run before programs are attached, because they would see it. */
void unpack_trigger_files(void);

/* Runs the command of a FRAME_TRIGGER_COMMAND and writes FRAME_OUTPUT and FRAME_TRIGGER_END. */
void run_trigger_command(const struct request_frame *request);

#endif
