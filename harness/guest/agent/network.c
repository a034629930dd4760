// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <errno.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int error = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
		error = -errno;
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (!error && ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		error = -errno;
	close(fd);
	return error;
}
