/* What a training is about to use. */
#ifndef ARQ_TOOL_SETTINGS_REPORT_H
#define ARQ_TOOL_SETTINGS_REPORT_H

#include "cli/instances.h"

#include "arq/config.h"

/* Prints the environment, the instruction set, and every parameter, grouped by where its value comes from. */
void settings_report(const arq_context *context, const char *id, const instances *environments,
                     const arq_config *config);

/* "10x10x4 bits", "16 states", "50 f32". */
void settings_observation_text(const arq_env_spec *spec, char *buffer, size_t size);

#endif
