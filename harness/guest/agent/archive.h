/* Files for the guest, as a ustar archive: what an object's own loader needs. */
#ifndef COREMATRIX_ARCHIVE_H
#define COREMATRIX_ARCHIVE_H

#include <stdint.h>

/*
 * Unpacks regular files and folders below `root`, folders above them made. Nothing that is there is touched. Returns 0, or a negative errno:
 * -EINVAL for what is no such archive, leads elsewhere or is cut off.
 */
int unpack_archive(const uint8_t *bytes, uint32_t length, const char *root);

#endif
