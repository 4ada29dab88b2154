-- One database, inside one transaction: what pg_dump writes and what is counted are of one moment.

-- A server's own limits would end the transaction while pg_dump works; which of them exist depends on its version.
select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
 where name in ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout');
-- Rather an error than only those rows that the role may see.
set row_security = off;
begin transaction isolation level repeatable read read only;
select pg_catalog.pg_export_snapshot() as snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --lock-wait-timeout=60000 --snapshot="$SNAPSHOT" --file="$DUMP" 2>"$DUMP_ERRORS"; echo $? >"$DUMP_CODE"

-- After the dump, not before: locks that are held while pg_dump waits for its own would make a deadlock that the server
-- cannot see. Tables that belong to an extension are dumped only in part (pg_extension_config_dump).
\o :counted
select pg_catalog.format('select pg_catalog.count(*), %L from only %I.%I',
         pg_catalog.replace(pg_catalog.format('"%s"."%s"', pg_catalog.replace(nspname, '"', '""'), pg_catalog.replace(relname, '"', '""')), E'\n', '\n'),
         nspname, relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema'
   -- On a replica unlogged tables are empty, and pg_dump leaves them out.
   and (relpersistence = 'p' or relpersistence = 'u' and not pg_catalog.pg_is_in_recovery())
   and not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
 order by nspname, relname \gexec
select pg_catalog.count(*), '(large objects)' from pg_catalog.pg_largeobject_metadata;
\o
\if :{?listing}
\i :listing
\endif
commit;
