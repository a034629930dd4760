/* SPDX-License-Identifier: Apache-2.0 */
/* Sending back a file that the command of the request wrote. */
#ifndef COREMATRIX_COLLECT_H
#define COREMATRIX_COLLECT_H

/* Sends the file that the request names, or the error that prevents it. Does nothing if the request names none. */
void collect_file(void);

#endif
