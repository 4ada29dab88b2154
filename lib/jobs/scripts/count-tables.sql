-- Counts the rows of each of :tables, with its name and that of the topmost one that it is a partition of, and large objects.
-- Counting locks all indexes of a table, too, and a server has room for some thousands of locks
-- (max_locks_per_transaction), so these are given back one table after another.
with named as (
  select c.oid, nspname, relname, relkind, pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
           pg_catalog.format('"%s"."%s"', pg_catalog.replace(nspname, '"', '""'), pg_catalog.replace(relname, '"', '""')),
           E'\\', E'\\\\'), E'\n', E'\\n'), E'\t', E'\\t') as name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
)
select 'savepoint before',
       pg_catalog.format('select pg_catalog.count(*), %L, %L from only %I.%I', own.name, root.name, own.nspname, own.relname),
       'rollback to savepoint before',
       'release savepoint before'
  from pg_catalog.unnest(:'tables'::pg_catalog.oid[]) as tables (oid)
  join named own on own.oid = tables.oid
  join named root on root.oid = coalesce(pg_catalog.pg_partition_root(own.oid), own.oid)
 where own.relkind = 'r' order by own.name \gexec
select pg_catalog.count(*), '(large objects)', '(large objects)' from pg_catalog.pg_largeobject_metadata;
