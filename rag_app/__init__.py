"""Ask your documents: retrieval-augmented answers whose quotations can be checked."""
