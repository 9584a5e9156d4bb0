/* One recorded case of tests/golden/cells: its file, the network made from it, and the comparison by the rule. */
#ifndef ARQ_TESTS_CELL_CASE_H
#define ARQ_TESTS_CELL_CASE_H

#include "arq/arq.h"
#include "io/safetensors.h"
#include "nn/activations.h"
#include "nn/cells/features.h"
#include "nn/cells/update.h"
#include "nn/kind.h"

#include <check.h>

typedef struct cell_case {
    arq_context *context;
    arq_reader *file;
    const char *name;
    arq_network *network;
    arq_learner *learner;
    uint32_t batch, observation_size, actions, window;
    int bits;                /* observations are binary */
    unsigned char *compared; /* [tensors of the file] */
    size_t compared_count;
    double worst; /* largest error relative to its allowance */
    char worst_tensor[192];
    int failures;
} cell_case;

/* NULL when a method or option of the file is not built; says which in `reason`. */
int cell_case_open(arq_context *context, const char *path, const char *name, cell_case *c, char reason[128]);
void cell_case_close(cell_case *c);

const char *case_text(const cell_case *c, const char *key);
double case_number(const cell_case *c, const char *key);
const arq_tensor *case_tensor(const cell_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Compares with the file's tensor of that name, if it has one: whole, or its digest. */
void case_compare(cell_case *c, const float *ours, size_t count, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void case_compare_actions(cell_case *c, const int32_t *ours, const float *terminals, int arbitrary, const char *format,
                          ...) __attribute__((format(printf, 5, 6)));

/* ours [B, A] with the mean over quantiles of a recorded [B, n, A]; n is 1 without quantiles. */
void case_compare_mean(cell_case *c, const float *ours, size_t count, uint32_t n, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Batch i as an update takes it. The caller frees what `rows` points to with case_free_rows. */
typedef struct case_rows {
    void *frames;
    int32_t *actions;
    float *rewards;
    uint8_t *terminated;
} case_rows;
case_rows case_batch(const cell_case *c, int i);
void case_free_rows(case_rows *rows);

#endif
