/*
 * What arq_env_check asks of save, load and render.
 */
#ifndef ARQ_ENV_CHECK_STATE_H
#define ARQ_ENV_CHECK_STATE_H

#include "env/check/report.h"

void arq_check_save_load(arq_check *check);
void arq_check_render(arq_check *check);

#endif
