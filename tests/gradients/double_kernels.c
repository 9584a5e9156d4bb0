/* The dispatch of the double build: the reference tier alone. */
#include "kernels/kernels.h"
#include "kernels/list.h"

#define TABLE_ENTRY(op, tier) .op = arq_k_##op##_##tier,

static const arq_kernels table = {.name = "generic", ARQ_KERNEL_LIST(TABLE_ENTRY, generic)};

const char *arq_kernels_name(uint32_t tier)
{
    return tier == ARQ_TIER_GENERIC ? table.name : NULL;
}

uint32_t arq_kernels_supported(void)
{
    return 1u << ARQ_TIER_GENERIC;
}

const arq_kernels *arq_kernels_select(uint32_t allowed)
{
    (void)allowed;
    return &table;
}

const arq_kernels *arq_kernels_of(arq_tier tier)
{
    return tier == ARQ_TIER_GENERIC ? &table : NULL;
}
