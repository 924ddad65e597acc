// SPDX-License-Identifier: Apache-2.0
// Runs a seccomp filter without the kernel.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

// The filter's return value for one system call. Anything the kernel would refuse to load, or that would leave the
// program, fails the running test.
uint32_t bpf_sim_run(const struct sock_filter *f, size_t n, const struct seccomp_data *d);
// The kernel's own checks of a program, as far as they concern us: known instructions, jumps inside, ends in returns.
void bpf_sim_check(const struct sock_filter *f, size_t n);
