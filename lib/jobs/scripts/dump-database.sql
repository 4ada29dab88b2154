-- One database at one moment: a transaction that stays open while others read what it sees. What pg_dump writes, what is
-- counted and what is listed are of this moment.

-- A server's own limits would end the transaction while pg_dump works; which of them exist depends on its version.
select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
 where name in ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout');
-- Rather an error than only those rows that the role may see.
set row_security = off;
begin transaction isolation level repeatable read read only;
select pg_catalog.pg_export_snapshot() as snapshot \gset
\setenv SNAPSHOT :snapshot
\! { pg_dump --format=custom --lock-wait-timeout=60000 --snapshot="$SNAPSHOT" --file="$DUMP" && psql -X -q -A -t -F "$(printf '\t')" -v ON_ERROR_STOP=1 -v snapshot="$SNAPSHOT" -f /scripts/count-tables.sql >"$COUNTED"; } 2>"$DUMP_ERRORS"; echo $? >"$DUMP_CODE"
-- After the dump, not before: locks that are held while pg_dump waits for its own would make a deadlock that the server
-- cannot see.
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
commit;
