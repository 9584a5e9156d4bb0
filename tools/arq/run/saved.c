#include "run/saved.h"

#include "cli/id.h"
#include "cli/message.h"
#include "cli/options.h"
#include "run/folder.h"

int saved_network(arq_context *context, const char *run_or_file, arq_network **out, char *environment)
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
    result = run_folder_environment(path, environment, ID_SIZE);
    if (result != 0) {
        arq_network_destroy(*out);
        *out = NULL;
    }
    return result;
}

int saved_environment_check(const char *run, const char *environment, int trust)
{
    if (trust || !id_names_file(environment)) {
        return 0;
    }
    return message_fail(
        "%s is of the plugin %s; a run's plugin is code, which is loaded only when you name it behind %s "
        "or say --trust",
        run, environment, run);
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
