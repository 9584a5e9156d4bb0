/* Files: what is written is read back; what is not exactly right is refused and says why. */
#include "io/safetensors.h"
#include "test_support.h"

#include <sys/stat.h>

/* A header in front of `data_bytes` bytes of data, as a file. */
static void make_file(const char *path, const char *header, size_t header_bytes, size_t data_bytes)
{
    size_t count = 8 + header_bytes + data_bytes;
    unsigned char *bytes = calloc(count, 1);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)((uint64_t)header_bytes >> 8 * i);
    }
    memcpy(bytes + 8, header, header_bytes);
    for (size_t i = 0; i < data_bytes; i++) {
        bytes[8 + header_bytes + i] = (unsigned char)i;
    }
    test_write_file(path, bytes, count);
    free(bytes);
}

START_TEST(what_is_written_is_read_back)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_writer *writer;
    arq_reader *reader;
    const arq_tensor *tensor;
    const float floats[6] = {1, 2, 3, 4, 5, -0.0f};
    const uint8_t bytes[3] = {7, 8, 9};
    const uint64_t counters[2] = {UINT64_MAX, 1};
    const double doubles[1] = {1e300};
    const arq_chunk pieces[3] = {{floats, 8}, {floats + 2, 0}, {floats + 2, 16}};
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_text(writer, "kind", "test"));
    ck_assert_ok(context, arq_writer_text(writer, "odd \"\\\n\x01 \xc3\xa9", "\t\xf0\x9f\x98\x80"));
    ck_assert_ok(context, arq_writer_tensor(writer, "bytes", ARQ_DTYPE_U8, 1, (uint64_t[]){3}, bytes));
    ck_assert_ok(context, arq_writer_chunks(writer, "floats", ARQ_DTYPE_F32, 2, (uint64_t[]){2, 3}, pieces, 3));
    ck_assert_ok(context, arq_writer_values(writer, "counters", ARQ_DTYPE_U64, 2, counters));
    ck_assert_ok(context, arq_writer_tensor(writer, "scalar \xe2\x82\xac", ARQ_DTYPE_F64, 0, NULL, doubles));
    ck_assert_ok(context, arq_writer_tensor(writer, "empty", ARQ_DTYPE_I64, 3, (uint64_t[]){2, 0, 3}, NULL));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&folder, "file")));
    arq_writer_destroy(writer);

    ck_assert_ok(context, arq_reader_open(context, folder.file, &reader));
    ck_assert_str_eq(arq_reader_text(reader, "kind"), "test");
    ck_assert_str_eq(arq_reader_text(reader, "odd \"\\\n\x01 \xc3\xa9"), "\t\xf0\x9f\x98\x80");
    ck_assert_ptr_null(arq_reader_text(reader, "bytes"));
    ck_assert_ok(context, arq_reader_kind(reader, "test"));
    ck_assert_fails(context, arq_reader_kind(reader, "network"), ARQ_E_FORMAT, "holds a test, not a network");
    ck_assert_ok(context, arq_reader_need(reader, "floats", ARQ_DTYPE_F32, 2, (uint64_t[]){2, 3}, &tensor));
    ck_assert_mem_eq(tensor->data, floats, sizeof(floats));
    ck_assert_uint_eq(tensor->bytes, sizeof(floats));
    ck_assert_ok(context, arq_reader_need(reader, "scalar \xe2\x82\xac", ARQ_DTYPE_F64, 0, NULL, &tensor));
    ck_assert_mem_eq(tensor->data, doubles, sizeof(doubles));
    ck_assert_ok(context, arq_reader_need(reader, "empty", ARQ_DTYPE_I64, 3, (uint64_t[]){2, 0, 3}, &tensor));
    ck_assert_uint_eq(tensor->bytes, 0);
    ck_assert_ptr_nonnull(tensor->data);
    uint64_t read_back[2];
    ck_assert_ok(context, arq_reader_values(reader, "counters", ARQ_DTYPE_U64, 2, read_back));
    ck_assert_mem_eq(read_back, counters, sizeof(counters));
    ck_assert_fails(context, arq_reader_need(reader, "none", ARQ_DTYPE_F32, 0, NULL, &tensor), ARQ_E_FORMAT,
                    "\"none\" is missing");
    ck_assert_fails(context, arq_reader_need(reader, "floats", ARQ_DTYPE_F64, 2, (uint64_t[]){2, 3}, &tensor),
                    ARQ_E_FORMAT, "dtype F32, F64 expected");
    ck_assert_fails(context, arq_reader_need(reader, "floats", ARQ_DTYPE_F32, 2, (uint64_t[]){3, 2}, &tensor),
                    ARQ_E_SHAPE, "[2, 3], [3, 2] expected");
    ck_assert_fails(context, arq_reader_need(reader, "floats", ARQ_DTYPE_F32, 1, (uint64_t[]){6}, &tensor), ARQ_E_SHAPE,
                    "[2, 3], [6] expected");
    ck_assert_ptr_null(tensor);
    arq_reader_close(reader);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(the_layout_is_the_documented_one)
{
    static const char header[] = "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                                 "\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
                                 "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[12,13]}}";
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_writer *writer;
    const double zero = 0;
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_tensor(writer, "b", ARQ_DTYPE_U8, 1, (uint64_t[]){1}, &zero));
    ck_assert_ok(context, arq_writer_tensor(writer, "c", ARQ_DTYPE_F32, 1, (uint64_t[]){1}, &zero));
    ck_assert_ok(context, arq_writer_tensor(writer, "a", ARQ_DTYPE_F64, 1, (uint64_t[]){1}, &zero));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(&folder, "file")));
    arq_writer_destroy(writer);
    test_bytes bytes = test_read_file(folder.file);
    ck_assert_uint_eq(bytes.count % 64, 13);
    ck_assert_uint_eq(bytes.data[0] + 8u + 13u, bytes.count);
    ck_assert_mem_eq(bytes.data + 8, header, sizeof(header) - 1);
    free(bytes.data);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* Everything that is good JSON for a header, though the writer would write it otherwise. */
START_TEST(headers_of_other_writers_are_read)
{
    static const char header[] =
        "{ \"z\" : {\"data_offsets\":[ 3 , 11 ],\"shape\":[2],\r\n\t\"dtype\":\"I32\"},"
        "\"\\u00e9\\ud83d\\uDE00\\/\\b\" :{\"shape\":[],\"dtype\":\"I8\",\"data_offsets\":[0,1]},"
        "\"__metadata__\":{\"k\":\"\\\"\\\\\\f\\n\\r\\t\", \"\" : \"\"},"
        "\"none\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[3,3]},"
        "\"flag\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[1,3]}}     ";
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_reader *reader;
    const char *name;
    const char *value;
    make_file(test_path(&folder, "file"), header, sizeof(header) - 1, 11);
    ck_assert_ok(context, arq_reader_open(context, folder.file, &reader));
    const arq_tensor *tensor = arq_reader_find(reader, "z");
    ck_assert_ptr_nonnull(tensor);
    ck_assert_uint_eq((uintptr_t)tensor->data % sizeof(int32_t), 0);
    ck_assert_mem_eq(tensor->data, "\3\4\5\6\7\10\11\12", 8);
    tensor = arq_reader_find(reader, "\xc3\xa9\xf0\x9f\x98\x80/\b");
    ck_assert_ptr_nonnull(tensor);
    ck_assert_int_eq(tensor->dtype, ARQ_DTYPE_U8);
    ck_assert_uint_eq(tensor->rank, 0);
    ck_assert_str_eq(arq_reader_text(reader, "k"), "\"\\\f\n\r\t");
    ck_assert(arq_reader_text_at(reader, 0, &name, &value));
    ck_assert_str_eq(name, "");
    ck_assert(arq_reader_text_at(reader, 1, &name, &value));
    ck_assert(!arq_reader_text_at(reader, 2, &name, &value));
    ck_assert_ptr_nonnull(arq_reader_at(reader, 1, &name));
    ck_assert_str_eq(name, "flag");
    ck_assert_ptr_null(arq_reader_at(reader, 4, &name));
    arq_reader_close(reader);
    make_file(folder.file, "{}", 2, 0);
    ck_assert_ok(context, arq_reader_open(context, folder.file, &reader));
    ck_assert_ptr_null(arq_reader_at(reader, 0, &name));
    ck_assert_ptr_null(arq_reader_find(reader, ""));
    arq_reader_close(reader);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

#define T(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
    const char *header;
    size_t data_bytes;
    const char *words;
} liars[] = {
    {"", 0, "begin with a brace"},
    {" {}", 0, "begin with a brace"},
    {"[]", 0, "begin with a brace"},
    {"{", 0, "text in quotation marks"},
    {"{}}", 0, "only spaces"},
    {"{}\n", 0, "only spaces"},
    {"{},", 0, "only spaces"},
    {"{}", 1, "have 0 bytes, the file has 1"},
    {"{\"a\":1}", 0, "must be an object"},
    {"{\"a\":{}}", 0, "text in quotation marks"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",}", 4, "text in quotation marks"},
    {"{\"a\" " T("F32", "[1]", "[0,4]") "}", 4, "colon"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") " \"b\"}", 4, "comma or closing brace"},
    {"{\"a\":" T("F32", "[1]", "[0,4]"), 4, "comma or closing brace"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "lacks"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "lacks"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "lacks"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":0}}", 4, "other than"},
    {"{\"a\":" T("BF16", "[2]", "[0,4]") "}", 4, "dtype \"BF16\""},
    {"{\"a\":" T("f32", "[1]", "[0,4]") "}", 4, "dtype \"f32\""},
    {"{\"a\":" T("F32", "1", "[0,4]") "}", 4, "list of numbers"},
    {"{\"a\":" T("F32", "[1,]", "[0,4]") "}", 4, "whole number"},
    {"{\"a\":" T("F32", "[1 1]", "[0,4]") "}", 4, "closing bracket"},
    {"{\"a\":" T("F32", "[[1]]", "[0,4]") "}", 4, "whole number"},
    {"{\"a\":" T("F32", "[-1]", "[0,4]") "}", 4, "whole number"},
    {"{\"a\":" T("F32", "[1.0]", "[0,4]") "}", 4, "closing bracket"},
    {"{\"a\":" T("F32", "[1e0]", "[0,4]") "}", 4, "closing bracket"},
    {"{\"a\":" T("F32", "[01]", "[0,4]") "}", 4, "leading zeros"},
    {"{\"a\":" T("F32", "[\"1\"]", "[0,4]") "}", 4, "whole number"},
    {"{\"a\":" T("F32", "[true]", "[0,4]") "}", 4, "whole number"},
    {"{\"a\":" T("F32", "[18446744073709551616]", "[0,4]") "}", 4, "beyond 2^64"},
    {"{\"a\":" T("F32", "[99999999999999999999999]", "[0,4]") "}", 4, "beyond 2^64"},
    {"{\"a\":" T("F32", "[18446744073709551615]", "[0,4]") "}", 4, "overflows"},
    {"{\"a\":" T("U8", "[4294967296,4294967296]", "[0,0]") "}", 0, "overflows"},
    {"{\"a\":" T("F64", "[2305843009213693952]", "[0,0]") "}", 0, "overflows"},
    {"{\"a\":" T("F32", "[1099511627776]", "[0,4398046511104]") "}", 4, "have 4398046511104 bytes, the file has 4"},
    {"{\"a\":" T("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "more numbers"},
    {"{\"a\":" T("F32", "[1]", "[0]") "}", 4, "two offsets"},
    {"{\"a\":" T("F32", "[1]", "[0,4,4]") "}", 4, "more numbers"},
    {"{\"a\":" T("F32", "[1]", "[]") "}", 4, "two offsets"},
    {"{\"a\":" T("F32", "[1]", "[4,0]") "}", 4, "do not fit"},
    {"{\"a\":" T("F32", "[1]", "[0,8]") "}", 8, "do not fit"},
    {"{\"a\":" T("F32", "[2]", "[0,4]") "}", 4, "do not fit"},
    {"{\"a\":" T("F32", "[1]", "[18446744073709551612,18446744073709551616]") "}", 4, "beyond 2^64"},
    {"{\"a\":" T("F32", "[1]", "[4,8]") "}", 8, "hole"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"b\":" T("F32", "[1]", "[0,4]") "}", 4, "overlaps"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"b\":" T("F32", "[1]", "[2,6]") "}", 6, "overlaps"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"b\":" T("F32", "[1]", "[8,12]") "}", 12, "hole"},
    {"{\"a\":" T("F32", "[2]", "[0,8]") ",\"b\":" T("F32", "[0]", "[4,4]") "}", 8, "overlaps"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") "}", 5, "the file has 5"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") "}", 3, "the file has 3"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"a\":" T("F32", "[1]", "[4,8]") "}", 8, "\"a\" is there twice"},
    {"{\"a\":" T("F32", "[1]", "[0,4]") ",\"\\u0061\":" T("F32", "[1]", "[4,8]") "}", 8, "\"a\" is there twice"},
    {"{\"__metadata__\":[]}", 0, "object of texts"},
    {"{\"__metadata__\":null}", 0, "object of texts"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "text in quotation marks"},
    {"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "text in quotation marks"},
    {"{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", 0, "metadata \"a\" is there twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "\"__metadata__\" is there twice"},
    {"{\"__metadata__\":{\"a\":\"b\",}}", 0, "text in quotation marks"},
    {"{\"__metadata__\":{\"a\":\"b}}", 0, "without an end"},
    {"{\"__metadata__\":{\"a\":\"\n\"}}", 0, "control character"},
    {"{\"__metadata__\":{\"a\":\"\\x\"}}", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\\u00\"}}", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\\u0000\"}}", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\\ud800\"}}", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\\ud800\\u0041\"}}", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\\udc00\"}}", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\\", 0, "escape"},
    {"{\"__metadata__\":{\"a\":\"\x80\"}}", 0, "not UTF-8"},
    {"{\"__metadata__\":{\"a\":\"\xc0\x80\"}}", 0, "not UTF-8"},
    {"{\"__metadata__\":{\"a\":\"\xed\xa0\x80\"}}", 0, "not UTF-8"},
    {"{\"__metadata__\":{\"a\":\"\xe0\x80\x80\"}}", 0, "not UTF-8"},
    {"{\"__metadata__\":{\"a\":\"\xf4\x90\x80\x80\"}}", 0, "not UTF-8"},
    {"{\"__metadata__\":{\"a\":\"\xf0\x8f\x80\x80\"}}", 0, "not UTF-8"},
    {"{\"__metadata__\":{\"a\":\"\xc3", 0, "not UTF-8"},
};

START_TEST(liars_are_refused)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    size_t before = memory.bytes_out;
    for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
        arq_reader *reader = (arq_reader *)&memory;
        make_file(test_path(&folder, "file"), liars[i].header, strlen(liars[i].header), liars[i].data_bytes);
        arq_status status = arq_reader_open(context, folder.file, &reader);
        ck_assert_msg(status == ARQ_E_FORMAT && strstr(test_error(context), liars[i].words) != NULL &&
                          strstr(test_error(context), folder.file) != NULL,
                      "%s: %s: %s", liars[i].header, arq_status_name(status), test_error(context));
        ck_assert_ptr_null(reader);
        ck_assert_uint_eq(memory.bytes_out, before);
    }
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(lengths_that_lie_are_refused)
{
    static const struct {
        unsigned char bytes[12];
        size_t count;
        const char *words;
    } files[] = {
        {{0}, 0, "0 bytes, at least 8"},
        {{2}, 7, "7 bytes, at least 8"},
        {{2, 0, 0, 0, 0, 0, 0, 0}, 8, "header of 2 bytes in a file of 8"},
        {{3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10, "header of 3 bytes in a file of 10"},
        {{2, 0, 0, 0, 0, 1, 0, 0, '{', '}'}, 10, "header of 1099511627778 bytes in a file of 10"},
        {{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'}, 10, "header of 18446744073709551615 bytes"},
        {{2, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' '}, 11, "the file has 1"},
    };
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        arq_reader *reader;
        test_write_file(test_path(&folder, "file"), files[i].bytes, files[i].count);
        ck_assert_fails(context, arq_reader_open(context, folder.file, &reader), ARQ_E_FORMAT, files[i].words);
        ck_assert_ptr_null(reader);
    }
    ck_assert_uint_lt(memory.bytes_out, 100000);
    /* The largest header is 100 MB, also in a larger file; this one is all hole. */
    arq_reader *reader;
    FILE *file = fopen(folder.file, "wb");
    ck_assert_uint_eq(fwrite("\x01\xe1\xf5\x05\0\0\0", 1, 8, file), 8);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(truncate(folder.file, 200000000), 0);
    ck_assert_fails(context, arq_reader_open(context, folder.file, &reader), ARQ_E_FORMAT, "header of 100000001 bytes");
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* Brackets and braces without end need no stack. */
START_TEST(deep_nesting_is_refused)
{
    const size_t depth = 1000000;
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    char *header = malloc(8 * depth);
    arq_reader *reader;
    for (int list = 0; list < 2; list++) {
        strcpy(header, list ? "{\"a\":{\"shape\":" : "");
        size_t used = strlen(header);
        for (size_t i = 0; i < depth; i++) {
            memcpy(header + used, list ? "[" : "{\"a\":", list ? 1 : 5);
            used += list ? 1 : 5;
        }
        make_file(test_path(&folder, "file"), header, used, 0);
        ck_assert_fails(context, arq_reader_open(context, folder.file, &reader), ARQ_E_FORMAT,
                        list ? "whole number" : "other than dtype");
    }
    free(header);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* A file small enough to try everything on. */
static test_bytes write_small(arq_context *context, test_folder *folder)
{
    const float floats[3] = {1, 2, 3};
    const uint64_t counters[1] = {9};
    arq_writer *writer;
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_text(writer, "kind", "test\n"));
    ck_assert_ok(context, arq_writer_tensor(writer, "x", ARQ_DTYPE_F32, 1, (uint64_t[]){3}, floats));
    ck_assert_ok(context, arq_writer_tensor(writer, "empty", ARQ_DTYPE_U8, 2, (uint64_t[]){0, 2}, NULL));
    ck_assert_ok(context, arq_writer_values(writer, "count", ARQ_DTYPE_U64, 1, counters));
    ck_assert_ok(context, arq_writer_commit(writer, test_path(folder, "small")));
    arq_writer_destroy(writer);
    return test_read_file(folder->file);
}

/* Reads the bytes as a file; whatever is accepted must hang together. Returns whether it was. */
static int try_bytes(arq_context *context, test_folder *folder, const void *data, size_t count)
{
    arq_reader *reader;
    const char *name;
    const char *value;
    size_t sum = 0;
    size_t total = 0;
    test_write_file(test_path(folder, "try"), data, count);
    arq_status status = arq_reader_open(context, folder->file, &reader);
    if (status != ARQ_OK) {
        ck_assert_int_eq(status, ARQ_E_FORMAT);
        ck_assert_ptr_null(reader);
        return 0;
    }
    for (size_t i = 0; arq_reader_text_at(reader, i, &name, &value); i++) {
        ck_assert_ptr_eq(arq_reader_text(reader, name), value);
    }
    const arq_tensor *tensor;
    for (size_t i = 0; (tensor = arq_reader_at(reader, i, &name)) != NULL; i++) {
        ck_assert_ptr_eq(arq_reader_find(reader, name), tensor);
        for (size_t byte = 0; byte < tensor->bytes; byte++) {
            sum += ((const unsigned char *)tensor->data)[byte];
        }
        total += tensor->bytes;
    }
    ck_assert_uint_le(sum, total * 255);
    ck_assert_uint_lt(total, count);
    arq_reader_close(reader);
    return 1;
}

START_TEST(every_truncation_and_flip_is_survived)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    test_bytes small = write_small(context, &folder);
    size_t before = memory.bytes_out;
    int taken = 0;
    for (size_t count = 0; count < small.count; count++) {
        ck_assert_msg(!try_bytes(context, &folder, small.data, count), "taken when cut to %zu bytes", count);
    }
    for (size_t i = 0; i < small.count; i++) {
        unsigned char good = small.data[i];
        for (int flip = 0; flip < 9; flip++) {
            small.data[i] = (unsigned char)(good ^ (flip < 8 ? 1 << flip : 255));
            taken += try_bytes(context, &folder, small.data, small.count);
        }
        small.data[i] = good;
    }
    /* 20 bytes of data may have any value, and names and texts many. */
    ck_assert_int_gt(taken, 20 * 9);
    ck_assert_int_lt(taken, (int)small.count * 9 / 2);
    ck_assert_uint_eq(memory.bytes_out, before);
    free(small.data);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_reader *reader;
    arq_writer *writer;
    ck_assert_fails(context, arq_reader_open(context, test_path(&folder, "none"), &reader), ARQ_E_IO, "No such file");
    ck_assert_fails(context, arq_reader_open(context, folder.path, &reader), ARQ_E_IO, "not an ordinary file");
    ck_assert_fails(context, arq_reader_open(context, "/dev/zero", &reader), ARQ_E_IO, "not an ordinary file");
    ck_assert_int_eq(mkfifo(test_path(&folder, "pipe"), 0600), 0);
    ck_assert_fails(context, arq_reader_open(context, folder.file, &reader), ARQ_E_IO, "not an ordinary file");
    ck_assert_ptr_null(reader);
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_fails(context, arq_writer_commit(writer, folder.file), ARQ_E_IO, "not an ordinary file");
    ck_assert_fails(context, arq_writer_commit(writer, folder.path), ARQ_E_IO, "not an ordinary file");
    ck_assert_fails(context, arq_writer_commit(writer, "/dev/null"), ARQ_E_IO, "not an ordinary file");
    ck_assert_fails(context, arq_writer_commit(writer, test_path(&folder, "no/where")), ARQ_E_IO, "No such file");
    ck_assert_fails(context, arq_writer_commit(writer, test_path(&folder, "where/")), ARQ_E_IO, "No such file");
    ck_assert_fails(context, arq_writer_commit(writer, ""), ARQ_E_IO, "No such file");
    ck_assert_int_eq(symlink("nowhere", test_path(&folder, "dangling")), 0);
    ck_assert_fails(context, arq_writer_commit(writer, folder.file), ARQ_E_IO, "No such file");
    ck_assert_int_eq(test_folder_count(&folder), 2);
    arq_writer_destroy(writer);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(links_and_permissions_stay)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    arq_writer *writer;
    struct stat found;
    test_write_file(test_path(&folder, "real"), "old", 3);
    ck_assert_int_eq(chmod(folder.file, 0640), 0);
    ck_assert_int_eq(symlink("real", test_path(&folder, "link")), 0);
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_commit(writer, folder.file));
    arq_writer_destroy(writer);
    ck_assert_int_eq(lstat(folder.file, &found), 0);
    ck_assert(S_ISLNK(found.st_mode));
    ck_assert_int_eq(lstat(test_path(&folder, "real"), &found), 0);
    ck_assert(S_ISREG(found.st_mode));
    ck_assert_int_eq(found.st_mode & 0777, 0640);
    ck_assert_int_eq(found.st_size, 64);
    ck_assert_int_eq(test_folder_count(&folder), 2);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(the_writer_refuses_what_it_could_not_read)
{
    const float value = 0;
    const uint64_t huge[2] = {UINT64_C(1) << 40, UINT64_C(1) << 40};
    const uint64_t ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const arq_chunk short_piece = {&value, 3};
    test_memory memory;
    arq_context *context = test_context(&memory);
    arq_writer *writer;
    ck_assert_ok(context, arq_writer_create(context, &writer));
    ck_assert_ok(context, arq_writer_text(writer, "a", "b"));
    ck_assert_ok(context, arq_writer_tensor(writer, "a", ARQ_DTYPE_F32, 8, ones, &value));
    ck_assert_fails(context, arq_writer_text(writer, "a", "c"), ARQ_E_ARGUMENT, "\"a\" is given twice");
    ck_assert_fails(context, arq_writer_text(writer, "\xff", "c"), ARQ_E_ARGUMENT, "UTF-8");
    ck_assert_fails(context, arq_writer_text(writer, "c", "\xc3"), ARQ_E_ARGUMENT, "UTF-8");
    ck_assert_fails(context, arq_writer_tensor(writer, "a", ARQ_DTYPE_F32, 1, ones, &value), ARQ_E_ARGUMENT, "twice");
    ck_assert_fails(context, arq_writer_tensor(writer, "__metadata__", ARQ_DTYPE_F32, 1, ones, &value), ARQ_E_ARGUMENT,
                    "__metadata__");
    ck_assert_fails(context, arq_writer_tensor(writer, "\xff", ARQ_DTYPE_F32, 1, ones, &value), ARQ_E_ARGUMENT, "name");
    ck_assert_fails(context, arq_writer_tensor(writer, "b", ARQ_DTYPE_F32, 9, ones, &value), ARQ_E_SHAPE,
                    "9 dimensions");
    ck_assert_fails(context, arq_writer_tensor(writer, "b", ARQ_DTYPE_F32, 2, huge, &value), ARQ_E_SHAPE, "overflows");
    ck_assert_fails(context, arq_writer_values(writer, "b", ARQ_DTYPE_F64, UINT64_MAX, &value), ARQ_E_SHAPE,
                    "overflows");
    ck_assert_fails(context, arq_writer_chunks(writer, "b", ARQ_DTYPE_F32, 1, ones, &short_piece, 1), ARQ_E_SHAPE,
                    "has 4 bytes by its shape, 3 are given");
    arq_writer_destroy(writer);
    arq_writer_destroy(NULL);
    arq_reader_close(NULL);
    test_context_end(context, &memory);
}
END_TEST

static arq_status write_and_read(arq_context *context, const char *path)
{
    const float floats[3] = {1, 2, 3};
    const uint64_t counters[1] = {9};
    arq_writer *writer = NULL;
    arq_reader *reader = NULL;
    arq_status status = arq_writer_create(context, &writer);
    for (int i = 0; i < 20 && status == ARQ_OK; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        status = arq_writer_text(writer, name, "text");
        if (status == ARQ_OK) {
            status = i % 2 == 0 ? arq_writer_tensor(writer, name, ARQ_DTYPE_F32, 1, (uint64_t[]){3}, floats)
                                : arq_writer_values(writer, name, ARQ_DTYPE_U64, 1, counters);
        }
    }
    if (status == ARQ_OK) {
        status = arq_writer_commit(writer, path);
    }
    arq_writer_destroy(writer);
    if (status == ARQ_OK) {
        status = arq_reader_open(context, path, &reader);
    }
    arq_reader_close(reader);
    return status;
}

START_TEST(every_failed_allocation_is_survived)
{
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    size_t before = memory.bytes_out;
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        uint64_t failures = 0;
        arq_status status = ARQ_E_NOMEM;
        while (status == ARQ_E_NOMEM) {
            test_memory_fail(&memory, failures + 1, for_ever);
            status = write_and_read(context, test_path(&folder, "file"));
            failures += status == ARQ_E_NOMEM;
            ck_assert_uint_eq(memory.bytes_out, before);
            ck_assert_int_le(test_folder_count(&folder), 1);
        }
        ck_assert_ok(context, status);
        ck_assert_uint_ge(failures, 100);
    }
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

/* Memory stays within a small multiple of the file, also for headers that are nothing but the smallest entries. */
START_TEST(memory_is_bounded_by_the_file)
{
    const size_t entries = 100000;
    test_memory memory;
    test_folder folder = test_folder_create();
    arq_context *context = test_context(&memory);
    size_t before = memory.bytes_out;
    char *header = malloc(entries * 80);
    for (int texts = 0; texts < 2; texts++) {
        size_t used = (size_t)sprintf(header, texts ? "{\"__metadata__\":{" : "{");
        for (size_t i = 0; i < entries; i++) {
            used += (size_t)sprintf(header + used, texts ? "%s\"%zx\":\"\"" : "%s\"%zx\":" T("U8", "[0]", "[0,0]"),
                                    i == 0 ? "" : ",", i);
        }
        used += (size_t)sprintf(header + used, texts ? "}}" : "}");
        make_file(test_path(&folder, "file"), header, used, 0);
        arq_reader *reader;
        ck_assert_ok(context, arq_reader_open(context, folder.file, &reader));
        ck_assert_uint_lt(memory.bytes_out - before, 8 * used);
        arq_reader_close(reader);
    }
    free(header);
    test_context_end(context, &memory);
    test_folder_remove(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *test = tcase_create("safetensors");
    tcase_set_timeout(test, 120);
    tcase_add_test(test, what_is_written_is_read_back);
    tcase_add_test(test, the_layout_is_the_documented_one);
    tcase_add_test(test, headers_of_other_writers_are_read);
    tcase_add_test(test, liars_are_refused);
    tcase_add_test(test, lengths_that_lie_are_refused);
    tcase_add_test(test, deep_nesting_is_refused);
    tcase_add_test(test, every_truncation_and_flip_is_survived);
    tcase_add_test(test, what_is_no_file_is_refused);
    tcase_add_test(test, links_and_permissions_stay);
    tcase_add_test(test, the_writer_refuses_what_it_could_not_read);
    tcase_add_test(test, every_failed_allocation_is_survived);
    tcase_add_test(test, memory_is_bounded_by_the_file);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
