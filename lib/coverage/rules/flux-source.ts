/** The repository that Flux reads can be read when the cluster is gone. */
import type { AnsweredDataset } from '../../model/answered';
import { isExcluded } from '../../model/declaration';
import { textAt } from '../../model/kube-object';
import type { RenderedObject } from '../../model/rendered';
import { readSourceUrl } from '../../model/source-url';
import { PLACEHOLDERS } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, aboutObject, inWords, toFix } from '../finding';
import { describeServer } from '../served-hosts';
import { elsewhereLine } from '../remedies';
import type { Rule } from '../rule';

const ANSWER = `fluxRepository: ${elsewhereLine(PLACEHOLDERS.repositoryCopy)}`;

export const fluxSourceInside: Rule = {
  id: 'flux-source-inside',
  heading: () => 'Flux reads its repository from a server that Flux itself deploys',
  what: 'The server that Flux reads from runs in the cluster, and nobody copies the repository.',
  why: 'It works until it is needed: to rebuild the cluster one needs the repository, and to read the repository one needs the cluster.',
  fix: 'Mirror the repository to a server outside and answer `fluxRepository` with it.',
  example: `new ApiObject(chart, 'source', {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: 'flux-system', namespace: 'flux-system' },
  spec: { interval: '5m', url: 'http://gitea-http.forge.svc:3000/home/cluster.git', ref: { branch: 'main' } },
});
const fluxRepository = excluded('Every administrator has a clone on a laptop.');`,
  check: (context) => {
    const repository = uncopiedRepository(context);
    const source = sourceOf(context);
    const server = source.host === undefined ? undefined : context.servedHosts.serverOf(source.host);
    if (repository === undefined || server === undefined) return [];
    return [
      {
        ...(source.object === undefined
          ? aboutDataset(repository)
          : aboutObject(source.object.object, source.object.origin)),
        because: `it reads from ${describeServer(server)}`,
        remedies: toFix(ANSWER),
      },
    ];
  },
};

export const fluxSourceUnknown: Rule = {
  id: 'flux-source-unknown',
  heading: () => 'Nobody knows where Flux reads its repository from',
  what: 'Nobody copies the repository that Flux reads, and neither an object nor the platform says which server it is on.',
  why: 'If that server runs in the cluster, the description of the cluster is lost with it.',
  fix: 'State the URL in `flux.sourceRef.url`, or let `alsoRead` read the file that has the source.',
  example: `const fluxRepository = excluded('Every administrator has a clone on a laptop.');`,
  check: (context) => {
    const repository = uncopiedRepository(context);
    if (repository === undefined || sourceOf(context).host !== undefined) return [];
    const { kind, name } = context.platform.flux.sourceRef;
    return [
      {
        ...aboutDataset(repository),
        because: `it is left out, and no object shows the URL of ${kind} ${name}`,
        remedies: [
          ...toFix(`sourceRef: { kind: '${kind}', name: '${name}', url: '…' }`),
          ...inWords('name its URL there, or let alsoRead read the file that has it'),
        ],
      },
    ];
  },
};

/** The Flux repository, if nobody is said to copy it: then the server that it is read from has to survive. */
function uncopiedRepository({ answers }: GateContext): AnsweredDataset | undefined {
  return answers.answered.find(({ ref, answer }) => ref === 'fluxRepository' && isExcluded(answer));
}

interface Source {
  readonly object?: RenderedObject;
  /** Absent where nobody says it. */
  readonly host?: string;
}

function sourceOf(context: GateContext): Source {
  const { sourceRef, namespace = 'flux-system' } = context.platform.flux;
  const { kind, name, url } = sourceRef;
  const object = context.object({ group: 'source.toolkit.fluxcd.io', kind, namespace, name });
  // A Bucket names a server, the other kinds a URL.
  const shown = textAt(object?.object, 'spec', 'url') ?? textAt(object?.object, 'spec', 'endpoint');
  const host = readSourceUrl(shown ?? url ?? '')?.host;
  return {
    ...(shown === undefined || object === undefined ? {} : { object }),
    ...(host === undefined ? {} : { host }),
  };
}
