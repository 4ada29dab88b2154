/** NetworkPolicies of an application that keep away the jobs that copy its data. */
import { JOB_LABEL } from '../../methods/common-jobs';
import { groupBy } from '../../model/collections';
import { at, listAt, objectId, objectKey, type KubeObject } from '../../model/kube-object';
import {
  describeLabels,
  isSelectorProblem,
  labelsToPaste,
  NAMESPACE_LABEL,
  parseLabelSelector,
} from '../../model/label-selector';
import type { RenderedObject } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import { aboutObject, toFix } from '../finding';
import { keptOutBy, talksOf, type Talk } from '../ingress';
import type { Rule } from '../rule';

export const jobShutOut: Rule = {
  id: 'job-shut-out',
  heading: (n) => `${counted(n, 'NetworkPolicy', 'NetworkPolicies')} that keep${n === 1 ? 's' : ''} jobs out`,
  what: 'NetworkPolicies select the pods that a job talks to, such as those of a database or of a store in the cluster, and none of them lets in the pods of the job.',
  why: 'The NetworkPolicy of the job opens its own way out, and never the way in to others: its run waits for an answer until the deadline, every night.',
  fix: 'Add the printed rule to the policy’s `ingress`. The label `backed-up/job` is on the pods of the job, and on no others.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: [nightly({ to: offsite, keep: { daily: 14 } }), continuous({ to: offsite, restoreWindow: Duration.days(30) })],
});
new k8s.KubeNetworkPolicy(chart, 'policy', {
  metadata: { name: 'db' },
  spec: {
    podSelector: { matchLabels: { 'cnpg.io/cluster': 'db' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
    policyTypes: ['Ingress'],
  },
});`,
  check: (context) => {
    const shut = talksOf(context).flatMap((talk) => {
      const policy = closest(keptOutBy(talk, context));
      return policy === undefined ? [] : [{ talk, policy }];
    });
    const byPods = groupBy(shut, ({ talk: { labels, port }, policy: { object } }) =>
      JSON.stringify([objectKey(objectId(object)), labels, port]),
    );
    return [...byPods.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { object, origin } = first.policy;
      const talks = group.map(({ talk }) => talk);
      const jobs = talks.map(({ client: { name, namespace } }) => `CronJob ${namespace}/${name}`);
      return [
        {
          ...aboutObject(object, origin),
          because: `no policy lets ${enumerated(jobs)} in to port ${first.talk.port} of the pods with ${describeLabels(first.talk.labels)}`,
          remedies: toFix(ruleFor(talks, object)),
        },
      ];
    });
  },
};

/** The policy that is about these pods, rather than one for all of a namespace. */
function closest(policies: readonly RenderedObject[]): RenderedObject | undefined {
  return policies.find(({ object }) => selectsSome(at(object, 'spec', 'podSelector'))) ?? policies[0];
}

function selectsSome(podSelector: unknown): boolean {
  const parsed = parseLabelSelector(podSelector);
  return !isSelectorProblem(parsed) && !parsed.isEmpty;
}

/** A rule to add to others, or `ingress` itself where there is none. */
function ruleFor(talks: readonly Talk[], { metadata, ...policy }: KubeObject): string {
  const peers = [...groupBy(talks, ({ client }) => client.namespace)].map(([namespace, group]) => {
    const names = [...new Set(group.map(({ client }) => client.name))];
    const there =
      namespace === metadata.namespace
        ? []
        : [`namespaceSelector: { matchLabels: ${labelsToPaste({ [NAMESPACE_LABEL]: namespace })} }`];
    return `{ ${[...there, `podSelector: { ${podsOf(names)} }`].join(', ')} }`;
  });
  const rule = `{ from: [${peers.join(', ')}] }`;
  return listAt(policy, 'spec', 'ingress').length === 0 ? `ingress: [${rule}]` : rule;
}

function podsOf(jobs: readonly string[]): string {
  const [name = ''] = jobs;
  if (jobs.length === 1) return `matchLabels: ${labelsToPaste({ [JOB_LABEL]: name })}`;
  const values = jobs.map((job) => `'${job}'`).join(', ');
  return `matchExpressions: [{ key: '${JOB_LABEL}', operator: 'In', values: [${values}] }]`;
}
