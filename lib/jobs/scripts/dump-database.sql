-- One database at one moment: a transaction that stays open while pg_dump reads what it sees. What pg_dump writes, what is
-- counted and what is listed are of this moment.

-- A server's own limits would end the transaction while pg_dump works; which of them exist depends on its version.
select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
 where name in ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout');
-- Rather an error than only those rows that the role may see.
set row_security = off;
set lock_timeout = '60s';
begin transaction isolation level repeatable read read only;
select pg_catalog.pg_export_snapshot() as snapshot \gset
-- Tables that belong to an extension are dumped only in part (pg_extension_config_dump). On a replica unlogged tables are
-- empty, and pg_dump leaves them out.
select coalesce(pg_catalog.array_agg(c.oid order by c.oid), '{}') as tables
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where relkind in ('r', 'p') and nspname !~ '^pg_' and nspname <> 'information_schema'
   and (relpersistence = 'p' or relpersistence = 'u' and not pg_catalog.pg_is_in_recovery())
   and not exists (select from pg_catalog.pg_depend d
                    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e') \gset

-- From here on nobody can empty, rewrite, rename or drop one of them until all is counted. No snapshot would keep the rows
-- of one that is emptied or rewritten.
select 'lock table ' || pg_catalog.string_agg(pg_catalog.format('only %I.%I', nspname, relname), ', ' order by c.oid)
       || ' in access share mode'
  from pg_catalog.unnest(:'tables'::pg_catalog.oid[]) as tables (oid)
  join pg_catalog.pg_class c on c.oid = tables.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
having pg_catalog.count(*) > 0 \gexec
set lock_timeout = 0;
-- What happened before the locks, and after the moment: functions know a table as it is now.
select coalesce(pg_catalog.string_agg(pg_catalog.format('%I.%I', nspname, relname), ', '), '') as changed
  from pg_catalog.unnest(:'tables'::pg_catalog.oid[]) as tables (oid)
  join pg_catalog.pg_class c on c.oid = tables.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where pg_catalog.to_regclass(pg_catalog.format('%I.%I', nspname, relname)) is distinct from c.oid
    or relkind = 'r' and pg_catalog.pg_relation_filenode(c.oid) is distinct from relfilenode \gset
\setenv SNAPSHOT :snapshot
\setenv CHANGED :changed
-- Locks that are not to be had at once will not be had later: see below.
\! if [ -n "${CHANGED:-}" ]; then echo "The dump failed to begin: meanwhile somebody has emptied, rewritten, renamed or dropped $CHANGED, so run it when nobody does" >"$DUMP_ERRORS"; else pg_dump --format=custom --lock-wait-timeout=10000 --snapshot="$SNAPSHOT" --file="$DUMP" 2>"$DUMP_ERRORS" && echo yes >"$DUMPED"; fi
\set is_dumped `[ -s "$DUMPED" ] && echo yes || echo no`
\if :is_dumped
  \o :counted
  \i /scripts/count-tables.sql
  -- The roles that the dump names, as the dump of roles makes them: owners, those with grants or policies, and those with
  -- settings for this database. Predefined ones every server has.
  set quote_all_identifiers = off;
  \o :named
  select 'CREATE ROLE ' || pg_catalog.quote_ident(rolname) || ';' from pg_catalog.pg_roles
   where rolname !~ '^pg_' and oid in (
     select refobjid from pg_catalog.pg_shdepend, pg_catalog.pg_database
      where datname = current_database() and refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
        and (dbid = pg_database.oid or classid = 'pg_catalog.pg_database'::pg_catalog.regclass and objid = pg_database.oid)
     union
     select setrole from pg_catalog.pg_db_role_setting, pg_catalog.pg_database
      where datname = current_database() and setdatabase = pg_database.oid)
   order by 1;
  \o
  \if :{?listing}
    \i :listing
  \endif
\else
  -- Whoever waits for the locks of this transaction keeps pg_dump waiting behind.
  select coalesce(pg_catalog.string_agg(distinct relation::pg_catalog.regclass::text, ', '), '') as awaited
    from pg_catalog.pg_locks where not granted and pg_catalog.pg_backend_pid() = any (pg_catalog.pg_blocking_pids(pid)) \gset
  \setenv AWAITED :awaited
  \! [ -s "$DUMP" ] || [ -z "${AWAITED:-}" ] || echo "pg_dump failed to lock $AWAITED, because somebody waits to empty, rewrite, rename or drop it: run it when nobody does" >"$DUMP_ERRORS"
\endif
commit;
