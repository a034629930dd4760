/* What the request says is to be done to an opened object before it is loaded, as its own loader would do it. */
#ifndef COREMATRIX_SETTINGS_H
#define COREMATRIX_SETTINGS_H

#include <bpf/libbpf.h>

/* Applies every setting of the request, in its order. Returns 0, or the first error as a negative errno. */
int apply_settings(struct bpf_object *object);

#endif
