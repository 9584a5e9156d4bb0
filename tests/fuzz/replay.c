/*
 * A fuzzing program without libFuzzer: goes through kept inputs, whatever compiler there is.
 *   PROGRAM CORPUS        a file of inputs, each behind its length as 32 bits, lowest byte first
 *   PROGRAM --one FILE    a file that is one input, such as a finding
 *   PROGRAM --seeds FILE  writes a corpus of good inputs
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *written;

static void put_length(size_t size)
{
    for (int byte = 0; byte < 4; byte++) {
        putc((int)(size >> 8 * byte & 0xff), written);
    }
}

static void write_seed(const uint8_t *data, size_t size)
{
    put_length(size);
    fwrite(data, 1, size, written);
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    *size = (size_t)ftell(file);
    uint8_t *bytes = malloc(*size + 1);
    rewind(file);
    if (bytes == NULL || fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

/* Each input in memory of its own, so that reading behind its end shows. */
static void try_one(const uint8_t *data, size_t size)
{
    uint8_t *own = malloc(size == 0 ? 1 : size);
    if (own == NULL) {
        exit(2);
    }
    memcpy(own, data, size);
    LLVMFuzzerTestOneInput(own, size);
    free(own);
}

static int replay(const char *path)
{
    size_t total;
    uint8_t *corpus = read_file(path, &total);
    int count = 0;
    for (size_t place = 0; place < total; count++) {
        const uint8_t *head = corpus + place;
        if (total - place < 4) {
            fprintf(stderr, "%s is cut off\n", path);
            return 2;
        }
        size_t size = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        if (size > total - place - 4) {
            fprintf(stderr, "%s is cut off\n", path);
            return 2;
        }
        try_one(head + 4, size);
        place += 4 + size;
    }
    free(corpus);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        written = fopen(argv[2], "wb");
        if (written == NULL) {
            perror(argv[2]);
            return 2;
        }
        fuzz_seeds(write_seed);
        return fclose(written) == 0 ? 0 : 2;
    }
    if (argc == 3 && strcmp(argv[1], "--one") == 0) {
        size_t size;
        uint8_t *bytes = read_file(argv[2], &size);
        try_one(bytes, size);
        free(bytes);
        return 0;
    }
    return argc == 2 ? replay(argv[1]) : 2;
}
