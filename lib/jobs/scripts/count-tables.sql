-- Counts the rows of each table, and large objects, at the moment of :snapshot, which another transaction keeps. Each table
-- is counted in a transaction of its own, because counting locks it and all of its indexes until the end, and a server has
-- room for some thousands of locks (max_locks_per_transaction).

select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
 where name in ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout') \g /dev/null
set row_security = off;
begin transaction isolation level repeatable read read only;
set transaction snapshot :'snapshot';
-- Tables that belong to an extension are dumped only in part (pg_extension_config_dump).
select pg_catalog.format('select pg_catalog.count(*), %L from only %I.%I',
         pg_catalog.replace(pg_catalog.format('"%s"."%s"', pg_catalog.replace(nspname, '"', '""'), pg_catalog.replace(relname, '"', '""')), E'\n', '\n'),
         nspname, relname),
       'commit',
       'begin transaction isolation level repeatable read read only',
       pg_catalog.format('set transaction snapshot %L', :'snapshot')
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema'
   -- On a replica unlogged tables are empty, and pg_dump leaves them out.
   and (relpersistence = 'p' or relpersistence = 'u' and not pg_catalog.pg_is_in_recovery())
   and not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
 order by nspname, relname \gexec
select pg_catalog.count(*), '(large objects)' from pg_catalog.pg_largeobject_metadata;
commit;
