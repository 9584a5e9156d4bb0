#include "run/result.h"

#include "cli/message.h"
#include "run/folder.h"
#include "run/table.h"

#include <errno.h>
#include <string.h>

static void write_score(table *file, const char *player, double epsilon, const evaluation_plan *plan,
                        uint32_t environments, const evaluation_score *score)
{
    const double statistics[] = {score->mean, score->standard_error, score->low, score->high, score->length};
    table_text(file, "%s", player);
    table_text(file, "%llu", (unsigned long long)plan->episodes);
    table_number(file, epsilon);
    table_text(file, "%llu", (unsigned long long)plan->seed);
    for (size_t i = 0; i < sizeof(statistics) / sizeof(statistics[0]); i++) {
        table_number(file, statistics[i]);
    }
    table_text(file, "%u", environments);
    table_row_end(file);
}

int result_write(const char *folder, const evaluation_plan *plan, uint32_t environments, const evaluation_score *agent,
                 const evaluation_score *random)
{
    table file;
    char path[RUN_PATH_SIZE + 64];
    int result = table_open(&file, folder, RUN_RESULT, NULL);
    if (result != 0) {
        return result;
    }
    table_heading(&file, "player,episodes,epsilon,seed,mean,standard_error,min,max,mean_length,environments");
    write_score(&file, "agent", plan->epsilon, plan, environments, agent);
    write_score(&file, "random", 1, plan, environments, random);
    if (table_close(&file) != 0) {
        int error = errno;
        run_folder_file(folder, RUN_RESULT, path, sizeof(path));
        return message_fail("cannot write %s: %s", path, strerror(error));
    }
    return 0;
}
