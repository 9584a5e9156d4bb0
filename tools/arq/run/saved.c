#include "run/saved.h"

#include "cli/message.h"
#include "cli/options.h"
#include "run/folder.h"

int saved_network(arq_context *context, const char *run_or_file, arq_network **out, char *environment, size_t size)
{
    char path[RUN_PATH_SIZE];
    *out = NULL;
    int result = run_folder_network(run_or_file, path, sizeof(path));
    if (result != 0) {
        return result;
    }
    if (arq_network_open(context, path, out) != ARQ_OK) {
        return message_library(context);
    }
    run_folder_environment(path, environment, size);
    return 0;
}

double saved_parameter(const arq_network *network, const char *name, double fallback)
{
    char text[64];
    double value = 0;
    if (arq_network_parameter(network, name, text, sizeof(text)) != ARQ_OK || !options_number(text, &value)) {
        return fallback;
    }
    return value;
}
