/** Names of objects, where they have to be more than a path segment. */
import { groupOf, type KubeObject } from '../model/kube-object';
import { isDnsLabel, isDnsSubdomain, MAX_LABEL_LENGTH, MAX_SUBDOMAIN_LENGTH } from '../model/names';

export interface NameProblem {
  /** The end of a sentence that begins with the name. */
  readonly problem: string;
  /** A name like it that is taken. */
  readonly instead: string;
}

interface NameRule {
  readonly isLabel?: true;
  /** Fewer characters than the form allows, and why. */
  readonly max?: number;
  readonly why?: string;
}

/** Kinds whose names are more than subdomains (kubernetes v1.36.3, pkg/apis, asked of a kube-apiserver). */
const RULES: Readonly<Record<string, NameRule>> = {
  '/Namespace': { isLabel: true },
  '/Service': { isLabel: true },
  'batch/CronJob': { max: 52, why: 'a Job is named after it with eleven more' },
  'batch/Job': { max: MAX_LABEL_LENGTH, why: 'its pods carry it in a label' },
  // cloudnative-pg v1.30.0, internal/webhook/v1/cluster_webhook.go.
  'postgresql.cnpg.io/Cluster': { isLabel: true, max: 50, why: 'its Services and pods are named after it with more' },
  // pkg/controller/statefulset: the value is `<set>-<hash>`, and the hash of a new template has up to ten digits.
  'apps/StatefulSet': { isLabel: true, max: 52, why: 'its pods carry it with a hash in a label' },
};

/** Kinds whose names may be any path segment (`system:node`), or have to be made of other fields. */
const FREE = new Set([
  '/Event',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'certificates.k8s.io/CertificateSigningRequest',
  'certificates.k8s.io/ClusterTrustBundle',
  'events.k8s.io/Event',
  'networking.k8s.io/IPAddress',
  'policy/PodDisruptionBudget',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
]);

/** Why the API server refuses the name of an object, or the pods that are named after it. */
export function nameProblem({ apiVersion, kind, metadata: { name } }: KubeObject): NameProblem | undefined {
  const key = `${groupOf(apiVersion)}/${kind}`;
  const { isLabel = false, why, max = isLabel ? MAX_LABEL_LENGTH : MAX_SUBDOMAIN_LENGTH } = RULES[key] ?? {};
  const hasForm = isLabel ? isDnsLabel : isDnsSubdomain;
  if (FREE.has(key) || hasForm(name, max)) return undefined;
  const reason = why === undefined ? '' : `: ${why}`;
  return {
    problem: hasForm(name, name.length)
      ? `has ${name.length} characters, and ${max} are the most${reason}`
      : `must be of lower case letters, digits${isLabel ? " and '-'" : ", '-' and '.'"}, with a letter or digit at both ends`,
    instead: likeName(name, isLabel, max),
  };
}

function likeName(name: string, isLabel: boolean, max: number): string {
  const letters = name.toLowerCase().replaceAll(isLabel ? /[^a-z0-9]+/g : /[^a-z0-9.]+/g, '-');
  return (
    letters
      .slice(0, max)
      .replaceAll(/^[-.]+|[-.]+$/g, '')
      .replaceAll(/-*\.[-.]*/g, '.') || 'data'
  );
}
