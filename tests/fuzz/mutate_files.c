/*
 * Changes safetensors as a liar would who knows the format: a value of a tensor, a text or a number of the header, a
 * tensor's length together with its shape and every offset behind it. The header's length stays right, so that what is
 * changed is read. Bytes changed anywhere find little here.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* A file of `size` bytes with room for `most`; behind it stands the byte that says for which handle it is. */
typedef struct file {
    uint8_t *bytes;
    size_t size, most;
    uint64_t random;
} file;

/* A part of the header: bytes begin .. end of the file. */
typedef struct span {
    size_t begin, end;
} span;

enum { LENGTH_BYTES = 8, MOST_SPANS = 512 };

static uint64_t draw(file *f, uint64_t below)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return below == 0 ? 0 : (f->random >> 11) % below;
}

static uint64_t header_length(const file *f)
{
    uint64_t length = 0;
    for (int i = LENGTH_BYTES; i-- > 0;) {
        length = length << 8 | f->bytes[i];
    }
    return length;
}

static void set_header_length(const file *f, uint64_t length)
{
    for (int i = 0; i < LENGTH_BYTES; i++) {
        f->bytes[i] = (uint8_t)(length >> 8 * i);
    }
}

static int has_header(const file *f)
{
    return f->size > LENGTH_BYTES && header_length(f) <= f->size - LENGTH_BYTES;
}

static size_t header_end(const file *f)
{
    return LENGTH_BYTES + (size_t)header_length(f);
}

/* Puts bytes in the place of a span; 0 when there is no room. */
static int splice(file *f, span old, const void *bytes, size_t count)
{
    size_t removed = old.end - old.begin;
    if (f->size - removed + count > f->most) {
        return 0;
    }
    int in_header = old.end <= header_end(f);
    memmove(f->bytes + old.begin + count, f->bytes + old.end, f->size - old.end);
    memcpy(f->bytes + old.begin, bytes, count);
    f->size = f->size - removed + count;
    if (in_header) {
        set_header_length(f, header_length(f) - removed + count);
    }
    return 1;
}

static int is_number(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '+' || c == 'e' || c == 'E';
}

/* The texts (without quotes) or the bare numbers of the header. */
static size_t list_spans(const file *f, int texts, span *spans)
{
    size_t count = 0;
    size_t end = header_end(f);
    for (size_t i = LENGTH_BYTES; i < end && count < MOST_SPANS; i++) {
        size_t begin = i;
        if (f->bytes[i] == '"') {
            begin++;
            for (i++; i < end && f->bytes[i] != '"'; i++) {
                i += f->bytes[i] == '\\' && i + 1 < end;
            }
            if (texts && i < end) {
                spans[count++] = (span){begin, i};
            }
        } else if (is_number(f->bytes[i])) {
            while (i < end && is_number(f->bytes[i])) {
                i++;
            }
            if (!texts) {
                spans[count++] = (span){begin, i};
            }
            i--;
        }
    }
    return count;
}

/* ---- Texts and numbers of the header ---- */

static const char *const words[] = {
    "",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "16",
    "255",
    "256",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "1e15",
    "1e308",
    "1e-308",
    "nan",
    "inf",
    "0x10",
    "1,1",
    "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
    "4096",
    "true",
    "false",
    "auto",
    "arq",
    "ad",
    "dqn",
    "ff-dqn",
    "rms",
    "mean",
    "std",
    "replay",
    "rollout",
    "network",
    "agent",
    "learner",
    "cell",
    "run",
    "F32",
    "F64",
    "U8",
    "I32",
    "I64",
    "U64",
    "BOOL",
    "__metadata__",
    "\\u001b[2J",
    "\\u0000",
    "\\ud800",
    "\xff",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static void change_text(file *f)
{
    span spans[MOST_SPANS];
    uint8_t text[256];
    size_t count = list_spans(f, 1, spans);
    if (count == 0) {
        return;
    }
    span chosen = spans[draw(f, count)];
    span other = spans[draw(f, count)];
    size_t length = other.end - other.begin < sizeof(text) ? other.end - other.begin : sizeof(text);
    const char *word = words[draw(f, WORDS)];
    switch (draw(f, 4)) {
    case 0:
        memcpy(text, f->bytes + other.begin, length);
        splice(f, chosen, text, length);
        break;
    case 1:
        length = chosen.end - chosen.begin < sizeof(text) / 2 ? chosen.end - chosen.begin : sizeof(text) / 2;
        memcpy(text, f->bytes + chosen.begin, length);
        splice(f, chosen, text, LLVMFuzzerMutate(text, length, sizeof(text)));
        break;
    default:
        splice(f, chosen, word, strlen(word));
    }
}

static void change_number(file *f)
{
    span spans[MOST_SPANS];
    char text[32];
    size_t count = list_spans(f, 0, spans);
    if (count == 0) {
        return;
    }
    span chosen = spans[draw(f, count)];
    memset(text, 0, sizeof(text));
    memcpy(text, f->bytes + chosen.begin, chosen.end - chosen.begin < 24 ? chosen.end - chosen.begin : 24);
    unsigned long long value = strtoull(text, NULL, 10);
    switch (draw(f, 6)) {
    case 0:
        value++;
        break;
    case 1:
        value--;
        break;
    case 2:
        value *= 2;
        break;
    case 3:
        value = 1ull << draw(f, 64);
        break;
    case 4:
        value = draw(f, 300);
        break;
    default:
        value = ~value;
    }
    splice(f, chosen, text, (size_t)snprintf(text, sizeof(text), "%llu", value));
}

/* A whole entry of the header, from a text to the next comma at its depth, is written twice or left out. */
static void change_entry(file *f)
{
    span spans[MOST_SPANS];
    static uint8_t entry[512];
    size_t count = list_spans(f, 1, spans);
    size_t end = header_end(f);
    if (count == 0) {
        return;
    }
    size_t begin = spans[draw(f, count)].begin - 1;
    size_t i = begin;
    for (int depth = 0; i < end && (depth > 0 || f->bytes[i] != ','); i++) {
        depth += f->bytes[i] == '{' || f->bytes[i] == '[';
        depth -= f->bytes[i] == '}' || f->bytes[i] == ']';
        if (depth < 0) {
            return;
        }
    }
    if (i >= end || i + 1 - begin > sizeof(entry)) {
        return;
    }
    memcpy(entry, f->bytes + begin, i + 1 - begin);
    if (draw(f, 2) == 0) {
        splice(f, (span){begin, i + 1}, "", 0);
    } else {
        splice(f, (span){begin, begin}, entry, i + 1 - begin);
    }
}

/* ---- Tensors ---- */

typedef struct tensor {
    span entry; /* what stands between its braces */
    span offset[2];
    span first; /* its first dimension; empty: a scalar */
    uint64_t begin, end;
    size_t width; /* bytes of a value */
    int is_float;
} tensor;

static const uint8_t *find(const file *f, span where, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = where.begin; i + length <= where.end; i++) {
        if (memcmp(f->bytes + i, text, length) == 0) {
            return f->bytes + i + length;
        }
    }
    return NULL;
}

static span digits_at(const file *f, size_t begin, size_t end)
{
    span digits = {begin, begin};
    while (digits.end < end && f->bytes[digits.end] >= '0' && f->bytes[digits.end] <= '9') {
        digits.end++;
    }
    return digits;
}

static uint64_t number_at(const file *f, span digits)
{
    uint64_t value = 0;
    for (size_t i = digits.begin; i < digits.end; i++) {
        value = value * 10 + (uint64_t)(f->bytes[i] - '0');
    }
    return value;
}

/* The tensor whose entry is `index`th; 0 behind the last, and for one that is not as ours are written. */
static int find_tensor(const file *f, size_t index, tensor *out)
{
    size_t place = LENGTH_BYTES;
    span entry = {0, 0};
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i <= index; i++) {
        const uint8_t *found = find(f, (span){place, header_end(f)}, "\"dtype\":");
        if (found == NULL) {
            return 0;
        }
        entry.begin = (size_t)(found - f->bytes);
        entry.end = entry.begin;
        while (entry.end < header_end(f) && f->bytes[entry.end] != '}') {
            entry.end++;
        }
        place = entry.end;
    }
    const uint8_t *offsets = find(f, entry, "\"data_offsets\":[");
    const uint8_t *shape = find(f, entry, "\"shape\":[");
    if (offsets == NULL || shape == NULL) {
        return 0;
    }
    out->entry = entry;
    out->first = digits_at(f, (size_t)(shape - f->bytes), entry.end);
    out->offset[0] = digits_at(f, (size_t)(offsets - f->bytes), entry.end);
    out->offset[1] = digits_at(f, out->offset[0].end + 1, entry.end);
    if (out->offset[0].begin == out->offset[0].end || out->offset[1].begin == out->offset[1].end) {
        memset(out, 0, sizeof(*out));
        return 0;
    }
    out->begin = number_at(f, out->offset[0]);
    out->end = number_at(f, out->offset[1]);
    const uint8_t *type = f->bytes + entry.begin;
    out->width = find(f, entry, "64\"") != NULL ? 8 : find(f, entry, "32\"") != NULL ? 4 : 1;
    out->is_float = type[1] == 'F';
    return out->begin < out->end && out->end <= f->size - header_end(f);
}

static size_t count_tensors(const file *f)
{
    size_t count = 0;
    for (size_t place = LENGTH_BYTES;; count++) {
        const uint8_t *found = find(f, (span){place, header_end(f)}, "\"dtype\":");
        if (found == NULL) {
            return count;
        }
        place = (size_t)(found - f->bytes);
    }
}

static uint64_t hostile_value(file *f, const tensor *t)
{
    static const uint64_t floats32[] = {0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff, 0xff7fffff, 0x80000000,
                                        1,          0xbf800000, 0x3f800000, 0,          0x7f000000};
    static const uint64_t floats64[] = {0x7ff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7fefffffffffffff,
                                        0xbff0000000000000, 0x3ff0000000000000, 0x8000000000000000, 0};
    switch (draw(f, t->is_float ? 2 : 5)) {
    case 0:
        return t->is_float && t->width == 4   ? floats32[draw(f, sizeof(floats32) / sizeof(floats32[0]))]
               : t->is_float && t->width == 8 ? floats64[draw(f, sizeof(floats64) / sizeof(floats64[0]))]
                                              : draw(f, 300);
    case 1:
        return f->random;
    case 2:
        return UINT64_MAX - draw(f, 4);
    case 3:
        return (UINT64_C(1) << draw(f, 64)) - draw(f, 2);
    default:
        return draw(f, 30);
    }
}

/* One value or all; or one becomes its neighbour. */
static void change_value(file *f)
{
    tensor t;
    size_t count = count_tensors(f);
    if (count == 0 || !find_tensor(f, draw(f, count), &t)) {
        return;
    }
    uint8_t *values = f->bytes + header_end(f) + t.begin;
    size_t values_count = (size_t)(t.end - t.begin) / t.width;
    if (values_count == 0) {
        return;
    }
    uint8_t *chosen = values + draw(f, values_count) * t.width;
    uint64_t value = hostile_value(f, &t);
    switch (draw(f, 8)) {
    case 0:
        for (size_t i = 0; i < values_count; i++) {
            memcpy(values + i * t.width, &value, t.width);
        }
        break;
    case 1:
        memcpy(chosen, values + draw(f, values_count) * t.width, t.width);
        break;
    case 2:
        chosen[draw(f, t.width)] ^= (uint8_t)(1u << draw(f, 8));
        break;
    case 3:
        chosen[0]++;
        break;
    case 4:
        chosen[0]--;
        break;
    default:
        memcpy(chosen, &value, t.width);
    }
}

static void set_number(file *f, span digits, uint64_t value)
{
    char text[32];
    splice(f, digits, text, (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)value));
}

/* A tensor becomes longer or shorter by some of its rows, and everything in the file agrees on it. */
static void change_rows(file *f)
{
    tensor t;
    size_t count = count_tensors(f);
    if (count == 0 || !find_tensor(f, draw(f, count), &t) || t.first.begin == t.first.end) {
        return;
    }
    uint64_t rows = number_at(f, t.first);
    uint64_t changed = 1 + draw(f, 3);
    if (rows == 0 || (t.end - t.begin) % rows != 0) {
        return;
    }
    size_t row = (size_t)((t.end - t.begin) / rows);
    int longer = changed > rows || draw(f, 2) == 0;
    size_t bytes = row * (size_t)changed;
    if (longer && (bytes > t.end - t.begin || f->size + bytes + 256 > f->most)) {
        return;
    }
    size_t end = header_end(f) + (size_t)t.end;
    if (longer) {
        memmove(f->bytes + end + bytes, f->bytes + end, f->size - end);
        memcpy(f->bytes + end, f->bytes + end - bytes, bytes);
        f->size += bytes;
    } else {
        memmove(f->bytes + end - bytes, f->bytes + end, f->size - end);
        f->size -= bytes;
    }
    uint64_t old_end = t.end;
    for (size_t i = 0; i < count; i++) {
        tensor other;
        int there = find_tensor(f, i, &other);
        if ((!there && other.entry.end == 0) || other.first.end > other.offset[0].begin) {
            continue;
        }
        for (int side = 1; side >= 0; side--) {
            uint64_t offset = side == 0 ? other.begin : other.end;
            if (offset >= old_end && (side == 1 || other.begin != t.begin)) {
                set_number(f, other.offset[side], longer ? offset + bytes : offset - bytes);
            }
        }
        if (other.begin == t.begin && other.end == old_end) {
            set_number(f, other.first, longer ? rows + changed : rows - changed);
        }
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    if (size < 1 || most < size) {
        return LLVMFuzzerMutate(data, size, most);
    }
    uint8_t handle = data[size - 1];
    file f = {data, size - 1, most - 1, seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    draw(&f, 1);
    static void (*const changes[])(file *) = {change_value, change_value,  change_value, change_value, change_text,
                                              change_text,  change_number, change_entry, change_rows};
    uint64_t times = 1 + draw(&f, 3);
    for (uint64_t i = 0; i < times && has_header(&f); i++) {
        changes[draw(&f, sizeof(changes) / sizeof(changes[0]))](&f);
    }
    if (!has_header(&f) || draw(&f, 30) == 0) {
        f.size = LLVMFuzzerMutate(data, f.size, f.most);
    }
    data[f.size] = draw(&f, 60) == 0 ? (uint8_t)draw(&f, 8) : handle;
    return f.size + 1;
}
