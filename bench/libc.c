// SPDX-License-Identifier: Apache-2.0
// A program linked with the C library alone: what the start of any program costs at least.
int main(void)
{
	return 0;
}
