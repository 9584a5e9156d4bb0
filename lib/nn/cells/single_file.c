/* A single cell as a file: the parts of its network and of its learner. */
#include "nn/cells/single.h"

static void list_parts(const arq_cell *cell, arq_part parts[2])
{
    parts[0] = arq_network_part(cell->network);
    parts[1] = arq_learner_part(cell->learner);
}

arq_status arq_cell_save(const arq_cell *cell, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(cell), "arq_cell_save", {"cell", cell}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    arq_part parts[2];
    list_parts(cell, parts);
    return arq_save_parts(cell->context, path, "cell", parts, 2);
}

arq_status arq_cell_load(arq_cell *cell, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(cell), "arq_cell_load", {"cell", cell}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    arq_part parts[2];
    list_parts(cell, parts);
    return arq_load_parts(cell->context, "arq_cell_load", path, "cell", parts, 2);
}
