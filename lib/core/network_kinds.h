/*
 * The network kinds, a line each: KIND(number, methods, word) makes ARQ_NETWORK_<number>, finds arq_<methods>_network
 * and is chosen by --network word. Files keep the word, so that lines may only be added.
 */
#ifndef ARQ_CORE_NETWORK_KINDS_H
#define ARQ_CORE_NETWORK_KINDS_H

#define ARQ_NETWORK_KIND_LIST(KIND)                                                                                    \
    KIND(ARQ, arq, "arq")                                                                                              \
    KIND(AD, ad, "ad")                                                                                                 \
    KIND(DQN, dqn, "dqn")                                                                                              \
    KIND(FF_DQN, ff_dqn, "ff-dqn")

#define ARQ_NETWORK_KIND_NUMBER(number, methods, word) ARQ_NETWORK_##number,

typedef enum arq_network_kind { ARQ_NETWORK_KIND_LIST(ARQ_NETWORK_KIND_NUMBER) ARQ_NETWORK_KINDS } arq_network_kind;

#endif
