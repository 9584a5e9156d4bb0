#include "nn/kind.h"

#define METHODS_OF(number, methods, word) &arq_##methods##_network,

const arq_network_methods *const arq_network_kinds[] = {ARQ_NETWORK_KIND_LIST(METHODS_OF)};
