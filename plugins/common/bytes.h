/* Numbers as bytes, the lowest first. */
#ifndef ARQ_PLUGINS_BYTES_H
#define ARQ_PLUGINS_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint64_t little_endian64(uint64_t bits)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(bits);
#else
    return bits;
#endif
}

static inline void store64(unsigned char *bytes, uint64_t bits)
{
    bits = little_endian64(bits);
    memcpy(bytes, &bits, sizeof(bits));
}

static inline uint64_t load64(const unsigned char *bytes)
{
    uint64_t bits;

    memcpy(&bits, bytes, sizeof(bits));
    return little_endian64(bits);
}

/* Eight flags of 0 or 1 to as many bits, the first one lowest: the product brings them together. */
static inline uint64_t bits_of_flags(const uint8_t flags[8])
{
    return load64(flags) * 0x0102040810204080 >> 56;
}

#endif
