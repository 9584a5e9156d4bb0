#include "run/settings_report.h"

#include "host/terminal.h"

#include <stdio.h>
#include <string.h>

#define HEADING 11

void settings_observation_text(const arq_env_spec *spec, char *buffer, size_t size)
{
    static const char *const kinds[] = {
        [ARQ_OBSERVATION_BIT] = "bits",    [ARQ_OBSERVATION_U8] = "bytes",        [ARQ_OBSERVATION_F32] = "floats",
        [ARQ_OBSERVATION_F64] = "doubles", [ARQ_OBSERVATION_DISCRETE] = "states",
    };
    size_t used = 0;
    buffer[0] = '\0';
    for (uint32_t i = 0; i < spec->observation_rank && used < size; i++) {
        used += (size_t)snprintf(buffer + used, size - used, "%s%u", i == 0 ? "" : "x", spec->observation_shape[i]);
    }
    if (spec->observation_rank == 0) {
        used = (size_t)snprintf(buffer, size, "%u", spec->observation_size);
    }
    if (used < size) {
        snprintf(buffer + used, size - used, " %s", kinds[spec->observation_kind]);
    }
}

static void print_wrapped(const char *text, size_t *column, size_t width)
{
    size_t length = strlen(text);
    if (*column + 1 + length > width) {
        printf("\n%*s", HEADING, "");
        *column = HEADING;
    }
    printf(" %s", text);
    *column += 1 + length;
}

/* The parameters of one origin, as name=value. */
static void print_origin(const arq_config *config, const char *origin, size_t width)
{
    const char *name = NULL;
    size_t column = 0;
    for (uint32_t i = 0; (name = arq_parameter_name(i)) != NULL; i++) {
        if (strcmp(arq_config_origin(config, name), origin) != 0) {
            continue;
        }
        if (column == 0) {
            int length = printf("%-*s", HEADING, origin);
            column = length < 0 ? HEADING : (size_t)length;
        }
        char value[256] = "";
        char text[384];
        arq_config_get(config, name, value, sizeof(value));
        snprintf(text, sizeof(text), "%s=%s", name, value);
        print_wrapped(text, &column, width);
    }
    if (column > 0) {
        putchar('\n');
    }
}

void settings_report(const arq_context *context, const char *id, const instances *environments,
                     const arq_config *config)
{
    const arq_env_spec *spec = instances_describe(environments);
    char observation[128];
    char side_by_side[64] = "";
    const char *preset = NULL;
    size_t width = terminal_width() > 40 ? terminal_width() - 1 : 40;
    settings_observation_text(spec, observation, sizeof(observation));
    if (environments->count > 1) {
        snprintf(side_by_side, sizeof(side_by_side), ", %u side by side", environments->count);
    }
    printf("%-*s %s%s: %s, %u actions%s; libarq %s on %s\n", HEADING, "training", id, side_by_side, observation,
           spec->action_count, environments->wrapped ? " (bang-bang: each component at its low or high bound)" : "",
           arq_version(), arq_context_cpu(context));
    print_origin(config, "set", width);
    for (uint32_t i = 0; (preset = arq_preset_name(i)) != NULL; i++) {
        print_origin(config, preset, width);
    }
    print_origin(config, "default", width);
    fflush(stdout);
}
