/** What the API server refuses about workloads: the parts of one that have to agree with each other. */
import { at, isMapping, listAt, mappingAt, textAt, textMapAt, type KubeObject } from '../model/kube-object';
import { isSelectorProblem, parseLabelSelector } from '../model/label-selector';
import { isDataKey, isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue } from '../model/names';
import { parseQuantity } from '../model/quantity';
import { enumerated, UNKNOWN } from '../model/text';
import { fieldPath, type SchemaProblem } from './problems';

export function workloadRefusals(object: KubeObject, templatePath: readonly string[]): readonly SchemaProblem[] {
  const template = at(object, ...templatePath);
  if (!isMapping(template)) return [];
  const path = [...templatePath, 'spec'].join('.');
  return [
    ...selectorRefusals(object, textMapAt(template, 'metadata', 'labels')),
    ...restartRefusals(object, textAt(template, 'spec', 'restartPolicy'), path),
    ...podRefusals(template['spec'], path, listAt(object, 'spec', 'volumeClaimTemplates')),
  ];
}

function selectorRefusals(object: KubeObject, labels: Readonly<Record<string, string>>): readonly SchemaProblem[] {
  const given = at(object, 'spec', 'selector');
  const refused = (message: string): readonly SchemaProblem[] => [{ path: 'spec.selector', message }];
  if (given === undefined || given === null || !HAS_SELECTOR.has(object.kind)) return [];
  if (object.kind === 'Job' && at(object, 'spec', 'manualSelector') !== true)
    return refused('must be left out: Kubernetes makes that of a Job itself');
  // A ReplicationController has the labels themselves.
  const selector = parseLabelSelector(object.kind === 'ReplicationController' ? { matchLabels: given } : given);
  if (isSelectorProblem(selector)) return refused(selector.problem);
  if (selector.isEmpty) return object.kind === 'ReplicationController' ? [] : refused('must not be empty');
  if (selector.matches(labels)) return [];
  return refused(`must select the labels of the template, ${JSON.stringify(labels)}`);
}

const HAS_SELECTOR = new Set(['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet']);

function restartRefusals({ kind }: KubeObject, policy: string | undefined, path: string): readonly SchemaProblem[] {
  if (kind === 'Pod') return [];
  const isJob = kind === 'Job' || kind === 'CronJob';
  const isAllowed = isJob ? policy === 'Never' || policy === 'OnFailure' : (policy ?? 'Always') === 'Always';
  if (isAllowed) return [];
  return [
    { path: `${path}.restartPolicy`, message: `must be ${isJob ? '"Never" or "OnFailure"' : '"Always"'} in a ${kind}` },
  ];
}

/** @param claims the claim templates of a StatefulSet, which stand for volumes of their name. */
function podRefusals(spec: unknown, path: string, claims: readonly unknown[]): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [...nodeRefusals(spec, path)];
  const volumes = listAt(spec, 'volumes');
  for (const [index, volume] of volumes.entries()) {
    const where = `${path}.volumes[${index}]`;
    problems.push(...nameRefusals(volume, volumes.slice(0, index), where));
    // An empty source counts for none.
    const sources = Object.entries(isMapping(volume) ? volume : {}).flatMap(([field, source]) =>
      field === 'name' || source === null ? [] : [field],
    );
    if (sources.length > 1) problems.push({ path: where, message: `has several sources: ${enumerated(sources)}` });
  }
  const known = [
    ...volumes.map((volume) => textAt(volume, 'name')),
    ...claims.map((claim) => textAt(claim, 'metadata', 'name')),
  ].filter((name) => name !== undefined);
  const containers = ['containers', 'initContainers'].flatMap((field) =>
    listAt(spec, field).map((container, index) => ({ container, where: `${path}.${field}[${index}]` })),
  );
  for (const [index, { container, where }] of containers.entries()) {
    const before = containers.slice(0, index).map((other) => other.container);
    problems.push(
      ...nameRefusals(container, before, where),
      ...mountRefusals(container, known, where),
      ...resourceRefusals(at(container, 'resources'), `${where}.resources`),
      ...variableRefusals(container, where),
    );
  }
  return problems;
}

/** k8s.io/kubernetes v1.36.3, pkg/apis/core/validation: ValidateTolerations, ValidateNodeSelector's plain form. */
function nodeRefusals(spec: unknown, path: string): readonly SchemaProblem[] {
  const selector = Object.entries(textMapAt(spec, 'nodeSelector')).flatMap(([key, value]) => {
    const wrong = [
      ...(isLabelKey(key) ? [] : [`'${key}' is not a label key`]),
      ...(isLabelValue(value) ? [] : [`'${value}' is not a label value`]),
    ];
    return wrong.map((message) => ({ path: fieldPath(`${path}.nodeSelector`, key), message }));
  });
  const tolerations = listAt(spec, 'tolerations').flatMap((toleration, index) =>
    tolerationRefusals(toleration).map(({ path: field, message }) => ({
      path: `${path}.tolerations[${index}].${field}`,
      message,
    })),
  );
  return [...selector, ...tolerations];
}

function tolerationRefusals(toleration: unknown): readonly SchemaProblem[] {
  const { key = '', operator = 'Equal', value = '', effect = '' } = textMapAt(toleration);
  const problems: SchemaProblem[] = [];
  if (key !== '' && !isLabelKey(key)) problems.push({ path: 'key', message: `'${key}' is not a label key` });
  if (key === '' && operator !== 'Exists')
    problems.push({ path: 'operator', message: 'must be "Exists" where there is no key' });
  // The last two where a feature gate is on.
  if (!['Equal', 'Exists', 'Lt', 'Gt'].includes(operator))
    problems.push({ path: 'operator', message: 'must be "Equal" or "Exists"' });
  if (operator === 'Exists' && value !== '')
    problems.push({ path: 'value', message: 'must be left out where the operator is "Exists"' });
  if (operator === 'Equal' && !isLabelValue(value))
    problems.push({ path: 'value', message: `'${value}' is not a label value` });
  if (effect !== '' && !EFFECTS.includes(effect))
    problems.push({ path: 'effect', message: `must be ${EFFECTS.map((each) => `"${each}"`).join(' or ')}` });
  if (at(toleration, 'tolerationSeconds') !== undefined && effect !== 'NoExecute')
    problems.push({ path: 'effect', message: 'must be "NoExecute" where there are tolerationSeconds' });
  return problems;
}

const EFFECTS: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function resourceRefusals(resources: unknown, where: string): readonly SchemaProblem[] {
  return Object.entries(mappingAt(resources, 'requests')).flatMap(([name, request]) => {
    const limit = parseQuantity(at(resources, 'limits', name));
    const asked = parseQuantity(request);
    if (limit === undefined || asked === undefined || asked.bytes <= limit.bytes) return [];
    return [
      { path: fieldPath(`${where}.requests`, name), message: `${asked.text} is more than the limit, ${limit.text}` },
    ];
  });
}

/** Secrets and ConfigMaps that variables are read from. A name that nobody has filled in yet is refused by a rule of its own. */
function variableRefusals(container: unknown, where: string): readonly SchemaProblem[] {
  return listAt(container, 'env').flatMap((variable, index) =>
    ['secretKeyRef', 'configMapKeyRef'].flatMap((field) => {
      const { name, key } = textMapAt(variable, 'valueFrom', field);
      const path = `${where}.env[${index}].valueFrom.${field}`;
      return [
        ...(name === undefined || name === UNKNOWN || isDnsSubdomain(name)
          ? []
          : [
              {
                path: `${path}.name`,
                message: `'${name}' is not a name: lower case letters, digits, '-' and '.' make one`,
              },
            ]),
        ...(key === undefined || key === UNKNOWN || isDataKey(key)
          ? []
          : [{ path: `${path}.key`, message: `'${key}' is not a key: letters, digits, '-', '_' and '.' make one` }]),
      ];
    }),
  );
}

function nameRefusals(named: unknown, before: readonly unknown[], where: string): readonly SchemaProblem[] {
  const name = textAt(named, 'name');
  // The schema says that it is missing.
  if (name === undefined) return [];
  const path = `${where}.name`;
  if (!isDnsLabel(name))
    return [{ path, message: `'${name}' is not of lower case letters, digits and '-', at most 63` }];
  return before.some((other) => textAt(other, 'name') === name) ? [{ path, message: `'${name}' is there twice` }] : [];
}

function mountRefusals(container: unknown, known: readonly string[], where: string): readonly SchemaProblem[] {
  const unknownVolume = (name: string): string =>
    `there is no volume '${name}'${known.length === 0 ? '' : `, only ${enumerated(known.map((each) => `'${each}'`))}`}`;
  const problems = ['volumeMounts', 'volumeDevices'].flatMap((field) =>
    listAt(container, field).flatMap((mount, index): readonly SchemaProblem[] => {
      const name = textAt(mount, 'name');
      if (name === undefined || known.includes(name)) return [];
      return [{ path: `${where}.${field}[${index}].name`, message: unknownVolume(name) }];
    }),
  );
  const paths = listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'mountPath'));
  const twice = paths.findIndex((path, index) => path !== undefined && paths.indexOf(path) < index);
  if (twice < 0) return problems;
  const message = `'${paths[twice] ?? ''}' is there twice`;
  return [...problems, { path: `${where}.volumeMounts[${twice}].mountPath`, message }];
}
