/*
 * Networks with contexts: what instance i computes is what a network of one episode computes, and what its cells learn
 * is what single cells learn from inputs that are put together by hand. Quantiles, whose loss is written out here.
 */
#include "world.h"

#include "rollout/minibatches.h"
#include "../support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDE 12u
#define CELLS 2u
static const uint32_t widths[CELLS] = {12, 8};

#define SHAPE "widths=12,8 heads=2 seed=3 "
#define LEARNS " experience=rollout learning_rate=0.01 td_lambda=0.65 gamma=0.9 epsilon_start=0.3 epsilon_end=0.3 "

static arq_agent *agent_of(struct host *host, const char *text, uint32_t instances)
{
    arq_agent *agent;
    arq_config *config = configured(host, text);
    succeeds(host, arq_agent_create_many(host->context, config, ARQ_OBSERVATION_F32, SIZE, ACTIONS, instances, &agent));
    arq_config_destroy(config);
    return agent;
}

static void read_all(struct host *host, const arq_activations *activations, int32_t what, uint32_t cell,
                     uint32_t episode, float values[64], size_t *count)
{
    succeeds(host, arq_activations_read(activations, what, cell, episode, values, 64, count));
}

/* ---- Each instance for itself ---- */

static const char *const acting[] = {
    ("network=arq " SHAPE LEARNS),
    ("network=arq " SHAPE LEARNS "context_on_explore=false context_alpha=0.5"),
    ("network=arq " SHAPE LEARNS "top_down=false input_skip=true"),
    ("network=ad " SHAPE LEARNS "quantiles=3 recurrent=false"),
    ("network=ad " SHAPE LEARNS "context_on_explore=true"),
    ("network=dqn widths=12,8 seed=3 layer_norm=true" LEARNS),
};

static int moves_on_explore(const char *text)
{
    return strstr(text, "context_on_explore=false") == NULL;
}

/* Q, contexts and activations of an instance are those of a network of one episode that saw the same. */
static void compare_instance(struct host *host, const arq_activations *many, uint32_t i, const arq_activations *alone,
                             int dense)
{
    static const int32_t whats[] = {ARQ_ACTIVATION_Q, ARQ_ACTIVATION_CONTEXT, ARQ_ACTIVATION_H, ARQ_ACTIVATION_Y};
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        for (size_t k = 0; k < 4 && !dense; k++) {
            float ours[64];
            float theirs[64];
            size_t count;
            size_t same_count;
            read_all(host, many, whats[k], cell, i, ours, &count);
            read_all(host, alone, whats[k], cell, 0, theirs, &same_count);
            ck_assert_uint_eq(count, same_count);
            ck_assert_msg(memcmp(ours, theirs, count * sizeof(float)) == 0, "%d of cell %u, instance %u", whats[k],
                          cell, i);
        }
    }
}

/* Instances pause and are begun anew; learning comes in between. */
START_TEST(an_instance_computes_as_if_alone)
{
    struct host host;
    host_open(&host);
    char text[512];
    snprintf(text, sizeof(text), "%s rollout=36 batch=10", acting[_i]);
    uint32_t n = 4;
    arq_agent *agent = agent_of(&host, text, n);
    arq_network *network = arq_agent_network(agent);
    arq_activations *alone[MOST_INSTANCES];
    int dense = strstr(text, "dqn") != NULL;
    for (uint32_t i = 0; i < n; i++) {
        succeeds(&host, arq_activations_create(network, 1, &alone[i]));
    }
    worlds w = worlds_of(n, 1);
    uint64_t random = 7;
    int greedy = 0;
    for (int s = 0; s < 120; s++) {
        uint8_t begins[MOST_INSTANCES];
        uint8_t mask[MOST_INSTANCES];
        uint64_t choice = next_random(&random);
        for (uint32_t i = 0; i < n; i++, choice >>= 8) {
            begins[i] = w.ended[i] || choice % 32 == 0;
            mask[i] = choice % 4 != 1;
        }
        worlds_begin(&w, begins);
        succeeds(&host, arq_agent_begin_many(agent, begins, w.observations));
        float q[MOST_INSTANCES][ACTIONS];
        succeeds(&host, arq_agent_act_many(agent, mask, w.actions));
        for (uint32_t i = 0; i < n; i++) {
            if (begins[i]) {
                succeeds(&host, arq_activations_begin(alone[i], 0));
            }
            succeeds(&host, arq_network_q(network, alone[i], w.observations[i], q[i]));
            if (mask[i]) {
                compare_instance(&host, arq_agent_activations(agent), i, alone[i], dense);
            }
        }
        worlds before = w;
        worlds_step(&w, mask);
        for (uint32_t i = 0; i < n; i++) {
            int32_t best = 0;
            for (int32_t a = 1; a < (int32_t)ACTIONS; a++) {
                best = q[i][a] > q[i][best] ? a : best;
            }
            uint8_t one[MOST_INSTANCES] = {0};
            uint32_t events = 0;
            one[i] = mask[i];
            if (!mask[i]) {
                continue;
            }
            succeeds(&host, arq_agent_observe_many(agent, one, NULL, w.rewards, w.observations, w.terminated,
                                                   w.truncated, &events));
            int explored = (events & ARQ_EVENT_EXPLORED) != 0;
            ck_assert(explored || before.actions[i] == best);
            greedy += !explored;
            if (!explored || moves_on_explore(text)) {
                succeeds(&host, arq_activations_advance(alone[i], 0));
            }
        }
    }
    ck_assert_int_gt(greedy, 100);
    for (uint32_t i = 0; i < n; i++) {
        arq_activations_destroy(alone[i]);
    }
    arq_agent_destroy(agent);
    host_close(&host);
}
END_TEST

/* ---- Cells learn what single cells learn ---- */

#define MOST 64u /* transitions of a rollout */

typedef struct lesson {
    float observation[SIZE];
    float context[CELLS][WIDE];
    int32_t action;
    float reward;
    arq_end end;
    float value[CELLS][4]; /* of what came after; quantiles */
    float target[CELLS][4];
    float theta[CELLS][4]; /* quantiles of the taken action */
} lesson;

typedef struct pupil {
    struct host *host;
    arq_agent *agent;
    arq_activations *alone; /* one instance, fed beside the agent */
    world world;
    float observation[SIZE];
    int open;
    uint32_t count;
    lesson lesson[MOST];
} pupil;

/* The largest own Q of each cell, or the quantiles of its greedy action. */
static void take_values(pupil *p, uint32_t quantiles, float values[CELLS][4])
{
    for (uint32_t l = 0; l < CELLS; l++) {
        float q[64];
        float y[64];
        size_t count;
        read_all(p->host, p->alone, ARQ_ACTIVATION_Q, l, 0, q, &count);
        uint32_t best = 0;
        for (uint32_t a = 1; a < ACTIONS; a++) {
            best = q[a] > q[best] ? a : best;
        }
        values[l][0] = q[best];
        if (quantiles > 1) {
            read_all(p->host, p->alone, ARQ_ACTIVATION_Y, l, 0, y, &count);
            memcpy(values[l], y + best * quantiles, quantiles * sizeof(float));
        }
    }
}

/* One step of one instance, noted down. */
static void step(pupil *p, uint32_t quantiles)
{
    arq_network *network = arq_agent_network(p->agent);
    if (!p->open) {
        world_begin(&p->world, p->observation);
        succeeds(p->host, arq_agent_begin(p->agent, p->observation));
        succeeds(p->host, arq_activations_begin(p->alone, 0));
    }
    lesson *now = &p->lesson[p->count++];
    memcpy(now->observation, p->observation, sizeof(now->observation));
    succeeds(p->host, arq_network_q(network, p->alone, p->observation, NULL));
    if (p->count > 1 && now[-1].end == ARQ_END_NONE) {
        take_values(p, quantiles, now[-1].value);
    }
    for (uint32_t l = 0; l < CELLS; l++) {
        float context[64];
        size_t count;
        read_all(p->host, p->alone, ARQ_ACTIVATION_CONTEXT, l, 0, context, &count);
        ck_assert_uint_eq(count, widths[l]);
        memcpy(now->context[l], context, count * sizeof(float));
    }
    succeeds(p->host, arq_agent_act(p->agent, &now->action));
    for (uint32_t l = 0; l < CELLS && quantiles > 1; l++) {
        float y[64];
        size_t count;
        read_all(p->host, p->alone, ARQ_ACTIVATION_Y, l, 0, y, &count);
        memcpy(now->theta[l], y + (uint32_t)now->action * quantiles, quantiles * sizeof(float));
    }
    outcome o = world_step(&p->world, now->action);
    memcpy(p->observation, o.observation, sizeof(o.observation));
    now->reward = (float)o.reward;
    now->end = o.terminated ? ARQ_END_TERMINATED : o.truncated ? ARQ_END_TRUNCATED : ARQ_END_NONE;
    succeeds(p->host, arq_activations_advance(p->alone, 0));
    /* Before the agent learns: what comes after, should it be needed. */
    succeeds(p->host, arq_network_q(network, p->alone, p->observation, NULL));
    take_values(p, quantiles, now->value);
    p->open = now->end == ARQ_END_NONE;
    succeeds(p->host,
             arq_agent_observe(p->agent, ARQ_ACTION_CHOSEN, o.reward, o.observation, o.terminated, o.truncated, NULL));
}

static void find_targets(pupil *p, uint32_t quantiles)
{
    for (uint32_t l = 0; l < CELLS; l++) {
        for (uint32_t k = 0; k < quantiles; k++) {
            double y = 0;
            for (uint32_t t = p->count; t-- > 0;) {
                lesson *at = &p->lesson[t];
                double v = (double)at->value[l][k];
                double after = at->end == ARQ_END_TERMINATED                       ? 0
                               : at->end == ARQ_END_TRUNCATED || t + 1 == p->count ? v
                                                                                   : 0.35 * v + 0.65 * y;
                y = (double)at->reward + 0.9 * after;
                at->target[l][k] = (float)y;
            }
        }
    }
}

static pupil *pupil_of(struct host *host, const char *text)
{
    pupil *p = calloc(1, sizeof(*p));
    p->host = host;
    p->world = world_of(12);
    p->agent = agent_of(host, text, 1);
    succeeds(host, arq_activations_create(arq_agent_network(p->agent), 1, &p->alone));
    return p;
}

static void pupil_free(pupil *p)
{
    arq_activations_destroy(p->alone);
    arq_agent_destroy(p->agent);
    free(p);
}

static const struct {
    const char *network;
    int recurrent, top_down, skip;
} wirings[] = {
    {"network=arq", 1, 1, 0},
    {"network=arq recurrent=false", 0, 1, 0},
    {"network=arq top_down=false", 1, 0, 0},
    {"network=arq goodness=mean", 1, 1, 1},
    {"network=ad", 1, 1, 0},
    {"network=ad action_input=input top_down=false", 1, 0, 0},
};

/* X of a cell: what is below, the observation again, its own context, that of the cell above. */
static uint32_t put_together(int wiring, uint32_t l, const lesson *at, const float *below, float *x)
{
    uint32_t n = 0;
    const float *first = l == 0 ? at->observation : below;
    uint32_t first_count = l == 0 ? SIZE : widths[l - 1];
    for (uint32_t i = 0; i < first_count; i++) {
        x[n++] = first[i];
    }
    for (uint32_t i = 0; l > 0 && wirings[wiring].skip && i < SIZE; i++) {
        x[n++] = at->observation[i];
    }
    for (uint32_t i = 0; wirings[wiring].recurrent && i < widths[l]; i++) {
        x[n++] = at->context[l][i];
    }
    for (uint32_t i = 0; wirings[wiring].top_down && l + 1 < CELLS && i < widths[l + 1]; i++) {
        x[n++] = at->context[l + 1][i];
    }
    return n;
}

#define MOST_INPUTS 64u

/* The tensors of a single cell and of the network's, copied from this to that or held against each other. */
static double exchange(struct host *host, arq_network *network, uint32_t l, arq_cell *cell, int copies)
{
    double worst = 0;
    const char *name;
    uint32_t rows, columns;
    for (uint32_t index = 0; arq_cell_tensor(cell, index, &name, &rows, &columns) == ARQ_OK; index++) {
        size_t count = (size_t)rows * (columns == 0 ? 1 : columns);
        char full[64];
        snprintf(full, sizeof(full), "cell%u.%s", l, name);
        float *theirs = malloc(count * sizeof(*theirs));
        float *ours = malloc(count * sizeof(*ours));
        succeeds(host, arq_network_read(network, full, theirs, count));
        if (copies) {
            succeeds(host, arq_cell_write(cell, name, theirs, count));
        }
        succeeds(host, arq_cell_read(cell, name, ours, count));
        for (size_t i = 0; i < count; i++) {
            worst = fmax(worst, fabs((double)ours[i] - (double)theirs[i]));
        }
        free(theirs);
        free(ours);
    }
    return worst;
}

typedef struct teacher {
    int wiring;
    arq_cell *cell[CELLS];
    arq_rows places;
    arq_minibatches minibatches;
} teacher;

static void teach_minibatch(pupil *p, teacher *t)
{
    arq_minibatches *m = &t->minibatches;
    static float x[CELLS][MOST * MOST_INPUTS];
    static float h[MOST * WIDE];
    float targets[CELLS][MOST];
    int32_t actions[MOST];
    arq_minibatches_gather(m, &t->places);
    for (uint32_t l = 0; l < CELLS; l++) { /* all with the weights from before the update */
        uint32_t inputs = 0;
        for (uint32_t b = 0; b < m->size; b++) {
            uint32_t place;
            memcpy(&place, m->observations + 4 * b, 4);
            const lesson *at = &p->lesson[place];
            inputs = put_together(t->wiring, l, at, l == 0 ? NULL : h + b * widths[l - 1], x[l] + b * inputs);
            targets[l][b] = at->target[l][0];
            actions[b] = at->action;
        }
        if (l + 1 < CELLS) {
            succeeds(p->host, arq_cell_forward(t->cell[l], m->size, x[l], h, NULL, NULL));
        }
    }
    for (uint32_t l = 0; l < CELLS; l++) {
        succeeds(p->host, arq_cell_update(t->cell[l], m->size, x[l], actions, targets[l], NULL));
    }
    arq_minibatches_advance(m);
}

static void teacher_create(teacher *t, pupil *p, const char *text)
{
    arq_config *config = configured(p->host, text);
    for (uint32_t l = 0; l < CELLS; l++) {
        float x[MOST_INPUTS];
        float nothing[WIDE] = {0};
        uint32_t inputs = put_together(t->wiring, l, &p->lesson[0], nothing, x);
        succeeds(p->host, arq_cell_create(p->host->context, config, inputs, widths[l], ACTIONS, &t->cell[l]));
        exchange(p->host, arq_agent_network(p->agent), l, t->cell[l], 1);
    }
    arq_config_destroy(config);
    const arq_rows_shape shape = {.instances = 1, .length = 24, .observation_bytes = 4};
    succeeds(p->host, arq_rows_create(p->host->context, &shape, &t->places));
    succeeds(p->host, arq_minibatches_create(p->host->context, &shape, 10, 3, &t->minibatches));
    for (uint32_t i = 0; i < 24; i++) {
        arq_rows_add(&t->places, 0, &i, 0, 0, ARQ_END_NONE);
    }
}

START_TEST(cells_learn_as_cells_by_themselves)
{
    struct host host;
    host_open(&host);
    char text[512];
    const char *common = "heads=2 seed=3 learning_rate=0.01 batch=10";
    snprintf(text, sizeof(text), "%s widths=12,8 input_skip=%s %s rollout=24 epochs=2 " LEARNS, wirings[_i].network,
             wirings[_i].skip ? "true" : "false", common);
    pupil *p = pupil_of(&host, text);
    teacher t = {.wiring = _i};
    char of_cell[512];
    snprintf(of_cell, sizeof(of_cell), "network=%s %s%s%s", strstr(wirings[_i].network, "network=ad") ? "ad" : "arq",
             common, strstr(wirings[_i].network, "goodness=mean") ? " goodness=mean" : "",
             strstr(wirings[_i].network, "action_input=input") ? " action_input=input" : "");
    teacher_create(&t, p, of_cell);
    double worst = 0;
    for (int rollout = 0; rollout < 3; rollout++) {
        p->count = 0;
        for (int s = 0; s < 24; s++) {
            step(p, 1);
        }
        find_targets(p, 1);
        arq_minibatches_start(&t.minibatches, &t.places, 2);
        while (arq_minibatches_left(&t.minibatches) > 0) {
            teach_minibatch(p, &t);
        }
        for (uint32_t l = 0; l < CELLS; l++) {
            worst = fmax(worst, exchange(&host, arq_agent_network(p->agent), l, t.cell[l], 0));
        }
    }
    ck_assert_msg(worst <= 1e-5, "weights differ by %g", worst);
    printf("%s: weights differ by %g at most\n", wirings[_i].network, worst);
    for (uint32_t l = 0; l < CELLS; l++) {
        arq_cell_destroy(t.cell[l]);
    }
    arq_rows_destroy(&t.places);
    arq_minibatches_destroy(&t.minibatches);
    pupil_free(p);
    host_close(&host);
}
END_TEST

/* ---- Quantiles ---- */

/* Sum over the network's quantiles of the mean over the target's of |tau - [td < 0]| L(td). */
static double naive_loss(uint32_t n, const float *theta, const float *target, int huber)
{
    double loss = 0;
    for (uint32_t i = 0; i < n; i++) {
        double tau = (i + 0.5) / n;
        for (uint32_t j = 0; j < n; j++) {
            double td = (double)target[j] - (double)theta[i];
            double size = huber && fabs(td) > 1 ? fabs(td) : td * td;
            loss += fabs(tau - (td < 0)) * size / n;
        }
    }
    return loss;
}

static const char *const quantile_networks[] = {
    "network=ad quantiles=4 recurrent=false top_down=false",
    "network=ad quantiles=4 loss=huber",
    "network=ad quantiles=3 action_input=input",
};

/* The whole rollout is one minibatch: its loss is known before a weight changes. */
START_TEST(quantiles_have_the_loss_of_the_page)
{
    struct host host;
    host_open(&host);
    char text[512];
    snprintf(text, sizeof(text), "%s widths=12,8 heads=2 seed=3 batch=24 rollout=24" LEARNS, quantile_networks[_i]);
    uint32_t n = strstr(text, "quantiles=4") != NULL ? 4 : 3;
    int huber = strstr(text, "huber") != NULL;
    pupil *p = pupil_of(&host, text);
    for (int rollout = 0; rollout < 4; rollout++) {
        p->count = 0;
        for (int s = 0; s < 24; s++) {
            step(p, n);
        }
        find_targets(p, n);
        for (uint32_t l = 0; l < CELLS; l++) {
            double naive = 0;
            double loss;
            for (uint32_t t = 0; t < 24; t++) {
                naive += naive_loss(n, p->lesson[t].theta[l], p->lesson[t].target[l], huber) / 24;
            }
            succeeds(&host, arq_agent_metric(p->agent, "loss", l, &loss));
            ck_assert_msg(fabs(loss - naive) <= 1e-5 * (1 + naive), "cell %u, rollout %d: %.9g, naively %.9g", l,
                          rollout, loss, naive);
        }
    }
    pupil_free(p);
    host_close(&host);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("contexts");
    TCase *cases = tcase_create("contexts");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, an_instance_computes_as_if_alone, 0, sizeof(acting) / sizeof(acting[0]));
    tcase_add_loop_test(cases, cells_learn_as_cells_by_themselves, 0, sizeof(wirings) / sizeof(wirings[0]));
    tcase_add_loop_test(cases, quantiles_have_the_loss_of_the_page, 0,
                        sizeof(quantile_networks) / sizeof(quantile_networks[0]));
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
