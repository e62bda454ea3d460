// A limit to the threads that calls from one thread may use, beside the number for all.
#pragma once

// For calls from this thread from now on: at most so many; 0 for no limit.  Returns what it was.
int limit_threads(int count);
