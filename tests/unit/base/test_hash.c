// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"
#include "test.h"

// The vectors of the SipHash paper and its reference code: key 00..0f, message 00..n-1.
TEST(hash_sip_reference_vectors)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} want[] = {
		{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
	};
	uint8_t key[16], message[64];

	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		if (hash_sip(key, message, want[i].n) != want[i].hash)
			test_fail(__FILE__, __LINE__, "%zu bytes: %016" PRIx64, want[i].n,
				  hash_sip(key, message, want[i].n));
	key[0] ^= 1;
	CHECK(hash_sip(key, message, 0) != want[0].hash);
}

TEST(hash_hexadecimal)
{
	static const uint8_t bytes[] = {0x00, 0x1f, 0xa0, 0xff};
	uint8_t back[4] = {1, 2, 3, 4};
	char text[9];

	hex_encode(text, bytes, sizeof(bytes));
	CHECK_STR(text, "001fa0ff");
	CHECK_EQ(hex_decode(back, 4, text), 0);
	CHECK(!memcmp(back, bytes, 4));
	static const char *const bad[] = {"001fa0f", "001fa0ff0", "001FA0FF", "001fa0fg", "", " 01fa0ff"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(back, 7, sizeof(back));
		CHECK_EQ(hex_decode(back, 4, bad[i]), -EINVAL);
		CHECK_EQ(back[0], 7);
	}
	hex_encode(text, bytes, 0);
	CHECK_STR(text, "");
}
