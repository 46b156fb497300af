/* limit prints what the machine itself allows, a name and a number a line. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void wait_for(_Atomic uint32_t *word, uint32_t value, int spin) {
	uint32_t seen;
	while ((seen = atomic_load(word)) != value)
		if (!spin)
			syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void say(_Atomic uint32_t *word, uint32_t value, int spin) {
	atomic_store(word, value);
	if (!spin)
		syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* round_trip is the time, in microseconds, in which two processes answer each other once. */
static double round_trip(int n, int spin) {
	_Atomic uint32_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	_Atomic uint32_t *there = &words[0], *back = &words[64];
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 1; i <= n; i++) {
			wait_for(there, i, spin);
			say(back, i, spin);
		}
		_exit(0);
	}
	double begin = now();
	for (int i = 1; i <= n; i++) {
		say(there, i, spin);
		wait_for(back, i, spin);
	}
	double taken = now() - begin;
	waitpid(pid, NULL, 0);
	return taken / n * 1e6;
}

/* exec_child is the time, in milliseconds, to fork, execute this program again and wait for its end. */
static double exec_child(char *self, int n) {
	double begin = now();
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			execl(self, self, "-", NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	return (now() - begin) / n * 1e3;
}

/* copy is the rate, in MB/s, at which blocks of 1 MiB are copied within 64 MiB. */
static double copy(int n) {
	size_t size = 64 << 20, block = 1 << 20;
	char *memory = malloc(size), *out = malloc(block);
	memset(memory, 1, size);
	memset(out, 1, block);
	double begin = now();
	for (int i = 0; i < n; i++) {
		memcpy(out, memory + (size_t)i % 64 * block, block);
		__asm__ volatile("" : : "r"(out) : "memory");
	}
	return n * (double)block / (now() - begin) / 1e6;
}

/* pair is the time, in nanoseconds, to take and give back a lock that is one word. */
static double pair(int n) {
	static _Atomic uint32_t word;
	double begin = now();
	for (int i = 0; i < n; i++) {
		uint32_t zero = 0, one = 1;
		atomic_compare_exchange_strong(&word, &zero, 1);
		atomic_compare_exchange_strong(&word, &one, 0);
	}
	return (now() - begin) / n * 1e9;
}

int main(int argc, char **argv) {
	if (argc > 1)
		return 0;
	cpu_set_t cpus;
	sched_getaffinity(0, sizeof cpus, &cpus);
	printf("exec %g\n", exec_child("/proc/self/exe", 50));
	printf("futex_sleep %g\n", round_trip(5000, 0));
	if (CPU_COUNT(&cpus) > 1)
		printf("futex_spin %g\n", round_trip(100000, 1));
	printf("memcpy %g\n", copy(1000));
	printf("cas %g\n", pair(5000000));
}
