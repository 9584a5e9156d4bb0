/* How well a value lies within bounds: 1 inside them, less with the distance from them. The control tasks' rewards are
 * products of these. */
#ifndef ARQ_PLUGINS_DMC_TOLERANCE_H
#define ARQ_PLUGINS_DMC_TOLERANCE_H

#include <math.h>

/* The distance of a value from low..high. */
static inline double distance_outside(double value, double low, double high)
{
    return value < low ? low - value : value > high ? value - high : 0;
}

/* 1 or 0. */
static inline double tolerance_sharp(double value, double low, double high)
{
    return value >= low && value <= high;
}

/* Falls as a bell, to 0.1 at `margin` from the bounds. */
static inline double tolerance_gaussian(double value, double low, double high, double margin)
{
    double scaled = distance_outside(value, low, high) / margin * sqrt(-2 * log(0.1));

    return exp(-0.5 * (scaled * scaled));
}

/* Falls along a line, to `at_margin` at `margin` from the bounds, and no further than 0. */
static inline double tolerance_linear(double value, double low, double high, double margin, double at_margin)
{
    double scaled = distance_outside(value, low, high) / margin * (1 - at_margin);

    return scaled < 1 ? 1 - scaled : 0;
}

/* Falls along a parabola, to 0 at `margin` from the bounds. */
static inline double tolerance_quadratic(double value, double low, double high, double margin)
{
    double scaled = distance_outside(value, low, high) / margin;

    return scaled < 1 ? 1 - scaled * scaled : 0;
}

#endif
