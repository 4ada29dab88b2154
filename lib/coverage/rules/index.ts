/** All rules, in the order in which their findings are printed. */
import type { Rule } from '../rule';
import * as answers from './answers';
import * as copies from './copies';
import * as locations from './locations';

export const rules: readonly Rule[] = [
  answers.noStrategy,
  answers.idleDeclaration,
  answers.declaredTwice,
  answers.unlistedKind,
  answers.unlistedVolumeSource,
  answers.unansweredOpaque,
  answers.strategyMisfit,
  answers.unprovenStrategy,
  answers.noNamespace,
  answers.thinReason,
  answers.reviewDate,
  copies.neverLeaves,
  copies.keysInside,
  copies.rpoOutOfReach,
  copies.expiresTooSoon,
  locations.falseFailureDomain,
  locations.fluxSourceInside,
  locations.locationMalformed,
  locations.locationAmbiguous,
  locations.mirrorUnproven,
  answers.reviewDue,
];
