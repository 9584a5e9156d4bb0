/* result.csv of a run: how the agent and a random player did. */
#ifndef ARQ_TOOL_RESULT_H
#define ARQ_TOOL_RESULT_H

#include "run/evaluation.h"

/* Writes the scores; `environments` instances were played side by side. 0 or an exit code. */
int result_write(const char *folder, const evaluation_plan *plan, uint32_t environments, const evaluation_score *agent,
                 const evaluation_score *random);

#endif
