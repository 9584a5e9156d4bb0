#include "bench/parts.h"

#include "cli/message.h"

#include <stdlib.h>

typedef struct part {
    const arq_kernels *kernels;
    size_t m, n, k;
    float *a, *b, *c, *pack;
    uint8_t *bits;
    arq_attention attention;
} part;

static void run_gemm(void *data)
{
    part *p = data;
    p->kernels->gemm(p->m, p->n, p->k, p->a, p->k, p->b, p->n, p->c, p->n, p->pack);
}

static void run_gemm_tn(void *data)
{
    part *p = data;
    p->kernels->gemm_tn(p->m, p->n, p->k, p->a, p->m, p->b, p->n, p->c, p->n, p->pack);
}

static void run_gather(void *data)
{
    part *p = data;
    for (size_t i = 0; i < p->m; i++) {
        p->kernels->gather_rows(BENCH_BITS, p->bits + i * BENCH_BYTES, p->n, p->b, p->n, p->c + i * p->n);
    }
}

static void run_forward(void *data)
{
    part *p = data;
    p->kernels->attention(&p->attention, p->a, p->c);
}

static void run_slope(void *data)
{
    part *p = data;
    p->kernels->attention_slope(&p->attention, p->a, p->c, p->c + p->n);
}

static void run_backward(void *data)
{
    part *p = data;
    p->kernels->attention_backward(&p->attention, p->a, p->b, 0, p->n, p->c, p->c + p->n);
}

/* Seconds of C[m, n] += A[m, k] B[k, n], or of A^T B. */
static double product_time(const bench_plan *plan, const arq_kernels *kernels, size_t m, size_t n, size_t k,
                           int transposed)
{
    if (k == 0 || m == 0) {
        return 0;
    }
    part p = {.kernels = kernels, .m = m, .n = n, .k = k};
    p.a = bench_floats(m * k);
    p.b = bench_floats(k * n);
    p.c = bench_floats(m * n);
    p.pack = bench_floats(ARQ_GEMM_PACK_FLOATS);
    double seconds = bench_time(plan, transposed ? run_gemm_tn : run_gemm, &p);
    free(p.a);
    free(p.b);
    free(p.c);
    free(p.pack);
    return seconds;
}

/* Seconds of adding the columns of a batch's bits to [batch, n]. */
static double gather_time(const bench_plan *plan, const arq_kernels *kernels, size_t batch, size_t n)
{
    part p = {.kernels = kernels, .m = batch, .n = n};
    p.bits = malloc(batch * BENCH_BYTES);
    if (p.bits == NULL) {
        exit(message_fail("no memory for %zu observations", batch));
    }
    bench_case_bits(batch * BENCH_BYTES, p.bits);
    p.b = bench_floats(BENCH_BITS * n);
    p.c = bench_floats(batch * n);
    double seconds = bench_time(plan, run_gather, &p);
    free(p.bits);
    free(p.b);
    free(p.c);
    return seconds;
}

/* Seconds of one sample's passes: `forward` plain ones, and `learned` with slopes and a backward pass. */
static double attention_time(const bench_plan *plan, const arq_kernels *kernels, size_t n, size_t heads, size_t forward,
                             size_t learned)
{
    part p = {.kernels = kernels, .n = n};
    float *z = bench_floats((2 * heads + 1) * n);
    p.a = bench_floats(heads * n);
    p.b = bench_floats(n);
    p.c = bench_floats((heads + 1) * n);
    size_t kept = ARQ_KEPT_TANH_FLOATS(n, n);
    float *tanh = kept <= ARQ_MOST_KEPT_TANH_FLOATS ? bench_floats(kept) : NULL;
    p.attention = (arq_attention){.heads = heads,
                                  .width = n,
                                  .rows = n,
                                  .zc = z,
                                  .ldzc = n,
                                  .z2 = z + heads * n,
                                  .ldz2 = n,
                                  .h = z + 2 * heads * n,
                                  .tanh = tanh};
    double seconds = (double)forward * bench_time(plan, run_forward, &p);
    if (learned > 0) {
        seconds += (double)learned * (bench_time(plan, run_slope, &p) + bench_time(plan, run_backward, &p));
    }
    free(tanh);
    free(z);
    free(p.a);
    free(p.b);
    free(p.c);
    return seconds;
}

/* Both networks' contexts, s and s'; the first step of each context has zeros for the step before. */
static double h_time(const bench_plan *plan, const arq_kernels *kernels, const bench_case *c, uint32_t l, size_t batch,
                     size_t window)
{
    size_t n = c->width[l], dense = c->dense[l], below = dense - c->contexts[l];
    double passes = window > 1 ? 2.0 * (double)window + 2 : 3;
    double begins = window > 1 ? 2 : 0;
    return (passes - begins) * product_time(plan, kernels, batch, n, dense, 0) +
           begins * product_time(plan, kernels, batch, n, below, 0) + product_time(plan, kernels, dense, n, batch, 1);
}

bench_parts bench_update_parts(const bench_plan *plan, const bench_case *subject, uint32_t batch, uint32_t window)
{
    const arq_kernels *kernels = bench_kernels_of(plan);
    const double h_passes = window > 1 ? 2.0 * window + 2 : 3;
    bench_parts sum = {0, 0, 0, 0};
    for (uint32_t l = 0; l < subject->cells; l++) {
        size_t n = subject->width[l], heads = subject->heads, dense = subject->dense[l];
        sum.projections += 2 * (3 * product_time(plan, kernels, batch, heads * n, dense, 0) +
                                product_time(plan, kernels, dense, heads * n, batch, 1));
        sum.contexts += h_time(plan, kernels, subject, l, batch, window);
        sum.attention += (double)batch * attention_time(plan, kernels, n, heads, BENCH_ACTIONS + 1, 1);
        if (subject->sees_bits[l]) { /* the gradients take as many additions as one pass */
            sum.gathers += 2 * (3 + 1) * gather_time(plan, kernels, batch, heads * n) +
                           (h_passes + 1) * gather_time(plan, kernels, batch, n);
        }
    }
    return sum;
}

double bench_acting_attention(const bench_plan *plan, const bench_case *subject)
{
    const arq_kernels *kernels = bench_kernels_of(plan);
    double sum = 0;
    for (uint32_t l = 0; l < subject->cells; l++) {
        sum += attention_time(plan, kernels, subject->width[l], subject->heads, BENCH_ACTIONS, 0);
    }
    return sum;
}
