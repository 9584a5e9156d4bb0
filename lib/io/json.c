#include "io/json.h"

#include <string.h>

/* Bytes of the character that begins here, or 0 (Unicode standard, table 3-7). */
static size_t utf8_character(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    size_t bytes = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (bytes == 0 || bytes > left) {
        return 0;
    }
    for (size_t i = 1; i < bytes; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f) || (lead == 0xf0 && at[1] < 0x90) ||
        (lead == 0xf4 && at[1] > 0x8f)) {
        return 0;
    }
    return bytes;
}

int arq_utf8_valid(const char *text, size_t bytes)
{
    for (size_t i = 0, step; i < bytes; i += step) {
        step = utf8_character((const unsigned char *)text + i, bytes - i);
        if (step == 0) {
            return 0;
        }
    }
    return 1;
}

static int fail(arq_json *json, const char *problem)
{
    if (json->problem == NULL) {
        json->problem = problem;
    }
    return 0;
}

static void skip_space(arq_json *json)
{
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r')) {
        json->at++;
    }
}

int arq_json_take(arq_json *json, char symbol)
{
    skip_space(json);
    if (json->at == json->end || *json->at != symbol) {
        return 0;
    }
    json->at++;
    return 1;
}

int arq_json_expect(arq_json *json, char symbol, const char *otherwise)
{
    return arq_json_take(json, symbol) || fail(json, otherwise);
}

/* Four hexadecimal digits; -1: not so. */
static int32_t hexadecimal(arq_json *json)
{
    int32_t value = 0;
    if (json->end - json->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char digit = *json->at++;
        int32_t number = digit >= '0' && digit <= '9'   ? digit - '0'
                         : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                         : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                                        : -1;
        if (number < 0) {
            return -1;
        }
        value = value * 16 + number;
    }
    return value;
}

/* The character of a \u escape, two of them for those beyond 16 bits; -1: none. */
static int32_t escaped_character(arq_json *json)
{
    int32_t high = hexadecimal(json);
    if (high < 0xd800 || high > 0xdfff) {
        return high;
    }
    if (high > 0xdbff || json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u') {
        return -1;
    }
    json->at += 2;
    int32_t low = hexadecimal(json);
    if (low < 0xdc00 || low > 0xdfff) {
        return -1;
    }
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Writes a character as UTF-8, which is never longer than its escape. */
static char *put_utf8(char *out, int32_t character)
{
    if (character < 0x80) {
        *out++ = (char)character;
    } else if (character < 0x800) {
        *out++ = (char)(0xc0 | character >> 6);
        *out++ = (char)(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        *out++ = (char)(0xe0 | character >> 12);
        *out++ = (char)(0x80 | (character >> 6 & 0x3f));
        *out++ = (char)(0x80 | (character & 0x3f));
    } else {
        *out++ = (char)(0xf0 | character >> 18);
        *out++ = (char)(0x80 | (character >> 12 & 0x3f));
        *out++ = (char)(0x80 | (character >> 6 & 0x3f));
        *out++ = (char)(0x80 | (character & 0x3f));
    }
    return out;
}

/* Each escaped letter and, at the same place, what it stands for. */
static const char escape_letters[] = "\"\\/bfnrt";
static const char escape_meanings[] = "\"\\/\b\f\n\r\t";

/* One escape behind its backslash; NULL: none. */
static char *unescape(arq_json *json, char *out)
{
    if (json->at == json->end) {
        return NULL;
    }
    char letter = *json->at++;
    if (letter == 'u') {
        int32_t character = escaped_character(json);
        /* 0 would end the text early for everyone who compares names. */
        return character > 0 ? put_utf8(out, character) : NULL;
    }
    const char *found = memchr(escape_letters, letter, sizeof(escape_letters) - 1);
    if (found == NULL) {
        return NULL;
    }
    *out++ = escape_meanings[found - escape_letters];
    return out;
}

char *arq_json_text(arq_json *json)
{
    if (!arq_json_expect(json, '"', "a text in quotation marks was expected")) {
        return NULL;
    }
    char *text = json->at;
    char *out = text;
    while (json->at < json->end) {
        char symbol = *json->at++;
        if (symbol == '"') {
            *out = 0; /* at the latest where the closing mark stood */
            return text;
        }
        if ((unsigned char)symbol < 0x20) {
            fail(json, "control character in a text");
            return NULL;
        }
        if (symbol != '\\') {
            *out++ = symbol;
            continue;
        }
        out = unescape(json, out);
        if (out == NULL) {
            fail(json, "escape that is not allowed");
            return NULL;
        }
    }
    fail(json, "text without an end");
    return NULL;
}

int arq_json_natural(arq_json *json, uint64_t *value)
{
    skip_space(json);
    const char *first = json->at;
    uint64_t number = 0;
    for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
        uint64_t digit = (uint64_t)(*json->at - '0');
        if (number > (UINT64_MAX - digit) / 10) {
            return fail(json, "number beyond 2^64 - 1");
        }
        number = number * 10 + digit;
    }
    if (json->at == first) {
        return fail(json, "a whole number of at least 0 was expected");
    }
    if (*first == '0' && json->at - first > 1) {
        return fail(json, "number with leading zeros");
    }
    *value = number;
    return 1;
}

static void put(char *out, size_t *bytes, char symbol)
{
    if (out != NULL) {
        out[*bytes] = symbol;
    }
    ++*bytes;
}

size_t arq_json_quote(char *out, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t bytes = 0;
    put(out, &bytes, '"');
    for (; *text != 0; text++) {
        unsigned char symbol = (unsigned char)*text;
        if (symbol < 0x20) {
            const char escape[] = {'\\', 'u', '0', '0', digits[symbol >> 4], digits[symbol & 15]};
            for (size_t i = 0; i < sizeof(escape); i++) {
                put(out, &bytes, escape[i]);
            }
            continue;
        }
        if (symbol == '"' || symbol == '\\') {
            put(out, &bytes, '\\');
        }
        put(out, &bytes, *text);
    }
    put(out, &bytes, '"');
    return bytes;
}
