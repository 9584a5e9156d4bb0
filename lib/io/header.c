#include "io/header.h"

#include "io/grow.h"
#include "io/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct dtype_row {
    const char *name;
    size_t bytes;
    arq_dtype dtype;
} dtype_row;

/* The first row of a dtype has the name that is written; the others are read as what they look like in memory. */
static const dtype_row dtypes[] = {
    {"U8", 1, ARQ_DTYPE_U8},   {"I8", 1, ARQ_DTYPE_U8},   {"BOOL", 1, ARQ_DTYPE_U8}, {"I32", 4, ARQ_DTYPE_I32},
    {"I64", 8, ARQ_DTYPE_I64}, {"U64", 8, ARQ_DTYPE_U64}, {"F32", 4, ARQ_DTYPE_F32}, {"F64", 8, ARQ_DTYPE_F64},
};
#define DTYPE_COUNT (sizeof(dtypes) / sizeof(dtypes[0]))

static const dtype_row *row_of(arq_dtype dtype)
{
    size_t i = 0;
    while (dtypes[i].dtype != dtype) {
        i++;
    }
    return &dtypes[i];
}

size_t arq_dtype_bytes(arq_dtype dtype)
{
    return row_of(dtype)->bytes;
}

const char *arq_dtype_name(arq_dtype dtype)
{
    return row_of(dtype)->name;
}

int arq_tensor_size(arq_dtype dtype, uint32_t rank, const uint64_t *shape, uint64_t *bytes)
{
    *bytes = arq_dtype_bytes(dtype);
    for (uint32_t i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(*bytes, shape[i], bytes)) {
            return 0;
        }
    }
    return 1;
}

typedef struct header_parser {
    arq_context *context;
    const char *path;
    arq_json json;
    arq_header *header;
} header_parser;

/* ARQ_E_FORMAT at the present place, with the reader's own problem if it has one. */
static arq_status broken(const header_parser *parser, const char *problem)
{
    return arq_fail(parser->context, ARQ_E_FORMAT, "%.200s: not a valid safetensors header, byte %zu: %s", parser->path,
                    (size_t)(parser->json.at - parser->json.start),
                    parser->json.problem != NULL ? parser->json.problem : problem);
}

static arq_status bad_tensor(const header_parser *parser, const char *name, const char *problem)
{
    return arq_fail(parser->context, ARQ_E_FORMAT, "%.200s: tensor \"%.100s\" %s", parser->path, name, problem);
}

/* "__metadata__": {"key": "value", ...} */
static arq_status parse_texts(header_parser *parser)
{
    arq_json *json = &parser->json;
    arq_header *header = parser->header;
    if (!arq_json_expect(json, '{', "\"__metadata__\" must be an object of texts")) {
        return broken(parser, "");
    }
    if (arq_json_take(json, '}')) {
        return ARQ_OK;
    }
    do {
        arq_header_text text;
        text.key = arq_json_text(json);
        if (text.key == NULL || !arq_json_expect(json, ':', "a colon was expected")) {
            return broken(parser, "");
        }
        text.value = arq_json_text(json);
        if (text.value == NULL) {
            return broken(parser, "");
        }
        void *texts = arq_grow(parser->context, header->texts, header->text_count, &header->text_room, sizeof(text));
        if (texts == NULL) {
            return arq_fail_memory(parser->context, "the metadata of a file", header->text_count * 2 * sizeof(text));
        }
        header->texts = texts;
        header->texts[header->text_count++] = text;
    } while (arq_json_take(json, ','));
    return arq_json_expect(json, '}', "a comma or closing brace was expected") ? ARQ_OK : broken(parser, "");
}

static arq_status parse_dtype(header_parser *parser, const char *name, arq_tensor *tensor)
{
    const char *dtype = arq_json_text(&parser->json);
    if (dtype == NULL) {
        return broken(parser, "");
    }
    for (size_t i = 0; i < DTYPE_COUNT; i++) {
        if (strcmp(dtypes[i].name, dtype) == 0) {
            tensor->dtype = dtypes[i].dtype;
            return ARQ_OK;
        }
    }
    return arq_fail(parser->context, ARQ_E_FORMAT,
                    "%.200s: tensor \"%.100s\" has dtype \"%.40s\"; known are U8, I8, BOOL, I32, I64, U64, F32, F64",
                    parser->path, name, dtype);
}

/* [n, n, ...] with at most `most` numbers. */
static arq_status parse_numbers(header_parser *parser, uint32_t most, uint64_t *numbers, uint32_t *count)
{
    arq_json *json = &parser->json;
    *count = 0;
    if (!arq_json_expect(json, '[', "a list of numbers was expected")) {
        return broken(parser, "");
    }
    if (arq_json_take(json, ']')) {
        return ARQ_OK;
    }
    do {
        if (*count == most) {
            return broken(parser, "more numbers in a list than are allowed (8 dimensions, 2 offsets)");
        }
        if (!arq_json_natural(json, &numbers[(*count)++])) {
            return broken(parser, "");
        }
    } while (arq_json_take(json, ','));
    return arq_json_expect(json, ']', "a comma or closing bracket was expected") ? ARQ_OK : broken(parser, "");
}

enum { HAS_DTYPE = 1, HAS_SHAPE = 2, HAS_OFFSETS = 4, HAS_ALL = 7 };

/* One of the three things said about a tensor. */
static arq_status parse_property(header_parser *parser, arq_header_tensor *entry, unsigned *has)
{
    uint64_t offsets[2];
    uint32_t count = 0;
    unsigned before = *has;
    const char *key = arq_json_text(&parser->json);
    if (key == NULL || !arq_json_expect(&parser->json, ':', "a colon was expected")) {
        return broken(parser, "");
    }
    arq_status status;
    if (strcmp(key, "dtype") == 0) {
        *has |= HAS_DTYPE;
        status = parse_dtype(parser, entry->name, &entry->tensor);
    } else if (strcmp(key, "shape") == 0) {
        *has |= HAS_SHAPE;
        status = parse_numbers(parser, ARQ_TENSOR_MAX_RANK, entry->tensor.shape, &entry->tensor.rank);
    } else if (strcmp(key, "data_offsets") == 0) {
        *has |= HAS_OFFSETS;
        status = parse_numbers(parser, 2, offsets, &count);
        if (status != ARQ_OK) {
            return status;
        }
        if (count != 2) {
            return broken(parser, "two offsets were expected");
        }
        entry->begin = offsets[0];
        entry->end = offsets[1];
    } else {
        return bad_tensor(parser, entry->name, "has a property other than dtype, shape and data_offsets");
    }
    if (status != ARQ_OK) {
        return status;
    }
    return *has != before ? ARQ_OK : bad_tensor(parser, entry->name, "has a property twice");
}

/* "name": {"dtype": ..., "shape": [...], "data_offsets": [begin, end]} behind the colon */
static arq_status parse_tensor(header_parser *parser, const char *name)
{
    arq_header *header = parser->header;
    arq_header_tensor entry = {.name = name};
    unsigned has = 0;
    uint64_t bytes;
    if (!arq_json_expect(&parser->json, '{', "a tensor must be an object")) {
        return broken(parser, "");
    }
    do {
        arq_status status = parse_property(parser, &entry, &has);
        if (status != ARQ_OK) {
            return status;
        }
    } while (arq_json_take(&parser->json, ','));
    if (!arq_json_expect(&parser->json, '}', "a comma or closing brace was expected")) {
        return broken(parser, "");
    }
    if (has != HAS_ALL) {
        return bad_tensor(parser, name, "lacks its dtype, shape or data_offsets");
    }
    if (!arq_tensor_size(entry.tensor.dtype, entry.tensor.rank, entry.tensor.shape, &bytes)) {
        return bad_tensor(parser, name, "has a shape whose size overflows");
    }
    if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
        return bad_tensor(parser, name, "has data_offsets that do not fit its dtype and shape");
    }
    entry.tensor.bytes = (size_t)bytes;
    void *tensors =
        arq_grow(parser->context, header->tensors, header->tensor_count, &header->tensor_room, sizeof(entry));
    if (tensors == NULL) {
        return arq_fail_memory(parser->context, "the header of a file", header->tensor_count * 2 * sizeof(entry));
    }
    header->tensors = tensors;
    header->tensors[header->tensor_count++] = entry;
    return ARQ_OK;
}

static arq_status parse_members(header_parser *parser)
{
    arq_json *json = &parser->json;
    int has_texts = 0;
    if (json->at == json->end || *json->at != '{') {
        return broken(parser, "the header must begin with a brace");
    }
    json->at++;
    if (arq_json_take(json, '}')) {
        return ARQ_OK;
    }
    do {
        const char *name = arq_json_text(json);
        if (name == NULL || !arq_json_expect(json, ':', "a colon was expected")) {
            return broken(parser, "");
        }
        int is_texts = strcmp(name, "__metadata__") == 0;
        if (is_texts && has_texts) {
            return broken(parser, "\"__metadata__\" is there twice");
        }
        has_texts |= is_texts;
        arq_status status = is_texts ? parse_texts(parser) : parse_tensor(parser, name);
        if (status != ARQ_OK) {
            return status;
        }
    } while (arq_json_take(json, ','));
    return arq_json_expect(json, '}', "a comma or closing brace was expected") ? ARQ_OK : broken(parser, "");
}

static int order_texts(const void *a, const void *b)
{
    return strcmp(((const arq_header_text *)a)->key, ((const arq_header_text *)b)->key);
}

static int order_names(const void *a, const void *b)
{
    return strcmp((*(arq_header_tensor *const *)a)->name, (*(arq_header_tensor *const *)b)->name);
}

/* By place; empty tensors before the one that begins where they do. */
static int order_places(const void *a, const void *b)
{
    const arq_header_tensor *left = a;
    const arq_header_tensor *right = b;
    if (left->begin != right->begin) {
        return left->begin < right->begin ? -1 : 1;
    }
    if (left->end != right->end) {
        return left->end < right->end ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

static arq_status check_texts(const header_parser *parser)
{
    arq_header *header = parser->header;
    if (header->text_count > 0) {
        qsort(header->texts, header->text_count, sizeof(*header->texts), order_texts);
    }
    for (size_t i = 1; i < header->text_count; i++) {
        if (strcmp(header->texts[i - 1].key, header->texts[i].key) == 0) {
            return arq_fail(parser->context, ARQ_E_FORMAT, "%.200s: metadata \"%.100s\" is there twice", parser->path,
                            header->texts[i].key);
        }
    }
    return ARQ_OK;
}

/* The tensors must lie one behind the other, without overlap or hole, and end where the file does. */
static arq_status check_places(const header_parser *parser, uint64_t data_bytes)
{
    arq_header *header = parser->header;
    uint64_t end = 0;
    if (header->tensor_count > 0) {
        qsort(header->tensors, header->tensor_count, sizeof(*header->tensors), order_places);
    }
    for (size_t i = 0; i < header->tensor_count; i++) {
        const arq_header_tensor *entry = &header->tensors[i];
        if (entry->begin != end) {
            return bad_tensor(parser, entry->name, "overlaps another or leaves a hole before it");
        }
        end = entry->end;
    }
    if (end != data_bytes) {
        return arq_fail(parser->context, ARQ_E_FORMAT,
                        "%.200s: the tensors have %" PRIu64 " bytes, the file has %" PRIu64 " behind its header",
                        parser->path, end, data_bytes);
    }
    return ARQ_OK;
}

static arq_status index_names(const header_parser *parser)
{
    arq_header *header = parser->header;
    if (header->tensor_count == 0) {
        return ARQ_OK;
    }
    header->by_name = arq_alloc(parser->context, header->tensor_count, sizeof(*header->by_name));
    if (header->by_name == NULL) {
        return arq_fail_memory(parser->context, "the header of a file",
                               header->tensor_count * sizeof(*header->by_name));
    }
    for (size_t i = 0; i < header->tensor_count; i++) {
        header->by_name[i] = &header->tensors[i];
    }
    qsort(header->by_name, header->tensor_count, sizeof(*header->by_name), order_names);
    for (size_t i = 1; i < header->tensor_count; i++) {
        if (strcmp(header->by_name[i - 1]->name, header->by_name[i]->name) == 0) {
            return bad_tensor(parser, header->by_name[i]->name, "is there twice");
        }
    }
    return ARQ_OK;
}

arq_status arq_header_parse(arq_context *context, const char *path, char *buffer, size_t bytes, uint64_t data_bytes,
                            arq_header *header)
{
    header_parser parser = {context, path, {buffer, buffer, buffer + bytes, NULL}, header};
    if (!arq_utf8_valid(buffer, bytes)) {
        return arq_fail(context, ARQ_E_FORMAT, "%.200s: not a safetensors file: its header is not UTF-8", path);
    }
    arq_status status = parse_members(&parser);
    if (status != ARQ_OK) {
        return status;
    }
    for (; parser.json.at < parser.json.end; parser.json.at++) {
        if (*parser.json.at != ' ') {
            return broken(&parser, "only spaces may follow the closing brace");
        }
    }
    status = check_texts(&parser);
    if (status != ARQ_OK) {
        return status;
    }
    status = check_places(&parser, data_bytes);
    if (status != ARQ_OK) {
        return status;
    }
    return index_names(&parser);
}

void arq_header_clear(arq_context *context, arq_header *header)
{
    arq_free(context, header->texts, header->text_room, sizeof(*header->texts));
    arq_free(context, header->by_name, header->tensor_count, sizeof(*header->by_name));
    arq_free(context, header->tensors, header->tensor_room, sizeof(*header->tensors));
}
