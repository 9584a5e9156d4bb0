/* Which tiers this build holds, which of them this machine can run, and the table of each. */
#include "kernels/kernels.h"
#include "kernels/list.h"
#include "system/processor.h"

#include <stdatomic.h>

_Static_assert(ARQ_TIER_COUNT <= 32, "a mask of tiers has 32 bits");

#define TABLE_ENTRY(op, tier) .op = arq_k_##op##_##tier,
#define TABLE(tier, needs) static const arq_kernels table_##tier = {.name = #tier, ARQ_KERNEL_LIST(TABLE_ENTRY, tier)};

TABLE(generic, 0)
ARQ_BUILT_TIER_LIST(TABLE)

typedef struct built_tier {
    const arq_kernels *table; /* NULL where the tier is not built */
    uint32_t needs;           /* the processor's extensions */
} built_tier;

#define BUILT_TIER(tier, needs_) [ARQ_TIER_##tier] = {.table = &table_##tier, .needs = needs_},
static const built_tier tiers[ARQ_TIER_COUNT] = {[ARQ_TIER_GENERIC] = {.table = &table_generic},
                                                 ARQ_BUILT_TIER_LIST(BUILT_TIER)};

#define TIER_NAME(tier) #tier,
static const char *const names[ARQ_TIER_COUNT] = {"generic", ARQ_TIER_LIST(TIER_NAME)};

const char *arq_kernels_name(uint32_t tier)
{
    return tier < ARQ_TIER_COUNT ? names[tier] : NULL;
}

static uint32_t find_supported(void)
{
    uint32_t extensions = arq_processor_extensions();
    uint32_t supported = 0;
    for (int tier = 0; tier < ARQ_TIER_COUNT; tier++) {
        if (tiers[tier].table != NULL && (extensions & tiers[tier].needs) == tiers[tier].needs) {
            supported |= 1u << tier;
        }
    }
    return supported;
}

/* The processor is asked once, because it takes time. Threads that ask at once all find the same. */
uint32_t arq_kernels_supported(void)
{
    static _Atomic uint32_t known; /* 0: not asked yet; the generic tier's bit is always set */
    uint32_t supported = atomic_load_explicit(&known, memory_order_relaxed);
    if (supported == 0) {
        supported = find_supported();
        atomic_store_explicit(&known, supported, memory_order_relaxed);
    }
    return supported;
}

const arq_kernels *arq_kernels_select(uint32_t allowed)
{
    uint32_t usable = allowed & arq_kernels_supported();
    for (int tier = ARQ_TIER_COUNT - 1; tier > ARQ_TIER_GENERIC; tier--) {
        if (usable >> tier & 1u) {
            return tiers[tier].table;
        }
    }
    return tiers[ARQ_TIER_GENERIC].table;
}

const arq_kernels *arq_kernels_of(arq_tier tier)
{
    if ((unsigned)tier >= ARQ_TIER_COUNT || !(arq_kernels_supported() >> tier & 1u)) {
        return NULL;
    }
    return tiers[tier].table;
}
