/* vector/goodness.h for avx2. */
#include "kernels/x86/vec_avx2.h"

#include "kernels/vector/goodness.h"
