#include "support.h"

#include <stdio.h>
#include <string.h>

arq_context *new_counting_context(struct counting_allocator *allocator)
{
    arq_allocator hooks = counting_hooks(allocator);
    arq_context *context = NULL;
    memset(allocator, 0, sizeof(*allocator));
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, &hooks, &context), ARQ_OK);
    return context;
}

arq_context *new_context(void)
{
    arq_context *context = NULL;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    return context;
}

const char *last_error(const arq_context *context)
{
    static char text[512];
    arq_context_last_error(context, text, sizeof(text));
    return text;
}

int error_says(const arq_context *context, const char *words)
{
    const char *text = last_error(context);
    if (strstr(text, words) == NULL) {
        fprintf(stderr, "expected '%s' in: %s\n", words, text);
        return 0;
    }
    return 1;
}

arq_env *open_env(arq_context *context, const char *id)
{
    arq_env *env = NULL;
    if (strncmp(id, "test/walk", 9) == 0) {
        ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    }
    ck_assert_msg(arq_env_open(context, id, &env) == ARQ_OK, "%s: %s", id, last_error(context));
    return env;
}
