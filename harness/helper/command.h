/* An object's own loader: its files unpacked, its command run to the end, what it printed and how it ended kept as frames. */
#ifndef COREMATRIX_COMMAND_H
#define COREMATRIX_COMMAND_H

#include <stdbool.h>

/* Runs the command of the request and writes FRAME_OUTPUT and FRAME_COMMAND_END; false when the request has none. */
bool run_command(void);

#endif
