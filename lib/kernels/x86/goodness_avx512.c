/* vector/goodness.h for avx512. */
#include "kernels/x86/vec_avx512.h"

#include "kernels/vector/goodness.h"
