/** The repository of charts that `dist/` names, with stand-ins that make what a backup has to see of the real ones. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { textAt } from '../../../lib/model/kube-object';
import { PAUSE_IMAGE } from '../../lab/images';
import { told, type Bucket } from '../../servers/support/bucket';
import { distObjects } from '../../servers/support/dist';
import { output } from '../../servers/support/tools';

/** The path of https://grafana.github.io/helm-charts, which so is that of a bucket. */
export const CHARTS_BUCKET = 'helm-charts';

const PUBLIC = { 'x-amz-acl': 'public-read' };

/** Makes those that HelmReleases of `dist/` ask for. Each suite does, and to the very same bytes. */
export async function publishCharts({ owner, name, put }: Bucket): Promise<void> {
  await told(owner, { method: 'PUT', path: `/${name}` });
  const charts = distObjects('monitoring')
    .filter(({ kind }) => kind === 'HelmRelease')
    .map(({ spec }) => ({
      name: textAt(spec, 'chart', 'spec', 'chart') ?? '',
      version: textAt(spec, 'chart', 'spec', 'version') ?? '',
    }));
  for (const chart of charts) await put(archiveOf(chart), await packed(chart), PUBLIC);
  const entries = charts.map((chart) => [chart.name, [{ apiVersion: 'v2', ...chart, urls: [archiveOf(chart)] }]]);
  await put('index.yaml', JSON.stringify({ apiVersion: 'v1', entries: Object.fromEntries(entries) }), PUBLIC);
}

interface Chart {
  readonly name: string;
  readonly version: string;
}

function archiveOf({ name, version }: Chart): string {
  return `${name}-${version}.tgz`;
}

/** What they are called, and how they are labelled, is what charts have in common since `helm create` writes it. */
const NAME =
  '{{ ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) }}';
const METADATA = `metadata:
  name: ${NAME}
  labels:
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
    app.kubernetes.io/name: {{ .Chart.Name }}
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}`;

const TEMPLATES = {
  'pvc.yaml': `{{- if .Values.persistence.enabled }}
apiVersion: v1
kind: PersistentVolumeClaim
${METADATA}
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: {{ .Values.persistence.size }}
{{- end }}
`,
  'deployment.yaml': `apiVersion: apps/v1
kind: Deployment
${METADATA}
spec:
  strategy:
    type: Recreate
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .Chart.Name }}
      app.kubernetes.io/instance: {{ .Release.Name }}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {{ .Chart.Name }}
        app.kubernetes.io/instance: {{ .Release.Name }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: ${PAUSE_IMAGE}
          volumeMounts:
            - name: storage
              mountPath: /var/lib/{{ .Chart.Name }}
      volumes:
        - name: storage
          {{- if .Values.persistence.enabled }}
          persistentVolumeClaim:
            claimName: ${NAME}
          {{- else }}
          emptyDir: {}
          {{- end }}
`,
};

async function packed(chart: Chart): Promise<Buffer> {
  const root = mkdtempSync(join(tmpdir(), 'backed-up-chart-'));
  try {
    const files = {
      'Chart.yaml': JSON.stringify({ apiVersion: 'v2', ...chart }),
      'values.yaml': JSON.stringify({ persistence: { enabled: false, size: '10Gi' } }),
      ...Object.fromEntries(Object.entries(TEMPLATES).map(([file, text]) => [join('templates', file), text])),
    };
    for (const [file, text] of Object.entries(files)) {
      const path = join(root, chart.name, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    const archive = join(root, archiveOf(chart));
    const sameBytes = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await output('tar', ['--create', '--gzip', ...sameBytes, '--file', archive, '--directory', root, chart.name]);
    return readFileSync(archive);
  } finally {
    rmSync(root, { recursive: true });
  }
}
