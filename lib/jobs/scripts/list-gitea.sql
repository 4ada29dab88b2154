-- What a Gitea or Forgejo keeps in files, as its database says: the kind, the path below the folder of that kind, and, where
-- it knows them, the size and the SHA-256 (Gitea 1.26, models and modules of lfs, packages, attachments and avatars). Of a
-- branch or a tag the latter is the commit.
-- Paths are in UTF-8, whatever the encoding of the database.
set client_encoding = 'UTF8';
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
select 'Actions logs', log_filename, '', '' from action_task where log_in_storage and not log_expired and log_filename <> ''
union
-- 2: uploaded, and not expired.
select 'Actions artifacts', storage_path, '', '' from action_artifact where status = 2 and storage_path <> ''
order by 1, 2;
-- psql says nothing when the disk is full.
select 'end';
\o
