/** Awkward data for PostgreSQL, and how two servers are compared without any tool of the backup. */
import { postgresDump, type PostgresDumpOptions } from '../../../lib/jobs/postgres';
import type { Source } from '../../../lib/jobs/step';
import type { DatasetId } from '../../../lib/model/dataset';
import type { PostgresServer } from './postgres';

export const POSTGRES_DATASET: DatasetId = {
  group: 'apps',
  kind: 'StatefulSet',
  namespace: 'forge',
  name: 'db',
  part: { type: 'template', name: 'data' },
};

export function postgresSource(server: PostgresServer): Source {
  return postgresDump(postgresOptions(server));
}

export function postgresOptions(server: PostgresServer): PostgresDumpOptions {
  return {
    host: '127.0.0.1',
    port: server.port,
    server: { namespace: 'forge', labels: { app: 'db' }, port: 5432 },
    user: { secret: 'db-superuser', key: 'username' },
    password: { secret: 'db-superuser', key: 'password' },
  };
}

/** Quotes, a backslash, what connection strings and shells read, and a newline at the end. */
export const AWKWARD_NAME = `a b'c"d\\e=f$g/é日\n`;

const TABLES = String.raw`
create role reader login password 'secret';
create schema app;
create table app.items (id bigint generated always as identity primary key, text text, twice int generated always as (length(text) * 2) stored);
insert into app.items(text) select 'row ' || n from generate_series(1, 5000) n;
insert into app.items(text) values (E'line\nbreak'), (E'\\.'), (E'COPY public.x (a) FROM stdin;'), (E'tab\there'), (null), (''), ('日本 ünï 🙂'), ('\N');
create table app.large (id int, value text, bytes bytea);
insert into app.large values (1, repeat('x', 5000000), decode(repeat('00ff', 100000), 'hex'));
create table app.empty (id int);
create table app.nothing ();
insert into app.nothing default values;
insert into app.nothing default values;
create table "Ünï ""quoted"".name" ("a b" int, "c, (d) FROM stdin;" text);
insert into "Ünï ""quoted"".name" values (1, 'one'), (2, 'two');
create table "new
line" ("x" int);
insert into "new
line" values (7);
create table app.parts (id int, day date) partition by range (day);
create table app.parts_2026 partition of app.parts for values from ('2026-01-01') to ('2027-01-01');
create table app.parts_rest partition of app.parts default;
insert into app.parts select n, date '2025-12-30' + n from generate_series(1, 10) n;
create table app.parent (id int);
create table app.child (more text) inherits (app.parent);
insert into app.parent values (1);
insert into app.child values (2, 'two'), (3, 'three');
create unlogged table app.unlogged (id int);
insert into app.unlogged values (1);
create table app.owned (owner text, value text);
alter table app.owned enable row level security;
alter table app.owned force row level security;
create policy mine on app.owned using (owner = current_user);
insert into app.owned values ('alice', 'a'), ('bob', 'b');
grant select on app.items to reader;
create materialized view app.summary as select count(*) as n from app.items;
create extension hstore;
select lo_from_bytea(0, decode(repeat('ab', 50000), 'hex'));
select lo_from_bytea(0, '\x');
create type app.mood as enum ('calm', 'glad', 'sad');
create table app.moods (id int, mood app.mood) partition by hash (mood);
create table app.moods_0 partition of app.moods for values with (modulus 2, remainder 0);
create table app.moods_1 partition of app.moods for values with (modulus 2, remainder 1) partition by list (id);
create table app.moods_1_rest partition of app.moods_1 default;
insert into app.moods select n, (enum_range(null::app.mood))[1 + n % 3] from generate_series(1, 30) n;
create table app."a${'\t'}b" (id int);
create table app."a${'\t'}c" (id int);
create table "new\nline" (id int);
insert into app."a${'\t'}b" values (1), (2);
insert into app."a${'\t'}c" values (1);
`;

/** Bytes that are no UTF-8, and the name of a role, which is the same bytes in databases of all encodings. */
const OTHER_ENCODINGS: Readonly<Record<string, string>> = {
  LATIN1: `create table kept (text text); alter table kept owner to "müller"; insert into kept values (E'\\xfc');
           create table "grün" (id int); insert into "grün" values (1); alter database "LATIN1" set client_encoding = 'UTF8'`,
  SQL_ASCII: `create table kept (text text); insert into kept values (E'\\xff\\xfe')`,
};

/** Those that CloudNativePG makes in each new Cluster, besides postgres. */
export const CNPG_ROLES = ['streaming_replica', 'app'];

export async function fillPostgres(server: PostgresServer): Promise<void> {
  for (const role of CNPG_ROLES) await server.sql(`create role ${role} login password '${role}'`);
  await server.sql('create database app owner app');
  await server.sql(`create database ${quoteIdentifier(AWKWARD_NAME)};`);
  await server.sql('create database hollow;');
  await server.sql(TABLES, 'app');
  await server.sql('create role "müller"');
  for (const [encoding, tables] of Object.entries(OTHER_ENCODINGS)) {
    await server.sql(`create database "${encoding}" encoding '${encoding}' locale 'C' template template0`);
    await server.sql(tables, encoding);
  }
  for (const database of [AWKWARD_NAME, 'postgres'])
    await server.sql('create table kept (id int); insert into kept values (42);', database);
}

/** Of a server that can lock some 800 tables at a time. */
export const FEW_LOCKS = {
  max_locks_per_transaction: '10',
  max_connections: '20',
  max_worker_processes: '1',
  autovacuum_worker_slots: '1',
};

/** Tables with three indexes each, and a row in every one. */
export async function makeTables(server: PostgresServer, count: number): Promise<void> {
  await server.sql(
    `do $$ begin for n in 1..${count} loop
       execute format('create table t%s (a int primary key, b int unique, c int unique)', n);
       execute format('insert into t%s values (1, 1, 1)', n);
       commit;
     end loop; end $$`,
  );
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Every row of every table, large object, sequence, role, owner and grant. Rows of partitions together, because hashes of an
 * enum differ between servers.
 *
 * @param own the roles whose passwords are the server's own.
 */
const digestQuery = (own: readonly string[]): string => `
select 'table', format('%I.%I', nspname, relname),
       (xpath('/row/d/text()', query_to_xml(format(
         'select count(*) || '' '' || md5(coalesce(string_agg(md5(t::text), '','' order by t::text collate "C"), '''')) as d from %s %I.%I t',
         case relkind when 'p' then '' else 'only' end, nspname, relname), false, true, '')))[1]::text
  from pg_class c join pg_namespace n on n.oid = relnamespace
 where relkind in ('r', 'p', 'm') and not relispartition and nspname !~ '^pg_' and nspname <> 'information_schema'
union all
select 'sequence', schemaname || '.' || sequencename, coalesce(last_value, -1)::text from pg_sequences
union all
select 'large object', oid::text, md5(lo_get(oid)) from pg_largeobject_metadata
union all
select 'role', rolname, md5(rolpassword) from pg_authid where rolname !~ '^pg_' and rolname <> all ('{${own}}')
union all
select 'owner', format('%I.%I', nspname, relname), rolname
  from pg_class c join pg_namespace n on n.oid = relnamespace join pg_authid o on o.oid = relowner
 where relkind in ('r', 'p', 'm') and nspname !~ '^pg_' and nspname <> 'information_schema'
union all
select 'grant', relname, relacl::text from pg_class where relname = 'items'
union all
select 'policy', tablename, qual from pg_policies
order by 1, 2, 3;
`;

/** @param own the roles whose passwords are the server's own. */
export async function postgresDigest(
  server: PostgresServer,
  own: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const databases = await server.sql(
    `select encode(convert_to(datname, 'UTF8'), 'base64') from pg_database where not datistemplate order by datname`,
  );
  const digests: Record<string, string> = {};
  for (const encoded of databases.split('\n')) {
    const name = Buffer.from(encoded, 'base64').toString('utf8');
    digests[name] = await server.sql(digestQuery(own), name);
  }
  return digests;
}
