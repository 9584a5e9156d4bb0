/* vector/transcendental_kernels.h for neon. */
#include "kernels/arm/vec_neon.h"

#include "kernels/vector/transcendental_kernels.h"
