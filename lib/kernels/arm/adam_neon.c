/* vector/adam.h for neon. */
#include "kernels/arm/vec_neon.h"

#include "kernels/vector/adam.h"
