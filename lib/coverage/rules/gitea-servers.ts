/** Gitea and Forgejo: what a construct says of a server is what its pods show. */
import type { PlannedJob } from '../../methods/jobs/plan';
import { claimsReadBy } from '../../methods/jobs/declaration';
import { veleroCopies } from '../../methods/velero/plan';
import { distinctBy } from '../../model/collections';
import type { AnsweredDataset } from '../../model/answered';
import { giteaImage } from '../../model/database-images';
import { datasetKey } from '../../model/dataset';
import { strategiesOf } from '../../model/declaration';
import { describeObject, listAt, objectId, textAt } from '../../model/kube-object';
import { counted, PLACEHOLDERS } from '../../model/text';
import { podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type Remedy } from '../finding';
import { databaseNameProblem, databaseProblem, type Problem } from '../gitea-database-used';
import { FILES, placeOf } from '../gitea-places';
import { settingsOf, workloadsOf } from '../gitea-settings';
import { releasedGitea } from '../gitea-releases';
import { giteaJobs, isOfBackedUpGitea } from '../gitea-stores';
import {
  folderOn,
  giteaBackupRemedies,
  giteaOn,
  layoutIn,
  mountFor,
  mountsOf,
  repositoriesOf,
  usesSqlite,
  type GiteaVolume,
} from '../gitea-volumes';
import { describeServer, heldServerRemedies, serverOn, usesSqliteIn } from '../held-servers';
import { isDeclaredByItsMaker } from '../remedies';
import type { Rule } from '../rule';

export const giteaContradicted: Rule = {
  id: 'gitea-contradicted',
  heading: (n) =>
    `${counted(n, 'copy of Gitea', 'copies of Gitea')} of something else than what ${n === 1 ? 'its' : 'their'} pods use`,
  what: 'The pods of a Gitea, or the values of its HelmRelease, show another database, another place of the repositories or of other files, another program, another claim or more volumes than its copies are made of, or a version before 1.21.',
  why: 'Whoever has moved a Gitea to another database, and left the old one running, has a dump every night that is well in itself, and none of the database that is in use. Of several volumes the inventory would list all, and the job reads one.',
  fix: 'Let the construct say what the pods do, or the pods what the construct says.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});
new ApiObject(chart, 'gitea', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'gitea' },
  spec: {
    interval: '1h',
    chartRef: { kind: 'HelmChart', name: 'gitea' },
    values: { gitea: { config: { database: { DB_TYPE: 'postgres', HOST: 'db2-rw:5432' } } } },
  },
});
holds(chart, { helmRelease: 'gitea' }, {});
new GiteaBackup(chart, 'gitea-backup', {
  data: {
    claim: 'gitea-shared-storage',
    heldBy: { helmRelease: 'gitea' },
    storage: Size.gibibytes(50),
    storageClass: 'ceph-block',
    labels: { 'app.kubernetes.io/name': 'gitea' },
  },
  pods: { 'app.kubernetes.io/name': 'gitea' },
  layout: 'chart',
  image: 'docker.gitea.com/gitea:1.26.0-rootless',
  database: { cluster: 'db' },
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
});`,
  check: (context) =>
    distinctBy(giteaJobs(context), ({ dataset }) => datasetKey(dataset.id)).flatMap((job) =>
      [
        databaseProblem(job, context),
        databaseNameProblem(job, context),
        imageProblem(job, context),
        layoutProblem(job, context),
        ...filesProblems(job, context),
        volumesProblem(job),
        claimProblem(job, context),
      ]
        .filter((problem) => problem !== undefined)
        .map((problem) => ({ ...aboutDataset(job.dataset), ...problem })),
    ),
};

/** Its git has to understand what that of the server writes. */
function imageProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const own = giteaImage(job.images.gitea);
  const released = releasedGitea(job, context)?.image;
  const images = workloadsOf(job, context).flatMap((object) =>
    listAt(podTemplateOf(object), 'spec', 'containers').flatMap((container) => textAt(container, 'image') ?? []),
  );
  const [real, ...others] = [...images, ...(released === undefined ? [] : [released])].filter(
    (image) => giteaImage(image) !== undefined,
  );
  const tooOld = [real ?? job.images.gitea, ...others].find(isBefore121);
  if (tooOld !== undefined) {
    return {
      because: `its pods run ${tooOld}, and 1.21 is the oldest version whose database a job can ask`,
      remedies: inWords('upgrade it, or say with elsewhere who copies it, and how'),
    };
  }
  if (real === undefined) return undefined;
  const fits = (image: string): boolean => {
    const server = giteaImage(image);
    if (own === undefined || server === undefined) return image === job.images.gitea;
    const isSame = (field: 'major' | 'minor'): boolean =>
      own[field] === undefined || server[field] === undefined || own[field] === server[field];
    return own.program === server.program && isSame('major') && isSame('minor');
  };
  if ([real, ...others].some(fits)) return undefined;
  return {
    because: `its pods run ${real}, and '${job.name}' looks at its repositories with ${job.images.gitea}`,
    remedies: toFix(`image: '${real}'`),
  };
}

/** Older ones do not list branches in the database. */
function isBefore121(image: string): boolean {
  const { major, minor } = giteaImage(image) ?? {};
  return major === '1' && minor !== undefined && Number(minor) < 21;
}

/** What the values of a HelmRelease say of the claim that it is said to make. */
function claimProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const released = job.dataset.heldBy === undefined ? undefined : releasedGitea(job, context);
  if (released === undefined) return undefined;
  const { release, claim, withoutClaim } = released;
  const name = describeObject(objectId(release));
  const [read = ''] = claimsReadBy(job.declaration.source);
  if (claim !== undefined && claim !== read) {
    return {
      because: `the pods of ${name} have the claim '${claim}' (persistence.claimName), and the job reads '${read}'`,
      remedies: toFix(`claim: '${claim}'`),
    };
  }
  if (withoutClaim === undefined) return undefined;
  return {
    because: `${name} makes no claim, as its value ${withoutClaim} says, and the job reads '${read}' of it`,
    remedies: inWords(
      `take ${withoutClaim} away, or leave heldBy out and let the output or a file that alsoRead reads have the claim`,
    ),
  };
}

/** Each pod of a StatefulSet has a volume of its own. */
function volumesProblem({ dataset, declaration: { source } }: PlannedJob): Problem | undefined {
  if (dataset.claims.length < 2) return undefined;
  const [claim = ''] = claimsReadBy(source);
  return {
    because: `its ${dataset.claims.length} pods have a volume each, and the job reads that of one, '${claim}'`,
    remedies: toFix('replicas: 1'),
  };
}

function layoutProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const [claim = ''] = claimsReadBy(job.declaration.source);
  const looked = job.declaration.folders?.['repositories'];
  const set = settingsOf(job, context).get('repository.ROOT');
  const mount = releasedGitea(job, context)?.mount;
  if (mount !== undefined && mount.subPath !== '' && looked?.startsWith(`${mount.subPath}/`) !== true) {
    return {
      because: `its pods have the folder '${mount.subPath}' of the volume only (persistence.subPath), and the job looks for repositories in ${String(looked)} on it`,
      remedies: inWords(`say in layout where each folder is on the volume, all of them in '${mount.subPath}'`),
    };
  }
  const released =
    mount === undefined || typeof set !== 'string'
      ? []
      : [{ root: set, mountPath: mount.mountPath, folder: folderOn(mount, set) }];
  const shown = workloadsOf(job, context).flatMap((object) => repositoriesOf(object, claim, set) ?? []);
  const places = [...shown, ...released];
  const [place] = places;
  if (place === undefined || places.some(({ folder }) => folder === looked)) return undefined;
  return {
    because: `its pods keep repositories in ${place.root}, the volume is mounted at ${place.mountPath}, and the job looks for them in ${String(looked)} on it`,
    remedies: layoutRemedies(job, place.folder),
  };
}

/** The same of files that have a folder of their own, which are not in a bucket. */
function filesProblems(job: PlannedJob, context: GateContext): readonly Problem[] {
  const [claim = ''] = claimsReadBy(job.declaration.source);
  const shown = workloadsOf(job, context).flatMap((object) => mountsOf(object, claim));
  const released = releasedGitea(job, context);
  const mounts = shown.length > 0 || released === undefined ? shown : [released.mount];
  const { folders = {}, bucket } = job.declaration;
  const settings = settingsOf(job, context);
  return FILES.flatMap((files) => {
    const { path, isInBucket } = placeOf(files, settings) ?? {};
    const folder = folders[files];
    const mount = path === undefined ? undefined : mountFor(mounts, path.folder);
    if (isInBucket === true || path === undefined || mount === undefined || folder === undefined) return [];
    if (bucket?.files.includes(files) === true) return [];
    if (folderOn(mount, path.folder) === folder) return [];
    const { mountPath } = mount;
    return [
      {
        because: `its settings keep ${files} in ${path.folder} (${path.setting}), the volume is mounted at ${mountPath}, and the job looks for them in ${folder} on it`,
        remedies: inWords(
          isOfBackedUpGitea(job)
            ? `leave ${path.setting} out of config, or make the copies with GiteaBackup`
            : `say in layout where each folder is on the volume, or in settings ${path.own}: '${mountPath}/${folder}'`,
        ),
      },
    ];
  });
}

function layoutRemedies(job: PlannedJob, folder: string): readonly Remedy[] {
  if (isOfBackedUpGitea(job))
    return inWords('leave repository.ROOT out of config, or make the copies with GiteaBackup');
  const layout = layoutIn(folder);
  return layout === undefined
    ? inWords('say in layout where each folder is on the volume')
    : toFix(`layout: '${layout}'`);
}

export const giteaCopiedAlone: Rule = {
  id: 'gitea-copied-alone',
  heading: (n) =>
    `${counted(n, 'volume')} of Gitea ${n === 1 ? 'is' : 'are'} copied at another moment than ${n === 1 ? 'its' : 'their'} database`,
  what: 'A Gitea keeps its repositories on a volume that is backed up by snapshot, and nobody said that its database fits that. Of a HelmRelease the chart says so, `gitea` or `forgejo`.',
  why: 'What was pushed or uploaded between the two moments is in one of the copies only: the restored Gitea shows repositories, attachments and packages that it does not have.',
  fix: 'Copy both together with `GiteaBackup`. Where the database is SQLite, on the same volume, the snapshot has both: say so in a sentence.',
  example: `new BackedUpStatefulSet(chart, 'gitea', {
  podTemplate: {
    spec: {
      containers: [
        {
          name: 'gitea',
          image: 'docker.gitea.com/gitea:1.26.0-rootless',
          volumeMounts: [{ name: 'data', mountPath: '/var/lib/gitea' }],
        },
      ],
    },
  },
  volumes: { data: { storage: Size.gibibytes(50), backup: nightly({ to: offsite, keep: { daily: 7 } }) } },
});`,
  check: (context) =>
    context.copied.flatMap((dataset) => {
      const isSaid = strategiesOf(dataset.answer).some(
        (strategy) =>
          strategy.type === 'elsewhere' || ('crashConsistent' in strategy && strategy.crashConsistent !== undefined),
      );
      if (isSaid || veleroCopies(dataset).length === 0) return [];
      const problem = ofVisible(dataset, context) ?? ofHeld(dataset, context);
      if (problem === undefined) return [];
      const accepted = { label: 'if it has both', text: `crashConsistent: '${PLACEHOLDERS.crashConsistent}'` };
      return [{ ...aboutDataset(dataset), ...problem, remedies: [...problem.remedies, accepted] }];
    }),
};

function ofVisible(dataset: AnsweredDataset, context: GateContext): Problem | undefined {
  const gitea = giteaOn(dataset, context);
  if (gitea === undefined) return undefined;
  return {
    because: `${gitea.image} in ${describeObject(objectId(gitea.workload))} ${gitea.layout === undefined ? `mounts it at ${gitea.mountPath}, where its repositories may be` : 'keeps its repositories on it'}`,
    remedies: together(dataset, gitea, context),
  };
}

/** Of a release nobody sees the pods. */
function ofHeld(dataset: AnsweredDataset, context: GateContext): Problem | undefined {
  const server = serverOn(dataset, context);
  if (server?.program !== 'Gitea') return undefined;
  return {
    because: `${describeServer(server)} keeps its repositories on it, as far as names tell`,
    remedies: usesSqliteIn(server.release, context) ? [] : heldServerRemedies('in its place', dataset, server, context),
  };
}

function together(dataset: AnsweredDataset, gitea: GiteaVolume, context: GateContext): readonly Remedy[] {
  if (usesSqlite(gitea)) return [];
  return isDeclaredByItsMaker(dataset)
    ? inWords('make it a BackedUpGitea, which copies both together')
    : giteaBackupRemedies('in its place', dataset, gitea, context);
}
