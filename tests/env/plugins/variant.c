/* One small plugin in the variants the loader must tell apart; each is built with one VARIANT_ defined. */
#include "arq/env.h"

#include <stdlib.h>
#include <string.h>

/* A coin: guess it, and the episode ends. */
struct coin {
    uint64_t random;
};

static arq_status coin_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    spec->observation_kind = ARQ_OBSERVATION_U8;
    spec->observation_size = 1;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = 2;
    return ARQ_OK;
}

static arq_status coin_reset(void *self, const uint64_t *seed, void *observation)
{
    struct coin *coin = self;
    if (seed != NULL) {
        coin->random = *seed;
    }
    *(unsigned char *)observation = 0;
    return ARQ_OK;
}

static arq_status coin_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                            int32_t *truncated)
{
    struct coin *coin = self;
    coin->random = coin->random * 6364136223846793005u + 1442695040888963407u;
    *(unsigned char *)observation = 1;
    *reward = (int32_t)(coin->random >> 63) == action;
    *terminated = 1;
    *truncated = 0;
    return ARQ_OK;
}

static void coin_destroy(void *self)
{
    free(self);
}

static arq_status coin_create(void *user, const double *options, void **self, char *error, size_t error_size)
{
    (void)user;
    (void)options;
#if defined(VARIANT_FAILING_CREATE)
    strncpy(error, "the mint is closed", error_size - 1);
    *self = NULL;
    return -1077;
#else
    (void)error;
    (void)error_size;
    *self = calloc(1, sizeof(struct coin));
    return *self == NULL ? ARQ_E_NOMEM : ARQ_OK;
#endif
}

/* Tables of a later version have more at their ends. */
struct later_methods {
    arq_env_methods methods;
    void *later[2];
};

struct later_option {
    arq_env_option option;
    void *later;
};

struct later_type {
    arq_env_type type;
    void *later;
};

#define METHODS .spec = coin_spec, .reset = coin_reset, .step = coin_step, .destroy = coin_destroy

static const struct later_methods methods = {
#if defined(VARIANT_LATER_TABLES)
    .methods = {.struct_size = sizeof(struct later_methods), METHODS},
#elif defined(VARIANT_EARLIER_TABLES)
    .methods = {.struct_size = offsetof(arq_env_methods, step_batch), METHODS},
#else
    .methods = {.struct_size = sizeof(arq_env_methods), METHODS},
#endif
};

#if defined(VARIANT_LATER_TABLES)
#define OPTION_SIZE sizeof(struct later_option)
#define OPTION(...)                                                                                                    \
    {                                                                                                                  \
        .option = {.struct_size = OPTION_SIZE, __VA_ARGS__ }                                                           \
    }
static const struct later_option options[] = {
#else
#define OPTION_SIZE sizeof(arq_env_option)
#define OPTION(...)                                                                                                    \
    {                                                                                                                  \
        .struct_size = OPTION_SIZE, __VA_ARGS__                                                                        \
    }
static const arq_env_option options[] = {
#endif
    OPTION(.type = ARQ_OPTION_BOOL, .name = "heavy", .doc = "Nothing"),
#if defined(VARIANT_BAD_OPTION)
    OPTION(.type = ARQ_OPTION_FLOAT, .name = "bias", .low = 1, .high = 0, .doc = "No number is between"),
#else
    OPTION(.type = ARQ_OPTION_FLOAT, .name = "bias", .low = 0, .high = 1, .doc = "Nothing"),
#endif
};

static const struct later_type coin = {
    .type =
        {
#if defined(VARIANT_LATER_TABLES)
            .struct_size = sizeof(struct later_type),
#else
            .struct_size = sizeof(arq_env_type),
#endif
            .option_count = 2,
#if defined(VARIANT_BAD_ID)
            .id = "Coin",
#else
            .id = "coin/plain",
#endif
            .doc = "A coin",
            .options = (const arq_env_option *)(const void *)options,
            .methods = &methods.methods,
            .create = coin_create,
        },
};

#if defined(VARIANT_TWO)
static const arq_env_type other = {
    .struct_size = sizeof(arq_env_type),
    .id = "coin/other",
    .methods = &methods.methods,
    .create = coin_create,
};
static const arq_env_type *const types[] = {&coin.type, &other};
#elif defined(VARIANT_TWICE)
static const arq_env_type *const types[] = {&coin.type, &coin.type};
#elif defined(VARIANT_NULL_TYPE)
static const arq_env_type *const types[] = {NULL, &coin.type};
#else
static const arq_env_type *const types[] = {&coin.type};
#endif

static const arq_plugin plugin = {
    .struct_size = sizeof(arq_plugin),
#if defined(VARIANT_OTHER_MAJOR)
    .abi_version = ARQ_ABI_VERSION + (1u << 16),
#elif defined(VARIANT_NEWER_MINOR)
    .abi_version = ARQ_ABI_VERSION + 1,
#else
    .abi_version = ARQ_ABI_VERSION,
#endif
    .name = "coin",
    .version = "1",
#if defined(VARIANT_NO_TYPES)
    .type_count = 0,
#else
    .type_count = sizeof(types) / sizeof(types[0]),
#endif
    .types = types,
};

#if defined(VARIANT_NO_ENTRY)
ARQ_PLUGIN_EXPORT const arq_plugin *some_other_name(uint32_t abi_version);
const arq_plugin *some_other_name(uint32_t abi_version)
#else
ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi_version);
const arq_plugin *arq_plugin_entry(uint32_t abi_version)
#endif
{
    (void)abi_version;
#if defined(VARIANT_NULL_TABLE)
    (void)plugin;
    return NULL;
#else
    return &plugin;
#endif
}
