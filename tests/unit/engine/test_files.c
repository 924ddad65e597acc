// SPDX-License-Identifier: Apache-2.0
// The texts of /etc/hosts and /etc/resolv.conf.
#include "base/str.h"
#include "engine/files.h"
#include "test.h"

#define S(text) ((char *)(text))

TEST(files_hosts)
{
	struct buf b = BUF_INIT(65536);
	char *add[] = {S("db:10.1.2.3"), S("six:fd00::1"), NULL};
	struct engine_create_options o = {.add_host = add};

	files_hosts_text(&o, "box", "9.9.9.9 never\n", &b);
	CHECK_CONTAINS(b.data, "127.0.0.1\tlocalhost\n");
	CHECK_CONTAINS(b.data, "10.1.2.3\tdb\n");
	CHECK_CONTAINS(b.data, "fd00::1\tsix\n");
	CHECK_CONTAINS(b.data, "\tbox\n");
	CHECK(!strstr(b.data, "never"));
	buf_done(&b);
}

TEST(files_hosts_of_the_host)
{
	struct buf b = BUF_INIT(65536);
	char *add[] = {S("db=10.1.2.3"), NULL};
	struct engine_create_options o = {.add_host = add, .network = S("host")};

	files_hosts_text(&o, "box", "127.0.0.1 localhost mine", &b);
	CHECK_STR(b.data, "127.0.0.1 localhost mine\n10.1.2.3\tdb\n");
	buf_done(&b);
}

static const char host_resolv[] =
	"# by hand\nnameserver 127.0.0.53\nnameserver  192.0.2.1 \nsearch a.example\t b.example\n"
	"options edns0\nnonsense\n";

TEST(files_resolv_without_loopback)
{
	struct buf b = BUF_INIT(65536);
	struct engine_create_options o = {0};

	files_resolv_text(&o, host_resolv, &b);
	CHECK_STR(b.data, "nameserver 192.0.2.1\nsearch a.example b.example\noptions edns0\n");
	buf_done(&b);
}

TEST(files_resolv_of_the_host_network)
{
	struct buf b = BUF_INIT(65536);
	struct engine_create_options o = {.network = S("host")};

	files_resolv_text(&o, host_resolv, &b);
	CHECK_CONTAINS(b.data, "nameserver 127.0.0.53\n");
	buf_done(&b);
}

TEST(files_resolv_replaced)
{
	struct buf b = BUF_INIT(65536);
	char *dns[] = {S("9.9.9.9"), NULL}, *search[] = {S("x.example"), NULL}, *option[] = {S("ndots:3"), NULL},
	     *none[] = {S("."), NULL};
	struct engine_create_options o = {.dns = dns, .dns_search = search, .dns_option = option};

	files_resolv_text(&o, host_resolv, &b);
	CHECK_STR(b.data, "nameserver 9.9.9.9\nsearch x.example\noptions ndots:3\n");
	buf_reset(&b);
	o = (struct engine_create_options){.dns_search = none};
	files_resolv_text(&o, host_resolv, &b);
	CHECK(!strstr(b.data, "search"));
	buf_done(&b);
}
