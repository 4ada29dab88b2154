-- What a Gitea or Forgejo keeps in files, as its database says: the kind, the path below the folder of that kind, and, where
-- it knows them, the size and the SHA-256 (Gitea 1.26, models and modules of lfs, packages, attachments and avatars). Of a
-- branch or a tag the latter is the commit. A size with a plus is the least that the file has.
-- Paths are in UTF-8, whatever the encoding of the database.
set client_encoding = 'UTF8';

-- Its tables are in a schema of its own where its settings say so (database.SCHEMA).
do $$
declare
  found name[] := (
    select pg_catalog.array_agg(nspname order by nspname) from pg_catalog.pg_namespace
     where 3 = (select pg_catalog.count(*) from pg_catalog.pg_class
                 where relnamespace = pg_namespace.oid and relname in ('repository', 'lfs_meta_object', 'attachment')));
begin
  if found is null then
    raise exception 'no schema has the tables of a Gitea';
  elsif pg_catalog.cardinality(found) > 1 then
    raise exception 'there are tables of a Gitea in several schemas: %', pg_catalog.array_to_string(found, ', ')
      using hint = 'drop those that are not in use, or give each Gitea a database of its own';
  end if;
  perform pg_catalog.set_config('search_path', pg_catalog.quote_ident(found[1]), false);
end $$;
\o :listed
with named as (
  select id, status, is_empty, lower(owner_name) || '/' || lower_name || '.git' as folder from repository
-- 1: a migration that goes on, or has failed. Gitea keeps the row of that one, and removes its folder (models/repo/repo.go,
-- services/task/migrate.go).
), ready as (select * from named where status <> 1)
select 'repositories', folder, '', '' from ready
union
select 'unfinished migrations', folder, '', '' from named where status = 1
union
select 'repositories with content', folder, '', '' from ready where not is_empty
union
-- 5: it may have a wiki, of which Gitea has nothing else in its database. Whoever deletes that in the settings takes the unit
-- away with it (services/wiki/wiki.go). With the id of the repository, which stays when that is renamed.
select 'enabled wikis', regexp_replace(folder, 'git$', 'wiki.git'), '', ready.id::text
  from ready join repo_unit on repo_unit.repo_id = ready.id and repo_unit.type = 5
union
-- Of Gitea 1.21 and later. What was deleted is there too, for those who want it back.
select 'branches', folder || '/refs/heads/' || name, '', commit_id
  from branch join ready on ready.id = repo_id where not is_deleted
union
-- Every tag has a row, also one without a release. A draft may have no tag yet.
select 'tags', folder || '/refs/tags/' || tag_name, '', sha1
  from release join ready on ready.id = repo_id where not is_draft and sha1 <> ''
union
select 'LFS objects', substr(oid, 1, 2) || '/' || substr(oid, 3, 2) || '/' || substr(oid, 5), size::text, oid from lfs_meta_object
union
-- Of Forgejo some are links to elsewhere.
select 'attachments', substr(uuid::text, 1, 1) || '/' || substr(uuid::text, 2, 1) || '/' || uuid, size::text, '' from attachment
 where coalesce(to_jsonb(attachment) ->> 'external_url', '') = ''
union
select 'package files', substr(hash_sha256, 1, 2) || '/' || substr(hash_sha256, 3, 2) || '/' || hash_sha256, size::text, hash_sha256
  from package_blob
union
-- Others are drawn again when they are asked for.
select 'avatars', avatar, '', '' from "user" where use_custom_avatar and avatar <> ''
union
select 'repository avatars', avatar, '', '' from repository where avatar <> ''
union
-- The size is that of the text, and the file may be compressed: then it is not empty (modules/actions/log.go).
select 'Actions logs', log_filename,
       case when log_size > 0 then case when log_filename like '%.zst' then '1' else log_size::text end || '+' else '' end, ''
  from action_task where log_in_storage and not log_expired and log_filename <> ''
union
-- 2: uploaded, and not expired. The compressed size is that of the file, also where nothing was compressed, and 0 where an upload
-- in its place has begun (routers/api/actions/artifacts_chunks.go and artifactsv4.go).
select 'Actions artifacts', storage_path, coalesce(nullif(file_compressed_size, 0)::text, ''), ''
  from action_artifact where status = 2 and storage_path <> ''
order by 1, 2;
-- psql says nothing when the disk is full.
select 'end';
\o
