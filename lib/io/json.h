/*
 * The JSON a safetensors header is made of: objects, lists, texts and natural numbers, nothing else.
 */
#ifndef ARQ_IO_JSON_H
#define ARQ_IO_JSON_H

#include <stddef.h>
#include <stdint.h>

/* Whether the bytes are UTF-8 in its shortest form without surrogates. */
int arq_utf8_valid(const char *text, size_t bytes);

/* A place in a text that is being read. Texts are unescaped where they lie, so the buffer is written to. */
typedef struct arq_json {
    char *start;
    char *at;
    char *end;
    const char *problem; /* what the first failed call expected or found; NULL so far so good */
} arq_json;

/* Steps over white space and, if it comes next, the symbol; returns whether it did. */
int arq_json_take(arq_json *json, char symbol);

/* As arq_json_take, but its absence is the problem `otherwise`. */
int arq_json_expect(arq_json *json, char symbol, const char *otherwise);

/* A text, unescaped, with a final 0; NULL: a problem. */
char *arq_json_text(arq_json *json);

/* A whole number without sign, fraction or exponent, below 2^64; 0: a problem. */
int arq_json_natural(arq_json *json, uint64_t *value);

/* Writes a text in quotation marks to `out` (NULL: only counts); returns its bytes. */
size_t arq_json_quote(char *out, const char *text);

#endif
