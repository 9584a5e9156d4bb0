/* arq bench kernels: the kernels that take most of an update's time, each beside the machine's limit, measured in the
 * same run. */
#include "bench/measure.h"

#include "bench/report.h"
#include "host/machine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* cblas_sgemm's numbers for row-major, for a factor that is not transposed, and for one that is. */
#define ROW_MAJOR 101
#define AS_IT_LIES 111
#define TRANSPOSED 112

typedef void cblas_sgemm_function(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                                  float *, int);

/* OpenBLAS is looked for when the benchmark runs: nothing here links to it. */
static cblas_sgemm_function *find_openblas(void)
{
    static const char *const files[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};
    static const char *const names[] = {"cblas_sgemm", "openblas_set_num_threads"};
    void *symbols[2];
    union {
        void *object;
        void (*set_threads)(int);
        cblas_sgemm_function *multiply;
    } symbol;
    if (!machine_find_symbols(files, 3, names, 2, symbols)) {
        return NULL;
    }
    symbol.object = symbols[1];
    symbol.set_threads(1);
    symbol.object = symbols[0];
    return symbol.multiply;
}

typedef struct product {
    const arq_kernels *kernels;
    cblas_sgemm_function *other;
    size_t m, n, k;
    int transposed; /* C = A^T B with A [k, m] */
    float *a, *b, *c, *pack;
} product;

static void multiply_ours(void *data)
{
    product *p = data;
    if (p->transposed) {
        p->kernels->gemm_tn(p->m, p->n, p->k, p->a, p->m, p->b, p->n, p->c, p->n, p->pack);
    } else {
        p->kernels->gemm(p->m, p->n, p->k, p->a, p->k, p->b, p->n, p->c, p->n, p->pack);
    }
}

static void multiply_other(void *data)
{
    product *p = data;
    p->other(ROW_MAJOR, p->transposed ? TRANSPOSED : AS_IT_LIES, AS_IT_LIES, (int)p->m, (int)p->n, (int)p->k, 1.0f,
             p->a, (int)(p->transposed ? p->m : p->k), p->b, (int)p->n, 1.0f, p->c, (int)p->n);
}

/* a / b; NAN where one of them is 0, which is not known. */
static double share(double a, double b)
{
    return a > 0 && b > 0 ? a / b : (double)NAN;
}

static void bench_product(const bench_plan *plan, product p, double peak)
{
    double flop = 2.0 * (double)p.m * (double)p.n * (double)p.k;
    p.a = bench_floats(p.m * p.k);
    p.b = bench_floats(p.k * p.n);
    p.c = bench_floats(p.m * p.n);
    p.pack = bench_floats(ARQ_GEMM_PACK_FLOATS);
    double ours = flop / bench_time(plan, multiply_ours, &p);
    double other = p.other == NULL ? 0 : flop / bench_time(plan, multiply_other, &p);
    char name[64];
    snprintf(name, sizeof(name), "%s %zu x %zu x %zu", p.transposed ? "gemm_tn" : "gemm", p.m, p.n, p.k);
    bench_report_row(name);
    bench_report_number(ours * 1e-9, 1);
    bench_report_number(share(ours, 2 * peak), 2);
    bench_report_number(share(other, 1e9), 1);
    bench_report_number(share(ours, other), 2);
    bench_report_row_end();
    free(p.a);
    free(p.b);
    free(p.c);
    free(p.pack);
}

static void bench_products(const bench_plan *plan, const arq_kernels *kernels, double peak)
{
    static const size_t shapes[][4] = {{512, 3200, 600, 0}, {512, 1600, 800, 0}, {600, 3200, 512, 1},
                                       {512, 400, 600, 0},  {512, 1024, 224, 0}, {224, 1024, 512, 1},
                                       {512, 512, 1000, 0}, {256, 256, 64, 0}};
    cblas_sgemm_function *other = find_openblas();
    bench_report_table("products", "product m x n x k|GFLOPS|of peak|OpenBLAS|of OpenBLAS");
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        product p = {.kernels = kernels,
                     .other = other,
                     .m = shapes[i][0],
                     .n = shapes[i][1],
                     .k = shapes[i][2],
                     .transposed = (int)shapes[i][3]};
        bench_product(plan, p, peak);
    }
    if (other == NULL) {
        bench_report_note("openblas", "OpenBLAS was not found.");
    }
}

typedef struct attention_case {
    const arq_kernels *kernels;
    arq_attention a;
    float *v, *y, *g, *gy, *gh, *u;
} attention_case;

static void run_forward(void *data)
{
    attention_case *c = data;
    c->kernels->attention(&c->a, c->v, c->y);
}

static void run_slope(void *data)
{
    attention_case *c = data;
    c->kernels->attention_slope(&c->a, c->v, c->y, c->g);
}

static void run_backward(void *data)
{
    attention_case *c = data;
    c->kernels->attention_backward(&c->a, c->v, c->gy, 0, c->a.rows, c->gh, c->u);
}

/* Operations of the multiply-add units for one element of P: K products, 5 of the exponential, 1 use; the division
 * counts 2. The slopes add one for themselves and K for their sums; what was kept needs these and its use. */
static double operations(size_t heads, int with_slopes, int kept)
{
    return (kept ? 1 : (double)heads + 5 + 1 + 2) + (with_slopes ? 1 + (double)heads : 0);
}

static void bench_attention(const bench_plan *plan, const arq_kernels *kernels, double peak, size_t n, size_t heads)
{
    static const char *const names[] = {"forward", "forward, slopes", "backward", "forward, slopes, kept",
                                        "backward, kept"};
    static void (*const calls[])(void *) = {run_forward, run_slope, run_backward, run_slope, run_backward};
    size_t kept = ARQ_KEPT_TANH_FLOATS(n, n);
    float *tanh = kept <= ARQ_MOST_KEPT_TANH_FLOATS ? bench_floats(kept) : NULL;
    float *memory = bench_floats((5 * heads + 4) * n);
    float *at = memory;
    attention_case c = {.kernels = kernels, .a = {.heads = heads, .width = n, .rows = n, .ldzc = n, .ldz2 = n}};
    float **const parts[] = {&c.v, &c.g, &c.u, &c.y, &c.gy, &c.gh};
    c.a.zc = at;
    c.a.z2 = at + heads * n;
    c.a.h = at + 2 * heads * n;
    at += (2 * heads + 1) * n;
    for (int i = 0; i < 6; i++) {
        *parts[i] = at;
        at += i < 3 ? heads * n : n;
    }
    for (int i = 0; i < (tanh != NULL ? 5 : 3); i++) {
        c.a.tanh = i < 3 ? NULL : tanh;
        double rate = (double)(n * n) / bench_time(plan, calls[i], &c);
        bench_report_row(names[i]);
        bench_report_number((double)n, 0);
        bench_report_number((double)heads, 0);
        bench_report_number(rate * 1e-9, 2);
        bench_report_number(share(rate * operations(heads, i > 0, i == 4), peak), 2);
        bench_report_row_end();
    }
    free(tanh);
    free(memory);
}

int bench_kernels(const bench_plan *plan, int id_count, const char *const *ids)
{
    (void)id_count;
    (void)ids;
    const arq_kernels *kernels = bench_kernels_of(plan);
    if (kernels == NULL) {
        return EXIT_FAILURE;
    }
    double peak = bench_fma_peak(plan, kernels->name);
    bench_report_note("limits", "%s, one thread, medians of %llu; multiply-add peak %.1f GFLOPS, reading %.1f GB/s",
                      kernels->name, (unsigned long long)plan->repeats, 2e-9 * peak, 1e-9 * bench_read_bandwidth(plan));
    bench_products(plan, kernels, peak);
    bench_report_table("attention", "attention|n|K|G elements/s|of bound");
    for (size_t heads = 8; heads >= 4; heads -= 4) {
        static const size_t widths[] = {400, 200, 96, 64, 32};
        for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
            bench_attention(plan, kernels, peak, widths[i], heads);
        }
    }
    return EXIT_SUCCESS;
}
