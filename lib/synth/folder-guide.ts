/** `README.md` of the output folder: what each folder is, for whoever finds it. */
import { counted } from '../model/text';
import { BACKUP_METRICS_FOLDER, BACKUP_USER_FOLDER, FLUX_FOLDER, NAMESPACES_FOLDER } from '../model/folders';
import type { Folder } from './layout';

export function folderGuide(folders: readonly Folder[]): string {
  const rows = folders.map(
    (folder) => `| \`${folder.name}/\` | ${counted(folder.objects.length, 'object')} | ${describe(folder)} |`,
  );
  return `# What Flux reads

Written by synth, replaced as a whole, and never edited by hand: change the code, run \`npm run synth\`, and commit
both. \`SHA256SUMS\` tells which files somebody changed since.

| folder | holds | what it is |
| --- | --- | --- |
${rows.join('\n')}

\`kustomization.yaml\` names only \`${FLUX_FOLDER}/\`, where each other folder has a Flux Kustomization of its own: one broken
object stops its own folder and no other. \`inventory.json\` lists every dataset with its copies, and what all of it
assumes of the cluster. Values of Secrets are not in here: \`inventory.json\` lists the ones that a person provides.
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
    ? 'what all backups share: storage locations'
    : `how the data of \`${app}\` is copied; waits for the tools that do it`;
}
