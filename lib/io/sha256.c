#include "io/sha256.h"

#include <string.h>

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

/* Word t of the schedule, in a ring of the last 16. */
static inline uint32_t schedule(uint32_t w[16], unsigned t, const unsigned char *block)
{
    uint32_t *word = &w[t & 15];
    if (t < 16) {
        const unsigned char *at = block + (size_t)t * 4;
        *word = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    } else {
        uint32_t early = w[(t + 1) & 15];
        uint32_t late = w[(t + 14) & 15];
        *word += w[(t + 9) & 15] + (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
                 (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
    }
    return *word;
}

/* One step of section 6.2.2 without its last line, the exchange of the letters: the caller names them anew. */
static inline void step(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f, uint32_t g,
                        uint32_t *h, uint32_t added)
{
    uint32_t first = *h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + added;
    *d += first;
    *h = first + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

static void add_block(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned t = 0; t < 64; t += 8) {
        step(a, b, c, &d, e, f, g, &h, constants[t] + schedule(w, t, block));
        step(h, a, b, &c, d, e, f, &g, constants[t + 1] + schedule(w, t + 1, block));
        step(g, h, a, &b, c, d, e, &f, constants[t + 2] + schedule(w, t + 2, block));
        step(f, g, h, &a, b, c, d, &e, constants[t + 3] + schedule(w, t + 3, block));
        step(e, f, g, &h, a, b, c, &d, constants[t + 4] + schedule(w, t + 4, block));
        step(d, e, f, &g, h, a, b, &c, constants[t + 5] + schedule(w, t + 5, block));
        step(c, d, e, &f, g, h, a, &b, constants[t + 6] + schedule(w, t + 6, block));
        step(b, c, d, &e, f, g, h, &a, constants[t + 7] + schedule(w, t + 7, block));
    }
    const uint32_t last[8] = {a, b, c, d, e, f, g, h};
    for (unsigned i = 0; i < 8; i++) {
        state[i] += last[i];
    }
}

void arq_sha256_begin(arq_sha256 *sha)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, start, sizeof(start));
    sha->bytes = 0;
}

void arq_sha256_add(arq_sha256 *sha, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    size_t held = (size_t)(sha->bytes % sizeof(sha->block));
    sha->bytes += bytes;
    if (held > 0) {
        size_t room = sizeof(sha->block) - held;
        size_t part = bytes < room ? bytes : room;
        memcpy(sha->block + held, at, part);
        if (part < room) {
            return;
        }
        add_block(sha->state, sha->block);
        at += part;
        bytes -= part;
    }
    for (; bytes >= sizeof(sha->block); bytes -= sizeof(sha->block), at += sizeof(sha->block)) {
        add_block(sha->state, at);
    }
    if (bytes > 0) {
        memcpy(sha->block, at, bytes);
    }
}

void arq_sha256_end(arq_sha256 *sha, unsigned char digest[ARQ_SHA256_BYTES])
{
    static const unsigned char padding[64] = {0x80};
    unsigned char length[8];
    uint64_t bits = sha->bytes * 8;
    for (unsigned i = 0; i < 8; i++) {
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    }
    size_t held = (size_t)(sha->bytes % 64);
    arq_sha256_add(sha, padding, held < 56 ? 56 - held : 120 - held);
    arq_sha256_add(sha, length, sizeof(length));
    for (unsigned i = 0; i < ARQ_SHA256_BYTES; i++) {
        digest[i] = (unsigned char)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void arq_sha256_print(const unsigned char digest[ARQ_SHA256_BYTES], char text[2 * ARQ_SHA256_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < ARQ_SHA256_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * ARQ_SHA256_BYTES] = '\0';
}
