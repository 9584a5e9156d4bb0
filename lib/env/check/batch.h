/*
 * What arq_env_check asks of instances that are made and stepped together.
 */
#ifndef ARQ_ENV_CHECK_BATCH_H
#define ARQ_ENV_CHECK_BATCH_H

#include "env/check/report.h"

void arq_check_batch(arq_check *check);

#endif
