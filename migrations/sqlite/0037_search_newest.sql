-- FTS5 knows the newest by their numbers.

