/*
 * The little a C++ test needs: checks that are counted and go on, and files that vanish. Works with and without
 * exceptions.
 */
#ifndef ARQ_TESTS_CPP_CHECK_HPP
#define ARQ_TESTS_CPP_CHECK_HPP

#include <cstdio>
#include <string>
#include <unistd.h>

namespace check
{

inline int failures = 0;

inline void report(bool holds, const char *file, int line, const char *text)
{
    if (!holds) {
        failures++;
        std::printf("%s:%d: %s\n", file, line, text);
    }
}

/* A path of this process's own, whose file is gone afterwards. */
class File
{
  public:
    explicit File(const char *name) : path_(std::string(name) + "." + std::to_string(getpid()))
    {
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File()
    {
        std::remove(path_.c_str());
    }
    const std::string &path() const
    {
        return path_;
    }

  private:
    std::string path_;
};

/* Runs the tests; the exit status of main. */
template <class Tests> int run(const Tests &tests)
{
    for (const auto &test : tests) {
        int before = failures;
        test.run();
        std::printf("%s %s\n", failures == before ? "ok  " : "FAIL", test.name);
    }
    return failures == 0 ? 0 : 1;
}

struct Test {
    const char *name;
    void (*run)();
};

} // namespace check

#define CHECK(condition) check::report((condition) ? true : false, __FILE__, __LINE__, #condition)

/* The expression throws an arq::Error of that status whose text contains the words. */
#define CHECK_FAILS(expression, wanted_status, words)                                                                  \
    do {                                                                                                               \
        bool as_wanted = false;                                                                                        \
        std::string got = "no error";                                                                                  \
        try {                                                                                                          \
            (void(), expression, void());                                                                              \
        } catch (const arq::Error &error) {                                                                            \
            got = std::string(arq_status_name(error.status())) + ": " + error.what();                                  \
            as_wanted = error.status() == (wanted_status) && got.find(words) != std::string::npos;                     \
        }                                                                                                              \
        check::report(as_wanted, __FILE__, __LINE__, (#expression ": " + got).c_str());                                \
    } while (0)

#endif
