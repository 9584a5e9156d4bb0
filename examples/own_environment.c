/*
 * An environment of the program's own, trained on in the program: a corridor with the prize at its right end. Prints:
 *   after 6000 steps an episode takes 11 steps
 */
#include <arq/arq.h>
#include <stdio.h>
#include <stdlib.h>

static arq_status spec(void *self, arq_env_spec *out) /* seen: which of 12 fields; actions: 0 left, 1 right */
{
    (void)self;
    *out = (arq_env_spec){out->struct_size, .observation_kind = ARQ_OBSERVATION_DISCRETE, .observation_size = 12,
                          .action_kind = ARQ_ACTION_DISCRETE, .action_count = 2};
    return ARQ_OK;
}

static arq_status reset(void *self, const uint64_t *seed, void *seen)
{
    (void)seed; /* nothing here is random */
    *(int32_t *)seen = *(int32_t *)self = 0;
    return ARQ_OK;
}

static arq_status step(void *self, int32_t action, void *seen, double *reward, int32_t *terminated, int32_t *truncated)
{
    int32_t *field = self;
    *(int32_t *)seen = *field += action == 1 ? 1 : *field > 0 ? -1 : 0;
    *reward = *terminated = *field == 11;
    *truncated = 0;
    return ARQ_OK;
}

static const arq_env_methods corridor = {sizeof(corridor), .spec = spec, .reset = reset, .step = step, .destroy = free};

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_run *run = NULL;
    int32_t *field = calloc(1, sizeof(*field)); /* the environment's state; it frees it */
    uint64_t length = 0;
    char text[512];
    int failed = field == NULL || arq_context_create(ARQ_ABI_VERSION, NULL, &context) ||
                 arq_config_create(context, "fast", &config) || arq_config_set(config, "rollout", "64") ||
                 arq_config_set(config, "epochs", "4") || arq_config_set(config, "batch", "64") ||
                 arq_config_set(config, "gamma", "0.9") || arq_config_set(config, "exploration_steps", "4000") ||
                 arq_env_create(context, &corridor, field, &env) || arq_run_create(context, config, env, &run);
    for (uint64_t steps = 0; !failed && steps < 6000; steps += length) {
        failed = arq_run_advance(run, 10000, &length); /* to the end of an episode */
    }
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("after 6000 steps an episode takes %d steps\n", (int)length);
    arq_run_destroy(run);
    env == NULL ? free(field) : arq_env_destroy(env);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
