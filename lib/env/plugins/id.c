#include "env/plugins/id.h"

#include "system/library.h"

#include <stdio.h>
#include <string.h>

arq_status arq_env_id_parse(const arq_context *context, const char *text, arq_env_id *id)
{
    size_t length = strlen(text);
    if (length == 0 || length > ARQ_ID_SIZE - sizeof("./")) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "environment id: %zu characters; 1 .. %zu are accepted, such as \"minatar/breakout?sticky=0\"",
                        length, ARQ_ID_SIZE - sizeof("./"));
    }
    memset(id, 0, sizeof(*id));
    id->wrappers = text + strcspn(text, "|");
    size_t head = strcspn(text, "?#|");
    size_t suffix = strlen(arq_library_suffix());
    int is_path = 0;
    for (size_t i = 0; i + suffix <= head && !is_path; i++) {
        is_path = memcmp(text + i, arq_library_suffix(), suffix) == 0;
    }
    if (is_path) {
        /* A name without a slash would be searched for in the loader's folders, not here. */
        const char *here = memchr(text, '/', head) == NULL ? "./" : "";
        snprintf(id->path, sizeof(id->path), "%s%.*s", here, (int)head, text);
    } else {
        memcpy(id->name, text, head);
    }
    for (const char *part = text + head; part != id->wrappers;) {
        size_t part_length = strcspn(part + 1, "?#|");
        if (*part == '?' && id->options == NULL) {
            id->options = part + 1;
            id->options_length = part_length;
        } else if (*part == '#' && id->name[0] == '\0') {
            memcpy(id->name, part + 1, part_length);
        } else {
            return arq_fail(context, ARQ_E_ARGUMENT,
                            "environment id '%.200s': '%.64s' is too much; accepted: one ?options and, after a path, "
                            "one #id",
                            text, part);
        }
        part += 1 + part_length;
    }
    return ARQ_OK;
}
