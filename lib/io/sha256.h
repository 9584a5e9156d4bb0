/*
 * SHA-256 (FIPS 180-4): what a file is named by that is written once. `sha256sum` says the same.
 */
#ifndef ARQ_IO_SHA256_H
#define ARQ_IO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define ARQ_SHA256_BYTES 32

typedef struct arq_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64]; /* what no whole block was made of yet */
} arq_sha256;

void arq_sha256_begin(arq_sha256 *sha);
void arq_sha256_add(arq_sha256 *sha, const void *data, size_t bytes);
void arq_sha256_end(arq_sha256 *sha, unsigned char digest[ARQ_SHA256_BYTES]);

/* 64 digits, small letters. */
void arq_sha256_print(const unsigned char digest[ARQ_SHA256_BYTES], char text[2 * ARQ_SHA256_BYTES + 1]);

#endif
