/** All backup methods, by the names that the table of kinds gives them. */
import { CephMethodPlan } from './ceph/method';
import { CnpgMethodPlan } from './cnpg/method';
import { JobsMethodPlan } from './jobs/method';
import { VeleroMethodPlan } from './velero/method';
import type { MethodName } from '../model/kinds';
import type { MethodInput, MethodPlan } from './method';

/** The plans of all methods for one set of datasets. */
export interface MethodPlans extends Readonly<Record<MethodName, MethodPlan>> {
  readonly cnpg: CnpgMethodPlan;
  readonly jobs: JobsMethodPlan;
  readonly velero: VeleroMethodPlan;
  readonly ceph: CephMethodPlan;
}

export function planMethods(input: MethodInput): MethodPlans {
  return {
    cnpg: new CnpgMethodPlan(input),
    jobs: new JobsMethodPlan(input),
    velero: new VeleroMethodPlan(input),
    ceph: new CephMethodPlan(input),
  };
}
