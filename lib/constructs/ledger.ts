/** Everything that is declared under one root construct. The gate reads it after the tree is complete. */
import { App, Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { Declaration, GrantDeclaration, OpaqueDeclaration, Origin } from '../model/declaration';
import type { JobDeclaration } from '../methods/jobs/declaration';
import type { SettingsDeclaration } from '../methods/velero/settings';

// By name and not by identity, so that two copies of this package in one node_modules share what was declared.
const LEDGER = Symbol.for('cdk8s-backed-up.ledger');

export class Ledger {
  /** The ledger of the tree that a construct is in. */
  static of(scope: IConstruct): Ledger {
    const root: IConstruct & { [LEDGER]?: Ledger } = App.of(scope);
    root[LEDGER] ??= new Ledger();
    return root[LEDGER];
  }

  readonly declarations: Declaration[] = [];
  readonly opaque: OpaqueDeclaration[] = [];
  readonly grants: GrantDeclaration[] = [];
  readonly jobs: JobDeclaration[] = [];
  readonly veleroSettings: SettingsDeclaration[] = [];
  /** What untyped or misplaced code got wrong, by the construct that it was said to. */
  readonly misused: { readonly path: string; readonly problem: string }[] = [];
  /** Name of the cluster, which is part of every store path; known once something checks the tree. */
  cluster = '';
  /** Whether something checks the tree before it is written. */
  gated = false;
  /** Whether writing it unchecked is an error. */
  demandsGate = false;

  private constructor() {}
}

export function originOf(scope: IConstruct): Origin & { readonly type: 'construct' } {
  return { type: 'construct', path: scope.node.path, chart: chartId(Chart.of(scope)) };
}

/** The chart of a declaration; where there is none, the gate says where it stands. */
export function chartFor(call: string, scope: IConstruct): Chart | undefined {
  const chart = scope.node.scopes.toReversed().find((around) => Chart.isChart(around));
  if (chart === undefined) {
    const problem = `${call}(…) stands in no chart: write ${call}(chart, …), or ${call}(this, …) in the chart's own code`;
    Ledger.of(scope).misused.push({ path: scope.node.path, problem });
  }
  return chart;
}

/** Names a chart's folder: its path in the tree, so that charts within charts have folders of their own. */
export function chartId(chart: Chart): string {
  return chart.node.path.replaceAll('/', '-');
}

/**
 * Makes the stock `synth` fail with the line to add: a declaration of ours that nobody checks only claims that there are
 * backups.
 */
export function demandGate(scope: IConstruct): void {
  const ledger = Ledger.of(scope);
  if (ledger.demandsGate) return;
  ledger.demandsGate = true;
  App.of(scope).node.addValidation({ validate: () => (ledger.gated ? [] : [UNGATED]) });
}

const UNGATED =
  'nothing checks the backups of this app: add requireBackups(app, { platform, … }) before app.synth(), or make it a BackedUpApp';
