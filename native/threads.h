// Splitting one large array over threads.  Threads live for one call, so that there is no state
// for fork() or for the caller's own threads to trip over; 2^20 elements repay starting them.
#pragma once
#include <cstddef>

constexpr std::ptrdiff_t elements_worth_a_thread = std::ptrdiff_t{1} << 20;

// Calls part(context, begin, end) for parts that cover [0, count) items of so many elements each:
// one part on this thread if that is little, else one per thread.  Parts of single elements begin
// at multiples of 1024.
void in_parallel(std::ptrdiff_t count, std::ptrdiff_t elements,
                 void (*part)(void *, std::ptrdiff_t, std::ptrdiff_t), void *context);

int thread_count();
void set_thread_count(int count);  // 0 restores the default

// Bytes that the last-level cache holds.
std::size_t cache_bytes();
