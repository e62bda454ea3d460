// See threads.h.
#include "threads.h"

#include "thread_limit.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>

#if defined(_WIN32)
#include <thread>
#else
#include <pthread.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif
#endif

namespace {

constexpr int most_threads = 256;

int cores_allowed() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
#if defined(_WIN32)
  return static_cast<int>(std::thread::hardware_concurrency());
#else
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
#endif
}

int within_limits(long count) {
  return count < 1 ? 1 : count > most_threads ? most_threads : static_cast<int>(count);
}

int default_count() {
  const char *const names[] = {"OGIVE_NUM_THREADS", "OMP_NUM_THREADS"};
  for (const char *name : names) {
    const char *text = std::getenv(name);
    char *end = nullptr;
    const long count = text ? std::strtol(text, &end, 10) : 0;
    // OMP_NUM_THREADS may list one number per nesting level; the first is the outermost.
    if (text && end != text && (*end == '\0' || *end == ',') && count > 0)
      return within_limits(count);
  }
  return within_limits(cores_allowed());
}

std::atomic<int> chosen_count{0};
thread_local int limit = 0;
thread_local bool fresh = false;

struct Part {
  void (*run)(void *, std::ptrdiff_t, std::ptrdiff_t);
  void *context;
  std::ptrdiff_t begin, end;
};

#if !defined(_WIN32)
void *run_part(void *argument) {
  const Part &part = *static_cast<Part *>(argument);
  part.run(part.context, part.begin, part.end);
  return nullptr;
}
#endif

}  // namespace

int thread_count() {
  static const int at_start = default_count();
  const int chosen = chosen_count.load(std::memory_order_relaxed);
  const int count = chosen ? chosen : at_start;
  return limit && limit < count ? limit : count;
}

int limit_threads(int count) {
  const int before = limit;
  limit = count > 0 ? within_limits(count) : 0;
  return before;
}

void set_thread_count(int count) {
  chosen_count.store(count ? within_limits(count) : 0, std::memory_order_relaxed);
}

bool expect_fresh_memory(bool is_fresh) {
  const bool before = fresh;
  fresh = is_fresh;
  return before;
}

std::size_t cache_bytes() {
  if (fresh) return SIZE_MAX;  // nothing is too large for it
#if defined(_SC_LEVEL3_CACHE_SIZE)
  static const long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
  if (bytes > 0) return static_cast<std::size_t>(bytes);
#endif
  return std::size_t{32} << 20;
}

void in_parallel(std::ptrdiff_t count, std::ptrdiff_t elements,
                 void (*run)(void *, std::ptrdiff_t, std::ptrdiff_t), void *context) {
  std::ptrdiff_t parts = count * elements / elements_worth_a_thread;
  if (parts > count) parts = count;
  if (parts > thread_count()) parts = thread_count();
  if (parts < 2) return run(context, 0, count);
#if defined(_WIN32)
  run(context, 0, count);
#else
  Part part[most_threads];
  pthread_t thread[most_threads];
  bool started[most_threads];
  const std::ptrdiff_t multiple = elements == 1 ? 1024 : 1;
  const std::ptrdiff_t share = ((count + parts - 1) / parts + multiple - 1) / multiple * multiple;
  for (std::ptrdiff_t i = 0; i < parts; ++i) {
    const std::ptrdiff_t begin = i * share < count ? i * share : count;
    const std::ptrdiff_t end = i + 1 < parts && begin + share < count ? begin + share : count;
    part[i] = {run, context, begin, end};
  }
  for (std::ptrdiff_t i = 1; i < parts; ++i)
    started[i] = pthread_create(&thread[i], nullptr, run_part, &part[i]) == 0;
  run_part(&part[0]);
  for (std::ptrdiff_t i = 1; i < parts; ++i) {
    if (started[i]) {
      pthread_join(thread[i], nullptr);
    } else {
      run_part(&part[i]);  // no thread to be had: do its share here
    }
  }
#endif
}
