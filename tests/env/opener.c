/* Opens the environment that its argument names: 0 if there is one. The library is linked in. */
#include "arq/environment.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    arq_context *context = NULL;
    arq_env *env = NULL;
    if (argc != 2 || arq_context_create(ARQ_ABI_VERSION, NULL, &context) != ARQ_OK) {
        return 2;
    }
    arq_status status = arq_env_open(context, argv[1], &env);
    if (status != ARQ_OK) {
        char text[512];
        arq_context_last_error(context, text, sizeof(text));
        fprintf(stderr, "%s\n", text);
    }
    arq_env_destroy(env);
    arq_context_destroy(context);
    return status != ARQ_OK;
}
