/** All rules, in the order in which their findings are printed. */
import type { Rule } from '../rule';
import * as answers from './answers';
import * as apiServer from './api-server';
import * as bucketGrants from './bucket-grants';
import * as bucketRights from './bucket-rights';
import * as buckets from './buckets';
import * as commands from './commands';
import * as copies from './copies';
import * as cronJobs from './cron-jobs';
import * as databases from './databases';
import * as declarations from './declarations';
import * as flux from './flux';
import * as fluxData from './flux-data';
import * as fluxOutput from './flux-output';
import * as fluxSource from './flux-source';
import * as gitea from './gitea';
import * as giteaServers from './gitea-servers';
import * as jobLimits from './job-limits';
import * as jobShutOut from './job-shut-out';
import * as jobs from './jobs';
import * as keys from './keys';
import * as locations from './locations';
import * as mirrors from './mirrors';
import * as networkPolicy from './network-policy';
import * as objects from './objects';
import * as platform from './platform';
import * as postgresArchive from './postgres-archive';
import * as postgresDump from './postgres-dump';
import * as postgresBackups from './postgres-backups';
import * as postgresRestore from './postgres-restore';
import * as postgresServer from './postgres-server';
import * as reasons from './reasons';
import * as secrets from './secrets';
import * as velero from './velero';
import * as veleroDatabases from './velero-databases';
import * as veleroInstall from './velero-install';
import * as veleroPlans from './velero-plans';
import * as veleroSelection from './velero-selection';
import * as veleroStorage from './velero-storage';

export const rules: readonly Rule[] = [
  answers.noStrategy,
  declarations.idleDeclaration,
  declarations.declaredTwice,
  answers.unlistedKind,
  answers.unlistedVolumeSource,
  answers.unansweredOpaque,
  answers.strategyMisfit,
  copies.unprovenStrategy,
  answers.noNamespace,
  declarations.impossibleClaim,
  reasons.thinReason,
  reasons.elsewhereMalformed,
  reasons.reviewDate,
  veleroPlans.veleroMissing,
  veleroInstall.veleroContradicted,
  veleroPlans.scheduleInvalid,
  veleroPlans.planName,
  veleroPlans.planDisagrees,
  veleroPlans.veleroSettings,
  veleroPlans.claimsIndistinguishable,
  jobs.jobUnready,
  velero.notCopied,
  velero.veleroDuration,
  velero.veleroNeverRuns,
  velero.veleroRefuses,
  veleroSelection.veleroSelectsNothing,
  veleroSelection.veleroCopiesNothing,
  veleroSelection.veleroPolicyIgnored,
  veleroSelection.veleroUnboundClaim,
  velero.veleroSkipImmediately,
  veleroSelection.veleroSecretsInClear,
  veleroStorage.veleroSharedPrefix,
  veleroStorage.veleroRepositoryPassword,
  bucketGrants.rookMissing,
  bucketGrants.backupUser,
  bucketGrants.bucketName,
  bucketGrants.bucketGrant,
  bucketGrants.bucketBeyondReading,
  bucketGrants.bucketLockout,
  mirrors.mirrorUngranted,
  mirrors.mirrorUntrusted,
  mirrors.mirrorOntoItself,
  buckets.bucketConfig,
  buckets.bucketClass,
  buckets.bucketClaimedTwice,
  bucketRights.bucketRightsOutside,
  bucketRights.cephGlobalReader,
  buckets.lifecycleExpiresBackups,
  databases.crashConsistent,
  postgresArchive.cnpgMissing,
  postgresArchive.postgresArchive,
  postgresRestore.postgresBaseCopies,
  postgresBackups.scheduledBackupSchedule,
  postgresBackups.scheduledBackupFails,
  postgresRestore.postgresArchiveShared,
  postgresRestore.postgresRecovery,
  postgresBackups.postgresSettingIgnored,
  postgresDump.postgresDump,
  postgresServer.postgresServer,
  giteaServers.giteaContradicted,
  giteaServers.giteaCopiedAlone,
  gitea.giteaBucket,
  gitea.mirrorOutOfStep,
  veleroDatabases.databaseCopiedAsFiles,
  copies.neverLeaves,
  keys.keysInside,
  keys.keysLeftOut,
  copies.rpoOutOfReach,
  copies.expiresTooSoon,
  locations.falseFailureDomain,
  fluxSource.fluxSourceInside,
  fluxSource.fluxSourceUnknown,
  locations.locationMalformed,
  locations.locationAmbiguous,
  locations.mirrorUnproven,
  locations.objectLockImpossible,
  objects.invalidConstruct,
  apiServer.unservedVersion,
  apiServer.objectName,
  apiServer.invalidObject,
  apiServer.refusedObject,
  secrets.secretWritten,
  secrets.helmHookWritten,
  objects.sameObjectTwice,
  objects.marksMissing,
  objects.claimTemplateMarks,
  objects.unreadableFile,
  objects.folderCollision,
  cronJobs.evidenceMissing,
  cronJobs.evidenceIdle,
  cronJobs.cronJobSchedule,
  commands.backupCommand,
  cronJobs.podSecurity,
  networkPolicy.networkPolicyPort,
  jobShutOut.jobShutOut,
  jobLimits.jobOverLimits,
  flux.substitution,
  flux.healthExpressions,
  flux.fluxDeadlock,
  fluxData.prunedData,
  fluxData.recreatedData,
  fluxData.unappliedClaim,
  fluxOutput.outputUnapplied,
  platform.platformMalformed,
  platform.outputElsewhere,
  platform.operatorMisspelt,
  reasons.reviewDue,
  veleroPlans.copiedAnyway,
];
