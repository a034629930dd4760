// SPDX-License-Identifier: Apache-2.0
#include "requested_object.h"

#include "messages.h"

#include <string.h>

bool read_requested_object(struct requested_object *object)
{
	struct object_request request;
	struct request_frame frame;

	if (!request_find(FRAME_OBJECT, &frame))
		return false;
	request = read_object_request(payload_of(&frame));
	if (!request.name.at || request.name.left >= sizeof(object->name))
		return false;
	memcpy(object->name, request.name.at, request.name.left);
	object->name[request.name.left] = '\0';
	object->elf = request.elf;
	return true;
}
