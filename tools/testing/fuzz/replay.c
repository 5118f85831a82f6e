// SPDX-License-Identifier: MIT
/*
 * Runs a fuzz target on each file of a corpus, without a fuzzer, and prints TAP. A file is a test: as
 * it is, cut at each length, and with each byte replaced by some values that lengths and characters
 * like least. What the sanitizers or the target say about it is on stderr.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

/* Longer files are swept up to here. */
#define SWEPT 1024

/* Each input in memory of exactly its size, as libFuzzer has it. */
static void run_one(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, length);
	LLVMFuzzerTestOneInput(copy, length);
	free(copy);
}

static void sweep(uint8_t *bytes, size_t length)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x07, 0x7f, 0x80, 0xd8, 0xff };
	size_t i, v;

	run_one(bytes, length);
	for (i = 0; i < length && i < SWEPT; i++) {
		uint8_t before = bytes[i];

		run_one(bytes, i);
		for (v = 0; v < sizeof(values); v++) {
			bytes[i] = values[v];
			run_one(bytes, length);
		}
		bytes[i] = before ^ 1;
		run_one(bytes, length);
		bytes[i] = before;
	}
}

/* In a process of its own: the next file is run, too, when this one aborts. */
static int run_file(const char *path)
{
	uint8_t *bytes = NULL;
	size_t length = 0, got;
	int status;
	FILE *file;
	pid_t pid;

	file = fopen(path, "rb");
	if (!file)
		return 0;
	do {
		bytes = realloc(bytes, length + 4096);
		if (!bytes)
			abort();
		got = fread(bytes + length, 1, 4096, file);
		length += got;
	} while (got);
	fclose(file);

	fflush(stdout);
	pid = fork();
	if (!pid) {
		sweep(bytes, length);
		free(bytes);
		exit(0);
	}
	free(bytes);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static int is_file(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".bin");
}

int main(int argc, char **argv)
{
	struct dirent **files;
	int count, i, good, failed = 0;
	char path[4096];

	count = argc == 2 ? scandir(argv[1], &files, is_file, alphasort) : -1;
	if (count < 1) {
		fprintf(stderr, "usage: %s FOLDER\nFOLDER has to have files NAME.bin\n", argv[0]);
		return 2;
	}
	printf("TAP version 13\n1..%d\n", count);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", argv[1], files[i]->d_name);
		good = run_file(path);
		failed |= !good;
		printf("%s %d - %s\n", good ? "ok" : "not ok", i + 1, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return failed;
}
