/**
 * @file observation.h
 * @brief Kinds of observations: how their values lie in memory, and what a network sees of them.
 */
#ifndef ARQ_OBSERVATION_H
#define ARQ_OBSERVATION_H

#include "status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @name Observation kinds
 * How the `size` values of one observation lie in memory.
 * @{
 */
/** @brief Bits: value i is bit (i mod 8) of byte i / 8; the bits after the last are 0; (size + 7) / 8 bytes. @since 0.1
 */
#define ARQ_OBSERVATION_BIT 1
/** @brief One unsigned byte a value; a network sees value / 255. @since 0.1 */
#define ARQ_OBSERVATION_U8 2
/** @brief One float a value. @since 0.1 */
#define ARQ_OBSERVATION_F32 3
/** @brief One double a value; a network sees it rounded to float. @since 0.1 */
#define ARQ_OBSERVATION_F64 4
/** @brief One int32_t in 0 .. size-1 in all; a network sees it one-hot. @since 0.1 */
#define ARQ_OBSERVATION_DISCRETE 5
/** @} */

/**
 * @brief Bytes of one observation of a kind and size: size / 8 rounded up for bits, 4 for the discrete kind.
 *
 * Several observations lie one behind the other without gaps, so a row is aligned for its values, not more.
 * @param kind One of the ARQ_OBSERVATION_ kinds.
 * @param size Its values.
 * @return The bytes; 0 for an unknown kind or size 0.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API size_t arq_observation_bytes(int32_t kind, uint32_t size);

/**
 * @brief Writes observations as the floats a network sees: bits as 0 and 1, bytes over 255, states one-hot.
 * @param kind One of the ARQ_OBSERVATION_ kinds.
 * @param size Values of one observation.
 * @param count How many observations.
 * @param observations [count] observations without gaps.
 * @param[out] values [count, size].
 * @return #ARQ_E_ARGUMENT for NULL, an unknown kind, size 0, or a state out of range.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API arq_status arq_observation_floats(int32_t kind, uint32_t size, size_t count, const void *observations,
                                          float *values);

#ifdef __cplusplus
}
#endif

#endif
