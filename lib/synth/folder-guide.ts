/** `README.md` of the output folder: what each folder is, for whoever finds it. */
import { counted } from '../model/text';
import { BACKUP_METRICS_FOLDER, BACKUP_USER_FOLDER, FLUX_FOLDER, NAMESPACES_FOLDER } from '../model/folders';
import type { Inventory } from '../model/inventory';
import type { Folder } from './layout';

export function folderGuide(folders: readonly Folder[], { requiredSecrets }: Inventory): string {
  const rows = folders.map(
    (folder) => `| \`${folder.name}/\` | ${counted(folder.objects.length, 'object')} | ${describe(folder)} |`,
  );
  const secrets = requiredSecrets.map(
    ({ namespace, name, keys }) => `| \`${namespace}/${name}\` | ${keys.map((key) => `\`${key}\``).join(', ')} |`,
  );
  return `# What Flux reads

Written by synth, replaced as a whole, and never edited by hand: change the code, run \`npm run synth\`, and commit
both. \`SHA256SUMS\` tells which files somebody changed since.

| folder | holds | what it is |
| --- | --- | --- |
${rows.join('\n')}

\`kustomization.yaml\` names only \`${FLUX_FOLDER}/\`, where each other folder has a Flux Kustomization of its own: one broken
object stops its own folder and no other. \`inventory.json\` lists every dataset with its copies, and what all of it
assumes of the cluster.

${secrets.length === 0 ? '' : secretsGuide(secrets)}## When something is to come back

The \`copies\` of a dataset in \`inventory.json\` say where they are, and \`restore\` in each of them what it takes to get
them back. How that goes is described in the folder \`docs\` of the package \`cdk8s-backed-up\`: in \`volumes.md\` for what
Velero copies, in \`postgres.md\` for databases, in \`jobs.md\` for dumps and etcd, in \`gitea.md\`, \`buckets.md\`, and in
\`mirrors.md\` for what is left at a mirror.
`;
}

function secretsGuide(rows: readonly string[]): string {
  return `## Secrets that a person provides

Their values are not in here. Without them the copies of this folder are not made: \`keptIn\` in \`inventory.json\` says
where each is kept outside the cluster as well.

| Secret | keys |
| --- | --- |
${rows.join('\n')}

`;
}

function describe({ name, backup }: Folder): string {
  if (name === FLUX_FOLDER) return 'one Flux Kustomization per folder';
  if (name === NAMESPACES_FOLDER) return 'namespaces that nobody else brings; Flux never deletes them';
  if (name === BACKUP_USER_FOLDER) return 'the user that reads buckets; claims that let it wait for this folder';
  if (name === BACKUP_METRICS_FOLDER)
    return 'what Prometheus is told of backups; needs prometheus-operator, and nothing else waits for it';
  if (!backup) return 'an application; it waits for no backup tool';
  const app = name.replace(/-backup$/, '');
  return name === 'cluster-backup'
    ? 'storage locations, and jobs that belong to no application'
    : `how the data of \`${app}\` is copied; waits for the tools that do it`;
}
