/* Returns of rollouts against recorded ones; allowed: 1e-5 (1 + largest recorded entry). */
#include "golden_files.h"

#include "arq/arq.h"
#include "io/safetensors.h"
#include "rollout/returns.h"
#include "../support/suite.h"

#include <math.h>

typedef struct returns_case {
    const char *name;
    uint32_t length, instances, predictors;
    double gamma, lambda;
    const float *reward;       /* [T, N] */
    const uint8_t *terminated; /* [T, N] */
    const uint8_t *truncated;  /* [T, N] */
    const float *value;        /* [L, T + 1, N] */
    const float *final_value;  /* [L, T, N] */
    const double *returns;     /* [L, T, N] */
} returns_case;

static const arq_tensor *find(const arq_reader *file, const char *case_name, const char *name, arq_dtype dtype,
                              uint32_t rank)
{
    const arq_tensor *tensor = arq_reader_find(file, name);
    ck_assert_msg(tensor != NULL, "%s: no tensor '%s'", case_name, name);
    ck_assert_msg(tensor->dtype == dtype && tensor->rank == rank, "%s: '%s' has another type or rank", case_name, name);
    return tensor;
}

static double number(const arq_reader *file, const char *case_name, const char *key)
{
    const char *text = arq_reader_text(file, key);
    ck_assert_msg(text != NULL, "%s: no text '%s'", case_name, key);
    return strtod(text, NULL);
}

static returns_case open_case(const arq_reader *file, const char *name)
{
    const arq_tensor *reward = find(file, name, "reward", ARQ_DTYPE_F32, 2);
    const arq_tensor *value = find(file, name, "value", ARQ_DTYPE_F32, 3);
    returns_case c = {
        .name = name,
        .length = (uint32_t)reward->shape[0],
        .instances = (uint32_t)reward->shape[1],
        .predictors = (uint32_t)value->shape[0],
        .gamma = number(file, name, "gamma"),
        .lambda = number(file, name, "td_lambda"),
        .reward = reward->data,
        .terminated = find(file, name, "terminated", ARQ_DTYPE_U8, 2)->data,
        .truncated = find(file, name, "truncated", ARQ_DTYPE_U8, 2)->data,
        .value = value->data,
        .final_value = find(file, name, "final_value", ARQ_DTYPE_F32, 3)->data,
        .returns = find(file, name, "returns", ARQ_DTYPE_F64, 3)->data,
    };
    ck_assert_uint_eq(value->shape[1], c.length + 1);
    ck_assert_uint_eq(value->shape[2], c.instances);
    return c;
}

/* One instance's row of one predictor, as a rollout keeps it. */
static void fill_row(const returns_case *c, uint32_t l, uint32_t i, float *rewards, uint8_t *ends, float *values)
{
    for (uint32_t t = 0; t < c->length; t++) {
        size_t at = (size_t)t * c->instances + i;
        rewards[t] = c->reward[at];
        ends[t] = c->terminated[at] ? ARQ_END_TERMINATED : c->truncated[at] ? ARQ_END_TRUNCATED : ARQ_END_NONE;
        size_t next = ((size_t)l * (c->length + 1) + t + 1) * c->instances + i;
        values[t] =
            ends[t] == ARQ_END_TRUNCATED ? c->final_value[(size_t)l * c->length * c->instances + at] : c->value[next];
    }
}

static void check_case(const returns_case *c)
{
    size_t total = (size_t)c->predictors * c->length * c->instances;
    double largest = 0;
    double worst = 0;
    for (size_t i = 0; i < total; i++) {
        largest = fmax(largest, fabs(c->returns[i]));
    }
    double allowed = 1e-5 * (1 + largest);
    float *rewards = calloc(c->length, sizeof(*rewards));
    uint8_t *ends = calloc(c->length, sizeof(*ends));
    float *values = calloc(c->length, sizeof(*values));
    for (uint32_t l = 0; l < c->predictors; l++) {
        for (uint32_t i = 0; i < c->instances; i++) {
            fill_row(c, l, i, rewards, ends, values);
            arq_returns(c->length, 1, rewards, ends, c->gamma, c->lambda, values);
            for (uint32_t t = 0; t < c->length; t++) {
                double recorded = c->returns[((size_t)l * c->length + t) * c->instances + i];
                double error = fabs((double)values[t] - recorded);
                ck_assert_msg(error <= allowed, "%s: predictor %u, step %u, instance %u: %.9g, recorded %.9g", c->name,
                              l, t, i, (double)values[t], recorded);
                worst = fmax(worst, error / allowed);
            }
        }
    }
    free(rewards);
    free(ends);
    free(values);
    printf("%-24s %zu returns, worst error %.3f of what is allowed\n", c->name, total, worst);
}

START_TEST(test_recorded_returns)
{
    struct golden_files files = golden_files_list("returns", ".safetensors");
    ck_assert_msg(files.count > 0, "no recorded returns");
    arq_context *context = NULL;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    for (size_t i = 0; i < files.count; i++) {
        arq_reader *file = NULL;
        ck_assert_int_eq(arq_reader_open(context, files.path[i], &file), ARQ_OK);
        returns_case c = open_case(file, files.name[i]);
        check_case(&c);
        arq_reader_close(file);
    }
    arq_context_destroy(context);
    golden_files_free(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("returns");
    TCase *tests = tcase_create("recorded");
    tcase_add_test(tests, test_recorded_returns);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
