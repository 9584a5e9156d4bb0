/**
 * @file version.h
 * @brief Version and ABI numbers, and the export macro every public symbol carries.
 */
#ifndef ARQ_VERSION_H
#define ARQ_VERSION_H

#include <stdint.h>

/** @brief Major version of these headers. @since 0.1 */
#define ARQ_VERSION_MAJOR 0
/** @brief Minor version of these headers. @since 0.1 */
#define ARQ_VERSION_MINOR 1
/** @brief Patch version of these headers. @since 0.1 */
#define ARQ_VERSION_PATCH 0

/**
 * @brief ABI major number: programs and libraries of different majors do not mix. Also the soname.
 *
 * Before version 1.0 it is 0 and the ABI may change with any minor version.
 * @since 0.1
 */
#define ARQ_ABI_MAJOR 0
/** @brief ABI minor number: grows when symbols or trailing struct fields are added. @since 0.1 */
#define ARQ_ABI_MINOR 2
/** @brief The number a program hands to arq_context_create() and a plugin to its table. @since 0.1 */
#define ARQ_ABI_VERSION (ARQ_ABI_MAJOR * UINT32_C(65536) + ARQ_ABI_MINOR)

/** @brief Marks a function that the shared library exports. @since 0.1 */
#if defined(ARQ_BUILDING) && defined(__GNUC__)
#define ARQ_API __attribute__((visibility("default")))
#else
#define ARQ_API
#endif

/** @brief Marks the one function a plugin exports. @since 0.1 */
#if defined(__GNUC__)
#define ARQ_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define ARQ_PLUGIN_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Version of the library that is running.
 * @return Text such as "0.1.0"; static, never freed.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_version(void);

/**
 * @brief ABI number of the library that is running, laid out like #ARQ_ABI_VERSION.
 * @return Major * 65536 + minor.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API uint32_t arq_abi_version(void);

#ifdef __cplusplus
}
#endif

#endif
