#!/bin/sh
# Runs a compiled test under valgrind, and anything else as it is: interpreters are not ours to check.
# Valgrind knows no AVX-512, so the library must not choose it.
case $(basename "$1") in
python* | doxygen* | node*) exec "$@" ;;
esac
ARQ_CPU=${ARQ_CPU:-avx2} exec valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --num-callers=30 "$@"
