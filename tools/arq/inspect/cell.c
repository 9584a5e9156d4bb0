#include "inspect/cell.h"

#include "cli/message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEURONS_A_LINE 10

/* ---- Memory ---- */

static size_t count_of(const arq_activations *activations, int32_t what, uint32_t index)
{
    size_t count = 0;
    return arq_activations_read(activations, what, index, 0, NULL, 0, &count) == ARQ_OK ? count : 0;
}

/* The LayerNorm's scale and shift, where the cell has one. */
static void find_norm(inspected_cell *cell, const arq_network *network)
{
    char name[2][64];
    snprintf(name[0], sizeof(name[0]), "cell%u.layer_norm.scale", cell->index);
    snprintf(name[1], sizeof(name[1]), "cell%u.layer_norm.bias", cell->index);
    if (arq_network_read(network, name[0], cell->scale, cell->h_count) != ARQ_OK ||
        arq_network_read(network, name[1], cell->shift, cell->h_count) != ARQ_OK) {
        free(cell->scale);
        free(cell->shift);
        cell->scale = cell->shift = NULL;
    }
}

/* Only in an ARQ cell is Q the goodness of many neurons. */
static void find_neurons(inspected_cell *cell, const arq_network *network)
{
    char kind[32] = "";
    if (arq_network_parameter(network, "network", kind, sizeof(kind)) == ARQ_OK && strcmp(kind, "arq") == 0) {
        cell->neurons = cell->y_count / cell->actions;
        arq_network_parameter(network, "goodness", cell->goodness, sizeof(cell->goodness));
    }
}

static void *room_for(size_t count, size_t size)
{
    return calloc(count + 1, size); /* never of size 0, so that NULL means no memory */
}

int inspected_cell_make(inspected_cell *cell, const arq_network *network, const arq_activations *activations,
                        uint32_t index)
{
    cell->index = index;
    cell->actions = arq_network_actions(network);
    cell->h_count = count_of(activations, ARQ_ACTIVATION_H, index);
    cell->y_count = count_of(activations, ARQ_ACTIVATION_Y, index);
    cell->q_count = count_of(activations, ARQ_ACTIVATION_Q, index);
    cell->h = room_for(cell->h_count, sizeof(float));
    cell->y = room_for(cell->y_count, sizeof(float));
    cell->q = room_for(cell->q_count, sizeof(float));
    cell->scale = room_for(cell->h_count, sizeof(float));
    cell->shift = room_for(cell->h_count, sizeof(float));
    cell->work = room_for(cell->y_count, sizeof(float));
    cell->fired = room_for(cell->h_count, 1);
    cell->y_sum = room_for(cell->y_count, sizeof(double));
    cell->q_sum = room_for(cell->actions, sizeof(double));
    cell->top_sum = room_for(cell->actions, sizeof(double));
    if (cell->h == NULL || cell->y == NULL || cell->q == NULL || cell->scale == NULL || cell->shift == NULL ||
        cell->work == NULL || cell->fired == NULL || cell->y_sum == NULL || cell->q_sum == NULL ||
        cell->top_sum == NULL) {
        return message_fail("no memory for what cell %u computes", index);
    }
    find_norm(cell, network);
    find_neurons(cell, network);
    return 0;
}

void inspected_cell_free(inspected_cell *cell)
{
    void *parts[] = {cell->h,    cell->y,     cell->q,     cell->scale, cell->shift,
                     cell->work, cell->fired, cell->y_sum, cell->q_sum, cell->top_sum};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        free(parts[i]);
    }
}

/* ---- Sums over states ---- */

static int compare_down(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x < y) - (x > y);
}

static double mean_of_top(const float *values, size_t n, size_t top, float *work)
{
    double sum = 0;
    size_t count = top < n ? top : n;
    memcpy(work, values, n * sizeof(float));
    qsort(work, n, sizeof(float), compare_down);
    for (size_t i = 0; i < count; i++) {
        sum += (double)work[i];
    }
    return sum / (double)count;
}

static double deviation(const float *values, size_t n)
{
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)values[i];
    }
    for (size_t i = 0; i < n; i++) {
        squares += ((double)values[i] - sum / (double)n) * ((double)values[i] - sum / (double)n);
    }
    return sqrt(squares / (double)n);
}

/* Marks the units that fire. Without a LayerNorm a unit that does not fire is 0. With one, all units that do not fire
 * share the least normalised value. */
static void mark_fired(inspected_cell *cell)
{
    int normalised = cell->scale != NULL;
    float least = normalised ? INFINITY : 0;
    for (size_t i = 0; normalised && i < cell->h_count; i++) {
        least = fminf(least, (cell->h[i] - cell->shift[i]) / cell->scale[i]);
    }
    for (size_t i = 0; i < cell->h_count; i++) {
        float value = normalised ? (cell->h[i] - cell->shift[i]) / cell->scale[i] : cell->h[i];
        cell->fired[i] |= value > least + (normalised ? 1e-4f : 0.0f);
    }
}

static void add_outputs(inspected_cell *cell, size_t top)
{
    size_t neurons = cell->neurons;
    for (uint32_t a = 0; neurons > 0 && a < cell->actions; a++) {
        const float *y = cell->y + a * neurons;
        cell->spread_sum += deviation(y, neurons) / cell->actions;
        cell->top_sum[a] += mean_of_top(y, neurons, top, cell->work);
        for (size_t i = 0; i < neurons; i++) {
            cell->y_sum[a * neurons + i] += (double)y[i];
        }
    }
    for (size_t a = 0; a < cell->q_count; a++) {
        cell->q_sum[a] += (double)cell->q[a];
    }
    if (neurons == 0 && cell->q_count > 0) {
        cell->spread_sum += deviation(cell->q, cell->q_count);
    }
}

static int read_all(const arq_activations *activations, int32_t what, uint32_t index, float *values, size_t count)
{
    size_t read;
    return count == 0 || arq_activations_read(activations, what, index, 0, values, count, &read) == ARQ_OK;
}

int inspected_cell_look(inspected_cell *cell, const arq_activations *activations, size_t top)
{
    if (!read_all(activations, ARQ_ACTIVATION_H, cell->index, cell->h, cell->h_count) ||
        !read_all(activations, ARQ_ACTIVATION_Y, cell->index, cell->y, cell->y_count) ||
        !read_all(activations, ARQ_ACTIVATION_Q, cell->index, cell->q, cell->q_count)) {
        return message_fail("cell %u cannot be read", cell->index);
    }
    mark_fired(cell);
    add_outputs(cell, top);
    cell->states++;
    return 0;
}

/* ---- The table ---- */

typedef struct neuron_activity {
    size_t neuron;
    double most; /* the greatest over actions of its y, summed over states */
} neuron_activity;

static int compare_activity(const void *a, const void *b)
{
    const neuron_activity *x = a;
    const neuron_activity *y = b;
    return x->most != y->most ? (x->most < y->most) - (x->most > y->most) : (x->neuron > y->neuron) ? 1 : -1;
}

/* Every neuron, the most active first; to be freed. */
static neuron_activity *sort_neurons(const inspected_cell *cell)
{
    neuron_activity *sorted = calloc(cell->neurons, sizeof(*sorted));
    for (size_t i = 0; sorted != NULL && i < cell->neurons; i++) {
        sorted[i] = (neuron_activity){i, cell->y_sum[i]};
        for (uint32_t a = 1; a < cell->actions; a++) {
            sorted[i].most = fmax(sorted[i].most, cell->y_sum[a * cell->neurons + i]);
        }
    }
    if (sorted != NULL) {
        qsort(sorted, cell->neurons, sizeof(*sorted), compare_activity);
    }
    return sorted;
}

/* ARQ's Figure 6: y of the most active neurons, by action. */
static void print_neurons(const inspected_cell *cell, size_t top)
{
    size_t count = top < cell->neurons ? top : cell->neurons;
    neuron_activity *sorted = count == 0 ? NULL : sort_neurons(cell);
    for (size_t first = 0; sorted != NULL && first < count; first += NEURONS_A_LINE) {
        size_t end = first + NEURONS_A_LINE < count ? first + NEURONS_A_LINE : count;
        printf(" neuron   ");
        for (size_t i = first; i < end; i++) {
            printf("%7zu", sorted[i].neuron);
        }
        for (uint32_t a = 0; a < cell->actions; a++) {
            printf("\n action %-2u", a);
            for (size_t i = first; i < end; i++) {
                printf("%7.2f", cell->y_sum[a * cell->neurons + sorted[i].neuron] / (double)cell->states);
            }
        }
        printf("\n");
    }
    free(sorted);
}

static void print_actions(const inspected_cell *cell, size_t top)
{
    for (uint32_t a = 0; a < cell->q_count; a++) {
        printf(" action %-2u  Q %11.5g", a, cell->q_sum[a] / (double)cell->states);
        if (cell->neurons > 0) {
            printf("   mean of the %zu most active of y %11.5g", top < cell->neurons ? top : cell->neurons,
                   cell->top_sum[a] / (double)cell->states);
        }
        printf("\n");
    }
}

void inspected_cell_print(const inspected_cell *cell, size_t top)
{
    size_t dead = 0;
    for (size_t i = 0; i < cell->h_count; i++) {
        dead += !cell->fired[i];
    }
    printf("\ncell %u", cell->index);
    if (cell->h_count > 0) {
        printf("  units %zu, dead %zu (%.1f%%)", cell->h_count, dead, 100.0 * (double)dead / (double)cell->h_count);
    }
    if (cell->q_count > 0) {
        printf("  spread of %s %.4g", cell->neurons > 0 ? "y" : "Q", cell->spread_sum / (double)cell->states);
    }
    if (cell->neurons > 0) {
        printf("  Q is the %s of y", cell->goodness);
    }
    printf("\n");
    print_actions(cell, top);
    print_neurons(cell, top);
}
