// SPDX-License-Identifier: Apache-2.0
// Owns our rtnetlink messages: struct literals, one request and one acknowledgement each.
#include "kernel/netlink.h"

#include "base/fd.h"
#include "base/str.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

// Sends one message with NLM_F_ACK and returns the kernel's answer, 0 or negative errno.
static int request(struct nlmsghdr *m)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	if (sendto(fd, m, m->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	for (;;) {
		_Alignas(struct nlmsghdr) char answer[1024];
		ssize_t n = recv(fd, answer, sizeof(answer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		const struct nlmsghdr *r = (const struct nlmsghdr *)answer;
		if ((size_t)n >= NLMSG_LENGTH(sizeof(struct nlmsgerr)) && r->nlmsg_type == NLMSG_ERROR &&
		    r->nlmsg_seq == m->nlmsg_seq)
			return ((const struct nlmsgerr *)NLMSG_DATA(r))->error;
	}
}

int netlink_loopback_up(struct err *e)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} m = {
		.h = {.nlmsg_len = sizeof(m),
		      .nlmsg_type = RTM_NEWLINK,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		      .nlmsg_seq = 1},
		.i = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}, // lo is always the first
	};
	int rc = request(&m.h);
	return rc < 0 ? err_rc(e, rc, "bring the loopback interface up") : 0;
}

struct link_move {
	struct nlmsghdr h;
	struct ifinfomsg i;
	struct nlattr fd_attr;
	int32_t fd;
	struct nlattr name_attr;
	char name[IFNAMSIZ];
};

int netlink_move_device(const char *host_name, int netns, const char *name, struct err *e)
{
	unsigned index = if_nametoindex(host_name);
	if (!index)
		return err_sys(e, "network device %s", host_name);
	struct link_move m = {
		.h = {.nlmsg_len = sizeof(m),
		      .nlmsg_type = RTM_NEWLINK,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		      .nlmsg_seq = 1},
		.i = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
		.fd_attr = {.nla_len = sizeof(m.fd_attr) + sizeof(m.fd), .nla_type = IFLA_NET_NS_FD},
		.fd = netns,
		.name_attr = {.nla_len = sizeof(m.name_attr) + sizeof(m.name), .nla_type = IFLA_IFNAME},
	};
	if (!str_copy(m.name, sizeof(m.name), name))
		return err_invalid(e, "network device name \"%s\" is longer than %d bytes", name, IFNAMSIZ - 1);
	int rc = request(&m.h);
	return rc < 0 ? err_rc(e, rc, "move network device %s into the container as %s", host_name, name) : 0;
}
