/* The vector of the avx512 tier: 16 floats. Operations are those of vector/vector.h. */
#ifndef ARQ_KERNELS_X86_VEC_AVX512_H
#define ARQ_KERNELS_X86_VEC_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_WIDTH 16

#define GEMM_ROWS 14
#define GEMM_VECTORS 2
#define PRODUCT_STEPS 4
#define TANH_VECTORS 4
#define SLOPE_HEADS 8

typedef __m512 vec;

static inline __mmask16 vec_first(size_t count)
{
    return (__mmask16)((1u << count) - 1u);
}

static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void vec_store(float *p, vec x)
{
    _mm512_storeu_ps(p, x);
}

static inline vec vec_load_partial(const float *p, size_t count)
{
    return _mm512_maskz_loadu_ps(vec_first(count), p);
}

static inline void vec_store_partial(float *p, vec x, size_t count)
{
    _mm512_mask_storeu_ps(p, vec_first(count), x);
}

static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

static inline vec vec_sqrt(vec a)
{
    return _mm512_sqrt_ps(a);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

/* The second operand of max and min is the one that stays when either is NaN. */
static inline vec vec_clamp(vec x, float low, float high)
{
    return _mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), x));
}

static inline vec vec_unless_le_zero(vec x, vec y)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NLE_UQ), y);
}

static inline vec vec_if_positive(vec x, vec y)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), y);
}

static inline vec vec_blend_first(size_t count, vec a, vec b)
{
    return _mm512_mask_mov_ps(b, vec_first(count), a);
}

static inline int vec_any_bit(vec a, vec b, vec c)
{
    __m512i first_two = _mm512_or_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b));
    __m512i all = _mm512_or_epi32(first_two, _mm512_castps_si512(c));
    return _mm512_test_epi32_mask(all, all) != 0;
}

static inline vec vec_or(vec a, vec b)
{
    return _mm512_or_ps(a, b);
}

static inline vec vec_xor(vec a, vec b)
{
    return _mm512_xor_ps(a, b);
}

static inline vec vec_sign(vec x)
{
    return _mm512_and_ps(x, _mm512_set1_ps(-0.0f));
}

static inline vec vec_if_still(vec x, vec g, uint32_t most)
{
    __m512i size = _mm512_and_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(INT32_MAX));
    __mmask16 moves_not = _mm512_testn_epi32_mask(_mm512_castps_si512(g), _mm512_castps_si512(g));
    return _mm512_maskz_mov_ps(_mm512_mask_cmplt_epu32_mask(moves_not, _mm512_sub_epi32(size, _mm512_set1_epi32(1)),
                                                            _mm512_set1_epi32((int32_t)most)),
                               x);
}

static inline vec vec_of_bits(uint32_t bits)
{
    return _mm512_maskz_mov_ps((__mmask16)bits, _mm512_set1_ps(1.0f));
}

static inline void vec_zip(vec a, vec b, vec *first, vec *second)
{
    const __m512i pairs = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    *first = _mm512_permutex2var_ps(a, pairs, b);
    *second = _mm512_permutex2var_ps(a, _mm512_or_epi32(pairs, _mm512_set1_epi32(8)), b);
}

static inline vec vec_power_of_two(__m512i n)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
}

static inline vec vec_split(vec x, vec *n)
{
    *n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return vec_sub(x, *n);
}

static inline vec vec_add_to_exponent(vec x, vec n)
{
    return _mm512_scalef_ps(x, n);
}

static inline vec vec_scale_by_power(vec x, vec n)
{
    __m512i whole = _mm512_cvtps_epi32(n);
    __m512i half = _mm512_srai_epi32(whole, 1);
    return vec_mul(vec_mul(x, vec_power_of_two(half)), vec_power_of_two(_mm512_sub_epi32(whole, half)));
}

static inline __m256 vec_upper_half(vec x)
{
    return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1));
}

static inline float vec_total(const vec *lanes)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(lanes[0]), vec_upper_half(lanes[0]));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* sums[0], sums[1]: the lower and the upper half of the lanes. */
typedef __m512d vec_double;

static inline void vec_add_squares(vec x, vec_double *sums)
{
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    __m512d high = _mm512_cvtps_pd(vec_upper_half(x));
    sums[0] = _mm512_fmadd_pd(low, low, sums[0]);
    sums[1] = _mm512_fmadd_pd(high, high, sums[1]);
}

static inline vec_double vec_double_load(const double *p)
{
    return _mm512_loadu_pd(p);
}

static inline void vec_double_store(double *p, vec_double x)
{
    _mm512_storeu_pd(p, x);
}

#endif
