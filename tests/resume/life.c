#include "life.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void life_open(struct host *host, const char *id, uint32_t count, const char *settings, life *self)
{
    arq_config *config = configured(host, settings);
    *self = (life){NULL, NULL, NULL};
    if (count == 1) {
        succeeds(host, arq_env_open(host->context, id, &self->env));
        succeeds(host, arq_run_create(host->context, config, self->env, &self->run));
    } else {
        succeeds(host, arq_env_batch_open(host->context, id, count, &self->batch));
        succeeds(host, arq_run_create_batch(host->context, config, self->batch, &self->run));
    }
    arq_config_destroy(config);
}

void life_begin(struct host *host, const life_story *story, life *self)
{
    life_open(host, story->id, story->instances, story->settings, self);
}

void life_close(life *self)
{
    arq_run_destroy(self->run);
    arq_env_destroy(self->env);
    arq_env_batch_destroy(self->batch);
}

static void tell(tale *told, const char *format, ...)
{
    va_list list;
    told->text = realloc(told->text, told->used + 256);
    va_start(list, format);
    told->used += (size_t)vsnprintf(told->text + told->used, 256, format, list);
    va_end(list);
}

double life_metric(struct host *host, const life *self, const char *name)
{
    double value;
    succeeds(host, arq_run_metric(self->run, name, 0, &value));
    return value;
}

static void tell_episodes(const arq_run *run, tale *told)
{
    uint32_t instance;
    double sum;
    uint64_t length;
    uint64_t step;
    int32_t end;
    for (uint32_t i = 0; arq_run_episode(run, i, &instance, &sum, &length, &step, &end) == ARQ_OK; i++) {
        tell(told, "%llu %a %llu %d %u\n", (unsigned long long)step, sum, (unsigned long long)length, (int)end,
             instance);
    }
}

void life_row(struct host *host, const life *self, tale *told)
{
    const char *name;
    int32_t per_cell;
    uint32_t cells = arq_network_cells(arq_agent_network(arq_run_agent(self->run)));
    for (uint32_t i = 0; (name = arq_metric_name(i, &per_cell, NULL)) != NULL; i++) {
        for (uint32_t cell = 0; strstr(name, "seconds") == NULL && cell < (per_cell ? cells : 1); cell++) {
            double value;
            succeeds(host, arq_run_metric(self->run, name, cell, &value));
            tell(told, "%s%u=%a ", name, cell, value);
        }
    }
    tell(told, "\n");
}

void life_advance(struct host *host, life *self, uint64_t to, tale *told)
{
    uint64_t done = 1;
    for (double steps = life_metric(host, self, "steps"); steps < (double)to && done > 0;
         steps = life_metric(host, self, "steps")) {
        succeeds(host, arq_run_advance(self->run, to - (uint64_t)steps, &done));
        tell_episodes(self->run, told);
    }
}

int life_same_agent(struct host *host, const life *a, const life *b)
{
    const char *paths[] = {temporary_file("one"), temporary_file("other")};
    const life *lives[] = {a, b};
    unsigned char *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        succeeds(host, arq_agent_save(arq_run_agent(lives[i]->run), paths[i]));
        bytes[i] = file_bytes(paths[i], &sizes[i]);
    }
    int same = sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return same;
}
