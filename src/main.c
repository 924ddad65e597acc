// SPDX-License-Identifier: Apache-2.0
// Picks the face by the name the program was called by.
#include "cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
