#include "nn/cells/targets.h"

#include "nn/activations.h"
#include "nn/math/temporal_difference.h"

/* Q of every action at s_{t+1}; the task's slot holds them behind the cell's work space. */
static const float *all_q(const arq_cell_task *t, uint32_t sample, float *workspace)
{
    float *y = workspace + t->s->largest.workspace;
    float *q = y + t->s->largest.outputs;
    arq_cell_all_actions(t->learner->context->kernels, t->cell, &t->projections, sample,
                         t->pass->h[t->l] + (size_t)sample * t->cell->width, workspace, y, q);
    return q;
}

/* a* of the online network, for double Q. */
static void choose_next_action(const arq_cell_task *t, uint32_t sample, float *workspace)
{
    if (t->batch->terminated[sample]) {
        t->s->next_action[t->l][sample] = 0;
        return;
    }
    const float *q = all_q(t, sample, workspace);
    t->s->next_action[t->l][sample] = arq_greedy_action(q, t->cell->actions);
}

/* Q_target(s', a*), or its quantiles, into next_q. */
static void rate_next_action(const arq_cell_task *t, uint32_t sample, float *workspace, float *next_q)
{
    int32_t *next_action = &t->s->next_action[t->l][sample];
    int quantiles = arq_cell_quantiles(t->cell) > 1;
    if (!t->learner->parameters.double_q) {
        const float *q = all_q(t, sample, workspace);
        *next_action = arq_greedy_action(q, t->cell->actions);
        if (!quantiles) {
            *next_q = q[*next_action];
            return;
        }
    }
    float q = arq_cell_one_action(t->learner->context->kernels, t->cell, &t->projections, sample,
                                  t->pass->h[t->l] + (size_t)sample * t->cell->width, (uint32_t)*next_action, workspace,
                                  quantiles ? next_q : NULL);
    if (!quantiles) {
        *next_q = q;
    }
}

static void find_target(const arq_cell_task *t, uint32_t sample, float *workspace)
{
    uint32_t n = arq_cell_quantiles(t->cell);
    int terminated = t->batch->terminated[sample];
    float *target = t->s->td_target[t->l] + (size_t)sample * n;
    if (!terminated) {
        rate_next_action(t, sample, workspace, target);
    }
    for (uint32_t i = 0; i < n; i++) {
        target[i] =
            arq_td_target(t->batch->rewards[sample], (float)t->learner->parameters.gamma, terminated, target[i]);
    }
}

void arq_cell_tasks_add_targets(arq_cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    const arq_cells_learner *s = learner->state;
    if (learner->parameters.double_q) {
        arq_cell_tasks_add(tasks, learner, batch, l, &s->next, choose_next_action);
    }
    arq_cell_tasks_add(tasks, learner, batch, l, &s->next_target, find_target);
}
