/* The vector of the avx2 tier: 8 floats. Operations are those of vector/vector.h. */
#ifndef ARQ_KERNELS_X86_VEC_AVX2_H
#define ARQ_KERNELS_X86_VEC_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_WIDTH 8

#define GEMM_ROWS 6
#define GEMM_VECTORS 2
#define PRODUCT_STEPS 4
#define TANH_VECTORS 4
#define SLOPE_HEADS 4

typedef __m256 vec;

static inline __m256i vec_first(size_t count)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane);
}

static inline vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vec_store(float *p, vec x)
{
    _mm256_storeu_ps(p, x);
}

static inline vec vec_load_partial(const float *p, size_t count)
{
    return _mm256_maskload_ps(p, vec_first(count));
}

static inline void vec_store_partial(float *p, vec x, size_t count)
{
    _mm256_maskstore_ps(p, vec_first(count), x);
}

static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

static inline vec vec_sqrt(vec a)
{
    return _mm256_sqrt_ps(a);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

/* The second operand of max and min is the one that stays when either is NaN. */
static inline vec vec_clamp(vec x, float low, float high)
{
    return _mm256_min_ps(_mm256_set1_ps(high), _mm256_max_ps(_mm256_set1_ps(low), x));
}

static inline vec vec_unless_le_zero(vec x, vec y)
{
    return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NLE_UQ), y);
}

static inline vec vec_if_positive(vec x, vec y)
{
    return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ), y);
}

static inline vec vec_blend_first(size_t count, vec a, vec b)
{
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(vec_first(count)));
}

static inline int vec_any_bit(vec a, vec b, vec c)
{
    __m256i all = _mm256_castps_si256(_mm256_or_ps(_mm256_or_ps(a, b), c));
    return !_mm256_testz_si256(all, all);
}

static inline vec vec_or(vec a, vec b)
{
    return _mm256_or_ps(a, b);
}

static inline vec vec_xor(vec a, vec b)
{
    return _mm256_xor_ps(a, b);
}

static inline vec vec_sign(vec x)
{
    return _mm256_and_ps(x, _mm256_set1_ps(-0.0f));
}

static inline vec vec_if_still(vec x, vec g, uint32_t most)
{
    __m256i size = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(INT32_MAX));
    __m256i small = _mm256_and_si256(_mm256_cmpgt_epi32(size, _mm256_setzero_si256()),
                                     _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)most + 1), size));
    __m256i moves_not = _mm256_cmpeq_epi32(_mm256_castps_si256(g), _mm256_setzero_si256());
    return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_and_si256(small, moves_not)));
}

static inline vec vec_of_bits(uint32_t bits)
{
    const __m256i each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), each), each);
    return _mm256_and_ps(_mm256_castsi256_ps(set), _mm256_set1_ps(1.0f));
}

static inline void vec_zip(vec a, vec b, vec *first, vec *second)
{
    vec low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
    *first = _mm256_permute2f128_ps(low, high, 0x20);
    *second = _mm256_permute2f128_ps(low, high, 0x31);
}

static inline vec vec_power_of_two(__m256i n)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

static inline vec vec_split(vec x, vec *n)
{
    *n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return vec_sub(x, *n);
}

static inline vec vec_add_to_exponent(vec x, vec n)
{
    __m256i shift = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), shift));
}

static inline vec vec_scale_by_power(vec x, vec n)
{
    __m256i whole = _mm256_cvtps_epi32(n);
    __m256i half = _mm256_srai_epi32(whole, 1);
    return vec_mul(vec_mul(x, vec_power_of_two(half)), vec_power_of_two(_mm256_sub_epi32(whole, half)));
}

static inline float vec_total(const vec *lanes)
{
    __m256 eight = _mm256_add_ps(lanes[0], lanes[1]);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* sums[0], sums[1]: the lower and the upper half of the lanes. */
typedef __m256d vec_double;

static inline void vec_add_squares(vec x, vec_double *sums)
{
    __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
    __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
    sums[0] = _mm256_fmadd_pd(low, low, sums[0]);
    sums[1] = _mm256_fmadd_pd(high, high, sums[1]);
}

static inline vec_double vec_double_load(const double *p)
{
    return _mm256_loadu_pd(p);
}

static inline void vec_double_store(double *p, vec_double x)
{
    _mm256_storeu_pd(p, x);
}

#endif
