/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as triggers: programs of the host's that make something happen in the guest. */
#ifndef COREMATRIX_TRIGGER_COMMAND_H
#define COREMATRIX_TRIGGER_COMMAND_H

#include "mailbox.h"

/* Unpacks what the commands of the request need, before anything is attached that would see it done. */
void unpack_trigger_files(void);

/* Runs the command of a FRAME_TRIGGER_COMMAND and writes FRAME_OUTPUT and FRAME_TRIGGER_END. */
void run_trigger_command(const struct request_frame *request);

#endif
