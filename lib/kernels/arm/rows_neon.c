/* vector/rows.h for neon. */
#include "kernels/arm/vec_neon.h"

#include "kernels/vector/rows.h"
