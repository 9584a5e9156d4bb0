/*
 * An environment of the program's own, trained on in the program: a corridor with the prize at its right end.
 *
 * Prints:
 *   after 6000 steps an episode takes 11 steps
 */
#include <arq/arq.h>
#include <stdio.h>

#define FIELDS 12 /* eleven steps from the first to the last */

static arq_status corridor_spec(void *self, arq_env_spec *spec)
{
    (void)self;
    spec->observation_kind = ARQ_OBSERVATION_DISCRETE; /* the number of the field */
    spec->observation_size = FIELDS;
    spec->action_kind = ARQ_ACTION_DISCRETE; /* 0: left, 1: right */
    spec->action_count = 2;
    return ARQ_OK;
}

static arq_status corridor_reset(void *self, const uint64_t *seed, void *observation)
{
    (void)seed; /* nothing here is random */
    *(int32_t *)observation = *(int32_t *)self = 0;
    return ARQ_OK;
}

static arq_status corridor_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                                int32_t *truncated)
{
    int32_t *field = self;
    *field += action == 1 ? 1 : *field > 0 ? -1 : 0;
    *(int32_t *)observation = *field;
    *reward = *terminated = *field == FIELDS - 1;
    *truncated = 0;
    return ARQ_OK;
}

static void corridor_destroy(void *self)
{
    (void)self; /* lives in main */
}

static const arq_env_methods corridor = {sizeof(corridor), .spec = corridor_spec, .reset = corridor_reset,
                                         .step = corridor_step, .destroy = corridor_destroy};

int main(void)
{
    arq_context *context = NULL;
    arq_config *config = NULL;
    arq_env *env = NULL;
    arq_run *run = NULL;
    int32_t field = 0;
    uint64_t done = 1;
    double length = 0;
    char text[512];

    int failed = arq_context_create(ARQ_ABI_VERSION, NULL, &context) || arq_config_create(context, "fast", &config) ||
                 arq_config_set(config, "total_steps", "6000") || arq_config_set(config, "learning_starts", "500") ||
                 arq_config_set(config, "exploration_steps", "4000") || arq_config_set(config, "gamma", "0.9") ||
                 arq_config_set(config, "target_period", "100") || arq_config_set(config, "train_period", "4") ||
                 arq_config_set(config, "batch", "64") || arq_env_create(context, &corridor, &field, &env) ||
                 arq_run_create(context, config, env, &run);
    while (!failed && done > 0) {
        failed = arq_run_advance(run, 1000, &done);
    }
    failed = failed || arq_run_metric(run, "length", 0, &length);
    arq_context_last_error(context, text, sizeof(text));
    failed ? puts(text) : printf("after 6000 steps an episode takes %.0f steps\n", length);
    arq_run_destroy(run);
    arq_env_destroy(env);
    arq_config_destroy(config);
    arq_context_destroy(context);
    return failed;
}
