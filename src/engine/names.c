// SPDX-License-Identifier: Apache-2.0
// Names and ids of containers: the grammar, and making them up. Names that nobody chose come from two lists of sea and
// shore words.
#include "engine/names.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/random.h>

enum { ID_BYTES = 32, SHORT_BYTES = 6 };

static const char *const adjectives[] = {
	"able",     "agile",   "airy",   "alert",  "amber",    "ample",    "apt",     "azure",   "bold",   "brave",
	"breezy",   "bright",  "brisk",  "bronze", "buoyant",  "calm",     "candid",  "careful", "cheery", "clear",
	"clever",   "coastal", "copper", "coral",  "cosy",     "crisp",    "curious", "daring",  "deep",   "deft",
	"drifting", "eager",   "early",  "easy",   "fair",     "faithful", "fleet",   "fond",    "fresh",  "gentle",
	"gilded",   "glad",    "golden", "grand",  "hardy",    "hearty",   "honest",  "humble",  "jolly",  "keen",
	"kind",     "late",    "lively", "loyal",  "lucid",    "lunar",    "mellow",  "merry",   "mild",   "misty",
	"modest",   "neat",    "nimble", "noble",  "northern", "open",     "patient", "placid",  "plucky", "polite",
	"proud",    "quick",   "quiet",  "rapid",  "ready",    "rolling",  "rosy",    "rugged",  "salty",  "serene",
	"sharp",    "silent",  "silver", "sleek",  "snug",     "solid",    "sound",   "spry",    "stable", "steady",
	"stout",    "sunny",   "swift",  "tidal",  "tidy",     "trusty",   "upbeat",  "vivid",   "warm",   "wise",
};

static const char *const nouns[] = {
	"albatross", "anchor",  "atoll",     "auk",     "ballast", "barge",     "bay",      "beacon",   "bosun",
	"bow",       "breaker", "brig",      "buoy",    "cape",    "captain",   "capstan",  "channel",  "clipper",
	"cockle",    "compass", "cormorant", "cove",    "crane",   "crab",      "current",  "cutter",   "davit",
	"deck",      "delta",   "dinghy",    "dock",    "dolphin", "dory",      "eddy",     "estuary",  "fathom",
	"ferry",     "fjord",   "foam",      "frigate", "galleon", "gannet",    "gull",     "halyard",  "harbour",
	"hawser",    "heron",   "hull",      "inlet",   "islet",   "jetty",     "keel",     "kelp",     "ketch",
	"knot",      "lagoon",  "lantern",   "lighter", "lugger",  "marina",    "mast",     "mooring",  "narwhal",
	"nautilus",  "oar",     "otter",     "pelican", "petrel",  "pier",      "pilot",    "plover",   "port",
	"prow",      "puffin",  "quay",      "reef",    "rigging", "rudder",    "sandbar",  "schooner", "seal",
	"sextant",   "shoal",   "skiff",     "sloop",   "spar",    "spinnaker", "starfish", "stern",    "strait",
	"swell",     "tender",  "tern",      "tide",    "tiller",  "trawler",   "tug",      "walrus",   "wharf",
	"yawl",
};

static void random_bytes(void *p, size_t n)
{
	// With no flags and such sizes it blocks at most until the kernel's pool is ready, and then gives all.
	while (getrandom(p, n, 0) != (ssize_t)n)
		;
}

int engine_name_check(const char *what, const char *name, struct err *e)
{
	size_t n = strlen(name);
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (n > ENGINE_NAME_MAX)
		return err_invalid(e, "invalid %s name: it has %zu characters, at most %d are allowed", what, n,
				   ENGINE_NAME_MAX);
	if (!n || strspn(name, allowed) != n || strchr("_.-", name[0]))
		return err_invalid(e, "invalid %s name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed", what, name);
	return 0;
}

char *engine_name_generate(unsigned attempt)
{
	uint32_t r[2];

	random_bytes(r, sizeof(r));
	const char *a = adjectives[r[0] % ARRAY_SIZE(adjectives)], *n = nouns[r[1] % ARRAY_SIZE(nouns)];
	return attempt ? xasprintf("%s_%s%u", a, n, (r[0] >> 16) % (10 * attempt)) : xasprintf("%s_%s", a, n);
}

void engine_id_generate(char dst[static 65])
{
	uint8_t id[ID_BYTES];

	do {
		random_bytes(id, sizeof(id));
		hex_encode(dst, id, sizeof(id));
	} while (strspn(dst, "0123456789") >= (size_t)2 * SHORT_BYTES);
}

bool engine_id_valid(const char *id)
{
	return strlen(id) == (size_t)2 * ID_BYTES && strspn(id, "0123456789abcdef") == (size_t)2 * ID_BYTES;
}
