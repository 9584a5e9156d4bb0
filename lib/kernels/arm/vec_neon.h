/* The vector of the neon tier: 4 floats. Operations are those of vector/vector.h. */
#ifndef ARQ_KERNELS_ARM_VEC_NEON_H
#define ARQ_KERNELS_ARM_VEC_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_WIDTH 4

#define GEMM_ROWS 8
#define GEMM_VECTORS 3
#define PRODUCT_STEPS 2
#define TANH_VECTORS 4
#define SLOPE_HEADS 4

typedef float32x4_t vec;

static inline uint32x4_t vec_first(size_t count)
{
    const uint32_t lane[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(lane), vdupq_n_u32((uint32_t)count));
}

static inline vec vec_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void vec_store(float *p, vec x)
{
    vst1q_f32(p, x);
}

static inline vec vec_load_partial(const float *p, size_t count)
{
    float copy[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < count; i++) {
        copy[i] = p[i];
    }
    return vld1q_f32(copy);
}

static inline void vec_store_partial(float *p, vec x, size_t count)
{
    float copy[4];
    vst1q_f32(copy, x);
    for (size_t i = 0; i < count; i++) {
        p[i] = copy[i];
    }
}

static inline vec vec_set(float x)
{
    return vdupq_n_f32(x);
}

static inline vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return vdivq_f32(a, b);
}

static inline vec vec_sqrt(vec a)
{
    return vsqrtq_f32(a);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

static inline vec vec_fnma(vec a, vec b, vec c)
{
    return vfmsq_f32(c, a, b);
}

static inline vec vec_clamp(vec x, float low, float high)
{
    return vminq_f32(vdupq_n_f32(high), vmaxq_f32(vdupq_n_f32(low), x));
}

static inline vec vec_unless_le_zero(vec x, vec y)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), vclezq_f32(x)));
}

static inline vec vec_if_positive(vec x, vec y)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(y), vcgtzq_f32(x)));
}

static inline vec vec_blend_first(size_t count, vec a, vec b)
{
    return vbslq_f32(vec_first(count), a, b);
}

static inline int vec_any_bit(vec a, vec b, vec c)
{
    uint32x4_t two = vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b));
    return vmaxvq_u32(vorrq_u32(two, vreinterpretq_u32_f32(c))) != 0;
}

static inline vec vec_or(vec a, vec b)
{
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}

static inline vec vec_xor(vec a, vec b)
{
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}

static inline vec vec_sign(vec x)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(UINT32_C(1) << 31)));
}

static inline vec vec_if_still(vec x, vec g, uint32_t most)
{
    uint32x4_t bits = vreinterpretq_u32_f32(x);
    uint32x4_t size = vbicq_u32(bits, vdupq_n_u32(UINT32_C(1) << 31));
    uint32x4_t small = vcltq_u32(vsubq_u32(size, vdupq_n_u32(1)), vdupq_n_u32(most));
    uint32x4_t moves_not = vceqq_u32(vreinterpretq_u32_f32(g), vdupq_n_u32(0));
    return vreinterpretq_f32_u32(vandq_u32(bits, vandq_u32(small, moves_not)));
}

static inline vec vec_of_bits(uint32_t bits)
{
    const uint32_t each[4] = {1, 2, 4, 8};
    uint32x4_t set = vtstq_u32(vdupq_n_u32(bits), vld1q_u32(each));
    return vreinterpretq_f32_u32(vandq_u32(set, vreinterpretq_u32_f32(vdupq_n_f32(1.0f))));
}

static inline void vec_zip(vec a, vec b, vec *first, vec *second)
{
    *first = vzip1q_f32(a, b);
    *second = vzip2q_f32(a, b);
}

static inline vec vec_power_of_two(int32x4_t n)
{
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}

static inline vec vec_split(vec x, vec *n)
{
    *n = vrndnq_f32(x);
    return vec_sub(x, *n);
}

static inline vec vec_add_to_exponent(vec x, vec n)
{
    int32x4_t shift = vshlq_n_s32(vcvtnq_s32_f32(n), 23);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x), shift));
}

static inline vec vec_scale_by_power(vec x, vec n)
{
    int32x4_t whole = vcvtnq_s32_f32(n);
    int32x4_t half = vshrq_n_s32(whole, 1);
    return vec_mul(vec_mul(x, vec_power_of_two(half)), vec_power_of_two(vsubq_s32(whole, half)));
}

static inline float vec_total(const vec *lanes)
{
    vec four = vec_add(vec_add(lanes[0], lanes[2]), vec_add(lanes[1], lanes[3]));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* sums[0], sums[1]: the lower and the upper half of the lanes. */
typedef float64x2_t vec_double;

static inline void vec_add_squares(vec x, vec_double *sums)
{
    float64x2_t low = vcvt_f64_f32(vget_low_f32(x));
    float64x2_t high = vcvt_high_f64_f32(x);
    sums[0] = vfmaq_f64(sums[0], low, low);
    sums[1] = vfmaq_f64(sums[1], high, high);
}

static inline vec_double vec_double_load(const double *p)
{
    return vld1q_f64(p);
}

static inline void vec_double_store(double *p, vec_double x)
{
    vst1q_f64(p, x);
}

#endif
