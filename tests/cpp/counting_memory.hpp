/* Memory that knows whether everything came back. */
#ifndef ARQ_TESTS_CPP_COUNTING_MEMORY_HPP
#define ARQ_TESTS_CPP_COUNTING_MEMORY_HPP

#include "check.hpp"

#include <arq/arq.hpp>

#include <atomic>
#include <memory_resource>
#include <new>

/* Counts blocks; can be told to have no memory. */
class CountingMemory : public std::pmr::memory_resource
{
  public:
    std::atomic<long> blocks{0}, bytes{0};
    std::atomic<bool> empty{false};

  private:
    void *do_allocate(std::size_t size, std::size_t align) override
    {
        if (empty)
            throw std::bad_alloc();
        void *pointer = std::pmr::new_delete_resource()->allocate(size, align);
        blocks++;
        bytes += static_cast<long>(size);
        return pointer;
    }
    void do_deallocate(void *pointer, std::size_t size, std::size_t align) override
    {
        std::pmr::new_delete_resource()->deallocate(pointer, size, align);
        blocks--;
        bytes -= static_cast<long>(size);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override
    {
        return this == &other;
    }
};

/* Does `use` with a context that counts, and checks that nothing is left. */
template <class Use> void counted(Use use)
{
    CountingMemory memory;
    {
        arq::Context context(memory);
        use(context);
    }
    CHECK(memory.blocks == 0);
    CHECK(memory.bytes == 0);
}

#endif
