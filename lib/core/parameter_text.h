/*
 * Parameters as text: found by name, parsed with their range, written.
 */
#ifndef ARQ_CORE_PARAMETER_TEXT_H
#define ARQ_CORE_PARAMETER_TEXT_H

#include "arq/config.h"
#include "core/parameters.h"

/* A parameter's value as text, as arq_config_get gives it. Returns the length it needs. */
size_t arq_parameter_format(const arq_parameter *parameter, const arq_parameters *values, char *buffer, size_t size);

/* Sets one parameter from text with its range check; `values` is unchanged on failure. */
arq_status arq_parameter_parse(const arq_context *context, const char *name, const char *text, arq_parameters *values);

/* Shortest text that gives the same double back, with a point in every locale. */
void arq_format_float(double value, char *buffer, size_t size);

/* ARQ_E_NOT_FOUND with the nearest name. */
arq_status arq_fail_parameter(const arq_context *context, const char *name);

/* Every parameter at its default. */
void arq_parameters_default(arq_parameters *values);

/* The row of a name, or NULL. */
const arq_parameter *arq_parameter_find(const char *name);

/* The word of a choice. */
void arq_choice_word(const char *choices, int64_t index, char *buffer, size_t size);

#endif
