/**
 * @file cell.h
 * @brief One cell as a trainable layer: it predicts Q by itself and learns from its own error.
 *
 * For a state input X the cell computes h = LayerNorm(ReLU(W_h X + b_h)), an attention over h, a vector
 * y and from it Q (ARQ, arXiv 2510.06649; AD, arXiv 2411.03604). No gradient leaves it. A network
 * (network.h) wires several; here the inputs and the targets are the caller's. One cell is used by one thread at a
 * time.
 */
#ifndef ARQ_CELL_H
#define ARQ_CELL_H

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief One trainable cell. @since 0.1 */
typedef struct arq_cell arq_cell;

/**
 * @brief Makes a cell with fresh weights.
 * @param context The context.
 * @param config Used: network (arq or ad), heads, goodness, row_order, action_input, action_code, loss, learning_rate,
 * clip, beta1, beta2, adam_epsilon, batch (the largest batch of a call) and seed.
 * @param inputs Values of X, without the action.
 * @param width Units, the length of h.
 * @param actions Number of actions.
 * @param[out] out The cell, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_UNSUPPORTED for a network kind without cells, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_create(arq_context *context, const arq_config *config, uint32_t inputs, uint32_t width,
                                   uint32_t actions, arq_cell **out);

/**
 * @brief Frees a cell.
 * @param cell NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_cell_destroy(arq_cell *cell);

/**
 * @brief Length of y for one action.
 * @param cell The cell.
 * @return Values of y for one action; 0 for NULL.
 * @since 0.1
 */
ARQ_API uint32_t arq_cell_outputs(const arq_cell *cell);

/**
 * @brief Forward pass for every action.
 * @param cell The cell.
 * @param batch Rows, 1 .. the config's batch.
 * @param x [batch, inputs].
 * @param[out] h [batch, width], or NULL.
 * @param[out] y [batch, actions, arq_cell_outputs()], or NULL. (AD: one output an action, y = Q.)
 * @param[out] q [batch, actions], or NULL.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_SHAPE for a batch too large.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_forward(arq_cell *cell, uint32_t batch, const float *x, float *h, float *y, float *q);

/**
 * @brief Forward pass for one action a row.
 * @param cell The cell.
 * @param batch As above.
 * @param x [batch, inputs].
 * @param actions [batch].
 * @param[out] h [batch, width], or NULL.
 * @param[out] y [batch, arq_cell_outputs()], or NULL.
 * @param[out] q [batch], or NULL.
 * @return As arq_cell_forward(); #ARQ_E_ARGUMENT for an action out of range.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_forward_actions(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions,
                                            float *h, float *y, float *q);

/**
 * @brief One local update towards targets: gradient of the loss of Q(x, action) - target, clip, Adam.
 *
 * Goodness is never negative, except `mean`: with the others a negative target pulls Q to 0.
 * @param cell The cell.
 * @param batch As above.
 * @param x [batch, inputs].
 * @param actions [batch].
 * @param targets [batch], constants such as r + gamma * max Q'.
 * @param[out] loss Mean loss of the batch before the update, or NULL.
 * @return As arq_cell_forward_actions(); #ARQ_E_DIVERGED when the loss or gradient is not finite: no weight changed.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_update(arq_cell *cell, uint32_t batch, const float *x, const int32_t *actions,
                                   const float *targets, float *loss);

/**
 * @brief Describes a parameter tensor, for going through them.
 * @param cell The cell.
 * @param index From 0.
 * @param[out] name Static text.
 * @param[out] rows First dimension.
 * @param[out] columns Second dimension; 0 for a vector of `rows` values.
 * @return #ARQ_E_NOT_FOUND behind the last.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_tensor(const arq_cell *cell, uint32_t index, const char **name, uint32_t *rows,
                                   uint32_t *columns);

/**
 * @brief Copies a parameter tensor out.
 * @param cell The cell.
 * @param name Such as "fc_h.kernel" [inputs, width].
 * @param[out] values Row-major.
 * @param count Values at `values`; must be the tensor's.
 * @return #ARQ_E_NOT_FOUND, #ARQ_E_SHAPE.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_read(const arq_cell *cell, const char *name, float *values, size_t count);

/**
 * @brief Sets a parameter tensor.
 * @param cell The cell.
 * @param name As above.
 * @param values Row-major, finite.
 * @param count As above.
 * @return #ARQ_E_NOT_FOUND, #ARQ_E_SHAPE, #ARQ_E_ARGUMENT for a value that is not finite; unchanged then.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_write(arq_cell *cell, const char *name, const float *values, size_t count);

/**
 * @brief Saves weights and optimiser state as safetensors; all or nothing.
 * @param cell The cell.
 * @param path The file.
 * @return #ARQ_E_IO: an older file of that name is untouched; #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_save(const arq_cell *cell, const char *path);

/**
 * @brief Takes over a saved cell of the same shape.
 * @param cell The cell; unchanged on failure.
 * @param path The file.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_cell_load(arq_cell *cell, const char *path);

#ifdef __cplusplus
}
#endif

#endif
