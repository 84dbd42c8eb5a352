"""A corpus: more captures than one machine holds, judged in shards, kept as Parquet, merged by DuckDB.

The room knows no engine that distributes work: `judge` is a function of a shard, and whoever can call a function many times can run it.
"""
