"""Machine code: graphs lowered to LLVM, with the batch axis in the lanes of vector registers."""
