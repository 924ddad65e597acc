// SPDX-License-Identifier: Apache-2.0
// Owns the session keyring. It has no name: joining by name would find, and share, the keyring of whoever used that
// name before and may be searched by us; an anonymous one is always new.
#include "kernel/keyring.h"

#include "base/sys.h"

#include <linux/keyctl.h>

int keyring_join_new(struct err *e)
{
	if (sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) >= 0 || errno == ENOSYS)
		return 0;
	if (errno == EDQUOT)
		return err_set(e, ERR_EXHAUSTED, EDQUOT,
			       "session keyring: the user's quota of keys is used up (raise kernel.keys.maxkeys)");
	return err_sys(e, "join a session keyring");
}
