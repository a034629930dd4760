/* SPDX-License-Identifier: Apache-2.0 */
/* Files for the guest, as a ustar archive: those that a custom loader and triggers need. */
#ifndef COREMATRIX_ARCHIVE_H
#define COREMATRIX_ARCHIVE_H

#include <stdint.h>

/*
 * Unpacks regular files and folders below `root` and makes the folders above them. Existing files stay untouched. Returns 0, or a
 * negative errno: -EINVAL for bytes that are no ustar archive, for a path that leaves `root`, and for an archive that is cut off.
 */
int unpack_archive(const uint8_t *bytes, uint32_t length, const char *root);

#endif
