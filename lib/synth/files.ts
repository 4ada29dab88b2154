/** Folders and inventory → the files of the output. */
import type { Inventory } from '../model/inventory';
import { emitYaml } from '../yaml/emit';
import { describeOrigin } from '../coverage/finding';
import { folderGuide } from './folder-guide';
import { FLUX_FOLDER } from '../model/folders';
import { fileNames, sortedNames, type Folder } from './layout';

export function filesOf(folders: readonly Folder[], inventory: Inventory): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    const names = fileNames(folder.objects);
    for (const [rendered, name] of names) {
      files.set(`${folder.name}/${name}`, `# from ${describeOrigin(rendered.origin)}\n${emitYaml(rendered.object)}`);
    }
    files.set(`${folder.name}/kustomization.yaml`, kustomizationFile(sortedNames(names.values())));
  }
  // Flux is given only the Kustomizations; they name the other folders.
  files.set('kustomization.yaml', kustomizationFile([FLUX_FOLDER]));
  files.set('inventory.json', `${JSON.stringify(inventory, undefined, 2)}\n`);
  files.set('README.md', folderGuide(folders, inventory));
  return files;
}

/** Written out, so that Flux applies exactly these files and no stray one. */
function kustomizationFile(resources: readonly string[]): string {
  return emitYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}
