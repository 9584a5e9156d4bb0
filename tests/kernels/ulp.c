/*
 * The largest errors of tanh and exp in units in the last place of the result, against libm in double, over every
 * `stride`-th float (default 97; 1 is all of them). Fails above the figures that lib/kernels/transcendental.h states,
 * when tanh leaves [-1, 1] or is not odd, and when infinities, zeros or NaN come out wrong. The attention's tanh is
 * measured through the attention kernel, in units of 2^-24: the last place of results just below 1.
 */
#include "kernels/kernels.h"
#include "kernels/transcendental.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 4096

typedef struct function {
    const char *name;
    void (*kernel)(size_t n, const float *x, float *out);
    double (*exact)(double);
    int absolute; /* units of 2^-24, whatever the result */
    double limit; /* stated error */
    double worst;
    float worst_at;
    size_t wrong; /* special values, range, symmetry */
} function;

static double error_in_ulps(float got, double exact)
{
    int exponent;
    if (isinf(got) && exact >= 3.4028235677973366e38) /* rounds to infinity */
        return 0.0;
    frexp(fabs(exact) < FLT_MAX ? exact : (double)FLT_MAX, &exponent);
    if (fabs(exact) == 1.0)
        exponent = 0; /* below 1, where the errors of tanh are */
    if (exponent < -125)
        exponent = -125; /* denormals share one unit */
    return fabs((double)got - exact) / ldexp(1.0, exponent - 24);
}

/* One column of P whose rows are x: y = tanh(x). */
static void attention_tanh(size_t n, const float *x, float *out)
{
    const float one = 1.0f;
    const arq_attention a = {.heads = 1, .width = 1, .rows = n, .zc = &one, .ldzc = 1, .z2 = x, .ldz2 = n, .h = &one};
    arq_kernels_select(UINT32_MAX)->attention(&a, x, out);
}

static void judge(function *f, float x, float got)
{
    if (isnan(x)) {
        f->wrong += !isnan(got);
        return;
    }
    double exact = f->exact((double)x);
    if (isinf(exact) || exact == 0.0) {
        f->wrong += (double)got != exact || (!f->absolute && !signbit(got) != !signbit(exact));
        return;
    }
    f->wrong += isnan(got);
    double error = f->absolute ? fabs((double)got - exact) * 0x1p24 : error_in_ulps(got, exact);
    if (error > f->worst) {
        f->worst = error;
        f->worst_at = x;
    }
}

static void sweep(function *f, uint64_t stride)
{
    float x[BATCH], out[BATCH];
    size_t n = 0;
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += stride) {
        uint32_t low = (uint32_t)bits;
        memcpy(&x[n++], &low, sizeof low);
        if (n == BATCH || bits + stride >= (uint64_t)1 << 32) {
            f->kernel(n, x, out);
            for (size_t i = 0; i < n; i++)
                judge(f, x[i], out[i]);
            n = 0;
        }
    }
}

static void check_specials(function *f)
{
    const float x[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-45f, -1e-45f, FLT_MAX, -FLT_MAX, FLT_MIN};
    float out[sizeof x / sizeof *x];
    f->kernel(sizeof x / sizeof *x, x, out);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        judge(f, x[i], out[i]);
}

/* |tanh| <= 1 and tanh(-x) = -tanh(x), bit by bit. */
static void check_tanh_shape(function *f, const arq_kernels *k, uint64_t stride)
{
    for (uint64_t bits = 0; bits <= 0x7f800000u; bits += stride) {
        uint32_t low = (uint32_t)bits;
        float pair[2], out[2];
        memcpy(&pair[0], &low, sizeof low);
        pair[1] = -pair[0];
        k->tanh(2, pair, out);
        f->wrong += out[0] > 1.0f || out[1] != -out[0];
    }
}

int main(int argc, char **argv)
{
    uint64_t stride = argc > 1 ? strtoull(argv[1], NULL, 10) : 97;
    const arq_kernels *k = arq_kernels_select(UINT32_MAX); /* all tiers give the same bits */
    function functions[] = {{.name = "tanh", .kernel = k->tanh, .exact = tanh, .limit = TANH_ULP},
                            {.name = "exp", .kernel = k->exp, .exact = exp, .limit = EXP_ULP},
                            {.name = "tanh of the attention",
                             .kernel = attention_tanh,
                             .exact = tanh,
                             .absolute = 1,
                             .limit = LOGISTIC_ULP}};
    int failed = 0;
    if (stride == 0)
        return EXIT_FAILURE;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        function *f = &functions[i];
        sweep(f, stride);
        check_specials(f);
        if (i == 0)
            check_tanh_shape(f, k, stride);
        printf("%s: %.4f ulp at %a, stated %.2f; %zu special values wrong\n", f->name, f->worst, (double)f->worst_at,
               f->limit, f->wrong);
        failed |= f->worst > f->limit || f->wrong;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
