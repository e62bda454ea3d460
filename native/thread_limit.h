// What calls from one thread are told beside what holds for all: a limit to their threads, and that
// their results go to memory that nobody has touched.
#pragma once

// For calls from this thread from now on: at most so many; 0 for no limit.  Returns what it was.
int limit_threads(int count);

// From now on: whether results are fresh memory.  The system clears it page by page as it is
// written to, and so brings it into the cache: stores that go past the cache (streaming) would only
// be slower. Returns what it was.
bool expect_fresh_memory(bool fresh);
