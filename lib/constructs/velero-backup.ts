import { Chart, type Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { DEFAULT_SETTINGS, type VeleroTemplate } from '../methods/velero/settings';
import { demandGate, Ledger, originOf } from './ledger';

/** What differs from the defaults in the Backups of a namespace. */
export interface VeleroBackupProps {
  /** Whose Backups are meant. Default: the chart's namespace. */
  readonly namespace?: string;
  /** How long one snapshot may take to be ready. Default: 10 minutes, as Velero's. */
  readonly csiSnapshotTimeout?: Duration;
  /** How long the copying of all volumes may take; part of the achieved RPO. Default: 4 hours, as Velero's. */
  readonly itemOperationTimeout?: Duration;
  /**
   * How data leaves a volume. Default `data-mover`: from a CSI snapshot, whether or not a pod runs. `fs-backup` reads the
   * files of running pods as they are being written, of claims only; it is for storage that cannot make snapshots.
   */
  readonly volumes?: 'data-mover' | 'fs-backup';
  /**
   * Further fields of the Backups' spec, such as `hooks`. They win over ours, and the gate proves what comes out; what
   * follows from strategies and from the properties above is not among them.
   */
  readonly template?: VeleroTemplate;
}

/**
 * Settings for Velero's Backups of a namespace. The Schedules themselves follow from the strategies of its datasets, so
 * that this construct is only needed where the defaults do not fit.
 *
 * For each plan of the namespace and each location, `<chart>-backup/` gets a Schedule and a resource policy:
 *
 * @example
 * new VeleroBackup(this, 'velero', { itemOperationTimeout: Duration.hours(8) });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: forge-nightly-local
 * //   namespace: velero
 * // spec:
 * //   schedule: CRON_TZ=Europe/Berlin 17 3 * * *
 * //   template:
 * //     includedNamespaces:
 * //       - forge
 * //     itemOperationTimeout: 8h0m0s
 * //     …
 */
export class VeleroBackup extends Construct {
  constructor(scope: Construct, id: string, props: VeleroBackupProps = {}) {
    super(scope, id);
    const { csiSnapshotTimeout, itemOperationTimeout } = props;
    Ledger.of(this).veleroSettings.push({
      namespace: props.namespace ?? Chart.of(this).namespace ?? '',
      settings: {
        csiSnapshotTimeoutSeconds: secondsOf(csiSnapshotTimeout) ?? DEFAULT_SETTINGS.csiSnapshotTimeoutSeconds,
        itemOperationTimeoutSeconds: secondsOf(itemOperationTimeout) ?? DEFAULT_SETTINGS.itemOperationTimeoutSeconds,
        volumes: props.volumes ?? DEFAULT_SETTINGS.volumes,
        template: props.template ?? DEFAULT_SETTINGS.template,
      },
      at: originOf(this),
    });
    demandGate(this);
  }
}

/** Velero takes a time-out of zero for one that is not given (v1.18.3, pkg/controller/backup_controller.go). */
function secondsOf(duration: Duration | undefined): number | undefined {
  const seconds = duration?.toSeconds({ integral: false });
  return seconds === 0 ? undefined : seconds;
}
