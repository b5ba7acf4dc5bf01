// A cache made deep without running the model, to measure depths that would take hours to read.
#pragma once

#include <atomic>
#include <cstdint>

#include "dynsplit/status.h"

namespace dynsplit {

class Session;

// Appends `count` tokens whose keys and values are copies, with a little noise, of those that the
// session has read: runs of 64 tokens, each from a random place among the last 2,048, the sink left
// out. Tokens come along, so delimiters and keys belong together, and neighbours keep their
// relative rotation; but a copied key is rotated for the place it comes from, not for where it
// stands, and nothing attends to what is new. It is for time and memory: no answer after it means
// anything.
//
// From there on it is the path of what is read: pages, blocks, index. DD-Select goes on with what
// it learned of the tokens read, votes stay those of these. The same seed gives the same rows,
// whatever the engine's batch_tokens.
//
// InvalidArgument where the session has read no token after its sink of four; ResourceExhausted
// where context or memory are too small; Cancelled. Appended by then stays. Cost: about 60 us per
// token of 30 layers of three KV heads of 64; 4 bytes for each element of what is copied from.
Status FillSynthetically(Session* session, int64_t count, uint64_t seed = 0,
                         const std::atomic<bool>* cancel = nullptr);

}  // namespace dynsplit
