/* SHA-256 against the examples of FIPS 180-4 and of NIST's CAVP, whole and in pieces. */
#include "io/sha256.h"
#include "test_support.h"

static const char *digest_of(const void *data, size_t bytes, size_t piece)
{
    static char text[2 * ARQ_SHA256_BYTES + 1];
    unsigned char digest[ARQ_SHA256_BYTES];
    arq_sha256 sha;
    arq_sha256_begin(&sha);
    for (size_t at = 0; at < bytes; at += piece) {
        arq_sha256_add(&sha, (const char *)data + at, piece < bytes - at ? piece : bytes - at);
    }
    arq_sha256_end(&sha, digest);
    arq_sha256_print(digest, text);
    return text;
}

static const struct {
    const char *text;
    size_t times;
    const char *digest;
} examples[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

START_TEST(published_examples)
{
    size_t length = strlen(examples[_i].text);
    size_t bytes = length * examples[_i].times;
    char *data = malloc(bytes + 1);
    for (size_t i = 0; i < examples[_i].times; i++) {
        memcpy(data + i * length, examples[_i].text, length);
    }
    ck_assert_str_eq(digest_of(data, bytes, bytes + 1), examples[_i].digest);
    for (size_t piece = 1; piece < 200; piece += bytes < 1000 ? 1 : 61) {
        ck_assert_str_eq(digest_of(data, bytes, piece), examples[_i].digest);
    }
    free(data);
}
END_TEST

/* A bit anywhere, and a byte more: another hash. Lengths around one and two blocks are where padding goes wrong. */
START_TEST(every_length_and_bit_counts)
{
    unsigned char data[200] = {0};
    char seen[200][2 * ARQ_SHA256_BYTES + 1];
    for (size_t bytes = 0; bytes < sizeof(data); bytes++) {
        strcpy(seen[bytes], digest_of(data, bytes, 7));
        ck_assert_str_eq(seen[bytes], digest_of(data, bytes, 64));
        for (size_t other = 0; other < bytes; other++) {
            ck_assert_str_ne(seen[bytes], seen[other]);
        }
    }
    for (size_t bit = 0; bit < 8 * 130; bit++) {
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert_str_ne(digest_of(data, 130, 200), seen[130]);
        data[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sha256");
    TCase *test = tcase_create("sha256");
    tcase_add_loop_test(test, published_examples, 0, sizeof(examples) / sizeof(examples[0]));
    tcase_add_test(test, every_length_and_bit_counts);
    suite_add_tcase(suite, test);
    return run_suite(suite);
}
