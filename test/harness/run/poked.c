// SPDX-License-Identifier: Apache-2.0
/* A program with a function to probe. It also makes the kernel call probed functions. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((noinline, noipa)) int poke_here(int value)
{
	return value + 1;
}

static int converse(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), server;
	socklen_t length = sizeof(address);
	char bytes[4] = { 0 };

	if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0 || connect(client, (struct sockaddr *)&address, length) != 0)
		return 1;
	server = accept(listener, NULL, NULL);
	return write(client, bytes, sizeof(bytes)) == sizeof(bytes) && read(server, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : 2;
}

int main(void)
{
	open("/dev/null", O_RDONLY);
	return poke_here(-1) == 0 ? converse() : 3;
}
