/**
 * What the API server refuses although every field has the type that its schema wants: labels, selectors that do not
 * match, mounts of volumes that do not exist. Each of these was refused by a kube-apiserver 1.36.3.
 */
import { at, listAt, textAt, textMapAt, type KubeObject } from '../model/kube-object';
import { isSelectorProblem, parseLabelSelector } from '../model/label-selector';
import { PLAN_LABEL } from '../model/marks';
import { isDataKey, isDnsSubdomain, isLabelKey, isLabelValue, MAX_LABEL_LENGTH } from '../model/names';
import { parseQuantity } from '../model/quantity';
import { templatePathOf } from '../model/workloads';
import { workloadRefusals } from './pods';
import { fieldPath, type SchemaProblem } from './problems';

export function refusals(object: KubeObject): readonly SchemaProblem[] {
  return [...metadataRefusals(object.metadata, 'metadata'), ...kindRefusals(object)];
}

function kindRefusals(object: KubeObject): readonly SchemaProblem[] {
  const template = templatePathOf(object);
  if (template !== undefined) {
    const claims = listAt(object, 'spec', 'volumeClaimTemplates');
    return [
      ...(template.length === 0
        ? []
        : metadataRefusals(at(object, ...template, 'metadata'), `${template.join('.')}.metadata`)),
      ...workloadRefusals(object, template),
      ...claims.flatMap((claim, index) => claimRefusals(at(claim, 'spec'), `spec.volumeClaimTemplates[${index}].spec`)),
    ];
  }
  switch (`${object.apiVersion}/${object.kind}`) {
    case 'v1/PersistentVolumeClaim':
      return claimRefusals(object['spec'], 'spec');
    case 'v1/ConfigMap':
      return contentRefusals(object, { data: 'utf8', binaryData: 'base64' });
    case 'v1/Secret':
      return contentRefusals(object, { data: 'base64', stringData: 'utf8' });
    default:
      return [];
  }
}

/** k8s.io/apimachinery v0.36.3, pkg/api/validation/objectmeta.go */
const MAX_ANNOTATION_BYTES = 256 * 1024;

function metadataRefusals(metadata: unknown, path: string): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const [key, value] of Object.entries(textMapAt(metadata, 'labels'))) {
    // Made from the name of a plan, which has a rule of its own.
    if (key === PLAN_LABEL) continue;
    const where = fieldPath(`${path}.labels`, key);
    if (!isLabelKey(key)) problems.push({ path: where, message: `'${key}' is not a label key` });
    if (!isLabelValue(value))
      problems.push({ path: where, message: `${whyNoLabel(value)}; ${labelLike(value)} is one` });
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(textMapAt(metadata, 'annotations'))) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    // The server looks at the key in lower case.
    if (!isLabelKey(key.toLowerCase()))
      problems.push({ path: fieldPath(`${path}.annotations`, key), message: `'${key}' is not an annotation key` });
  }
  if (bytes > MAX_ANNOTATION_BYTES)
    problems.push({ path: `${path}.annotations`, message: `${bytes} bytes are more than 256 KiB` });
  return problems;
}

function whyNoLabel(value: string): string {
  return value.length > MAX_LABEL_LENGTH
    ? `has ${value.length} characters, and ${MAX_LABEL_LENGTH} are the most`
    : `'${value}' is not a label value`;
}

function labelLike(value: string): string {
  const letters = value.replaceAll(/[^\w.-]+/g, '-').slice(0, MAX_LABEL_LENGTH);
  return `'${letters.replaceAll(/^[-_.]+|[-_.]+$/g, '')}'`;
}

function claimRefusals(spec: unknown, path: string): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const storage = at(spec, 'resources', 'requests', 'storage');
  if (parseQuantity(storage)?.bytes === 0 || String(storage).startsWith('-'))
    problems.push({ path: `${path}.resources.requests.storage`, message: 'must be more than zero' });
  const modes = listAt(spec, 'accessModes');
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod'))
    problems.push({ path: `${path}.accessModes`, message: 'ReadWriteOncePod goes with no other mode' });
  const storageClass = textAt(spec, 'storageClassName') ?? '';
  if (storageClass !== '' && !isDnsSubdomain(storageClass))
    problems.push({ path: `${path}.storageClassName`, message: `'${storageClass}' is not the name of a class` });
  const selector = parseLabelSelector(at(spec, 'selector'));
  if (isSelectorProblem(selector)) problems.push({ path: `${path}.selector`, message: selector.problem });
  return problems;
}

/** kubernetes v1.36.3, pkg/apis/core/types.go: MaxSecretSize. */
const MAX_CONTENT_BYTES = 1024 * 1024;

/** @param fields and how the values in them are written. */
function contentRefusals(
  object: KubeObject,
  fields: Readonly<Record<string, 'utf8' | 'base64'>>,
): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  let bytes = 0;
  for (const [field, encoding] of Object.entries(fields)) {
    for (const [key, value] of Object.entries(textMapAt(object, field))) {
      bytes += Buffer.byteLength(value, encoding);
      if (isDataKey(key)) continue;
      problems.push({
        path: fieldPath(field, key),
        message: `'${key}' is not a key: letters, digits, '-', '_' and '.' make one`,
      });
    }
  }
  if (bytes > MAX_CONTENT_BYTES) problems.push({ path: 'data', message: `${bytes} bytes are more than 1 MiB` });
  return problems;
}
