/** What the platform says of all jobs: one object that the API server refuses keeps Flux from applying its whole folder. */
import { describe } from 'vitest';
import type { Platform } from '../../lib';
import { refuses } from '../support/rule-test';
import { platform, rook } from '../support/scenario';

/** A platform, right and wrong, and what is said of it below the heading. */
function refusedPlatform(situation: string, right: Partial<Platform>, wrong: object, says: string): void {
  const count = (says.match(/✖/g) ?? []).length;
  refuses('platform-malformed', [], situation, {
    build: () => {},
    options: (changed) => ({ platform: changed ? (wrong as Partial<Platform>) : right }),
    says: `
      ${count === 1 ? '1 statement' : `${count} statements`} about the platform that cannot be true: [platform-malformed]
${says}`,
  });
}

describe('the platform', () => {
  refusedPlatform(
    'ranges of addresses that are none',
    { clusterRanges: ['10.244.0.0/16', 'fd00:10:96::/112'] },
    { clusterRanges: ['10.244.0.0', 'fd00:10:96::/112'] },
    `
        ✖ platform.clusterRanges
            because          '10.244.0.0' is no range of addresses: the API server would refuse the NetworkPolicy of every job that copies to the outside
            to fix           clusterRanges: ['10.244.0.0/16', 'fd00:10:96::/112']
    `,
  );

  refusedPlatform(
    'ranges of addresses with more bits than there are, or with none',
    { clusterRanges: ['10.244.0.0/32', 'fd00::/128'] },
    { clusterRanges: ['10.244.0.0/33', 'fd00::/0', 'pods'] },
    `
        ✖ platform.clusterRanges
            because          '10.244.0.0/33', 'fd00::/0' and 'pods' are no ranges of addresses: the API server would refuse the NetworkPolicy of every job that copies to the outside
            to fix           clusterRanges: ['10.244.0.0/16', 'fd00::/64', '10.244.0.0/16']
    `,
  );

  refusedPlatform(
    'ranges of addresses with bits behind their prefix (K09)',
    { clusterRanges: ['10.244.0.0/16', '10.96.16.0/20', 'fd00:10:90::/44', 'FD00:10:0:0::/64'] },
    { clusterRanges: ['10.244.0.7/16', '10.96.30.0/20', 'fd00:10:9f::/44', 'fd00:10::1:0:0:1/64'] },
    `
        ✖ platform.clusterRanges
            because          '10.244.0.7/16', '10.96.30.0/20', 'fd00:10:9f::/44' and 'fd00:10::1:0:0:1/64' are no ranges of addresses: the API server would refuse the NetworkPolicy of every job that copies to the outside
            to fix           clusterRanges: ['10.244.0.0/16', '10.96.16.0/20', 'fd00:10:90::/44', 'fd00:10::/64']
    `,
  );

  refusedPlatform(
    'a gateway at a range with bits behind its prefix (K09)',
    { rook: { ...rook, reachedAt: { cidrs: ['192.168.1.0/24'] } } },
    { rook: { ...rook, reachedAt: { cidrs: ['192.168.1.7/24', '10.0.0.0/8'] } } },
    `
        ✖ platform.rook.reachedAt
            because          {"cidrs":["192.168.1.7/24","10.0.0.0/8"]} names no ranges of addresses
            to fix           reachedAt: { cidrs: ['192.168.1.0/24', '10.0.0.0/8'] }
    `,
  );

  refusedPlatform(
    'a gateway at no address',
    { rook: { ...rook, reachedAt: { cidrs: ['192.168.1.0/24'] } } },
    { rook: { ...rook, reachedAt: { cidrs: [] } } },
    `
        ✖ platform.rook.reachedAt
            because          {"cidrs":[]} names no ranges of addresses
            to fix           reachedAt: { cidrs: ['192.168.1.0/24'] }
    `,
  );

  refusedPlatform(
    'names of classes that are none',
    { jobs: { scratchClass: 'ceph-block', priorityClassName: 'system-node-critical' } },
    { jobs: { scratchClass: 'Bad_Class', priorityClassName: 'Not_OK' } },
    `
        ✖ platform.jobs.priorityClassName
            because          'Not_OK' is not the name of a PriorityClass: lower case letters, digits, '-' and '.' make one
            what to do       write the name as the cluster has it, or leave it out
        ✖ platform.jobs.scratchClass
            because          'Bad_Class' is not the name of a StorageClass: lower case letters, digits, '-' and '.' make one
            what to do       write the name as the cluster has it, or leave it out
    `,
  );

  const registry = 'registry.example.net:5000';
  refusedPlatform(
    'images that are not pinned',
    { jobs: { images: { restic: `${registry}/restic:0.18.1`, etcd: `${registry}/etcd@sha256:${'a'.repeat(64)}` } } },
    { jobs: { images: { restic: '', rclone: `${registry}/rclone:latest`, etcd: `${registry}/etcd` } } },
    `
        ✖ platform.jobs.images.etcd
            because          'registry.example.net:5000/etcd' has neither a fixed tag nor a digest
            to fix           etcd: 'registry.example.net:5000/etcd:3.6.16-0'
        ✖ platform.jobs.images.rclone
            because          'registry.example.net:5000/rclone:latest' has neither a fixed tag nor a digest
            to fix           rclone: 'registry.example.net:5000/rclone:1.76.0'
        ✖ platform.jobs.images.restic
            because          '' has neither a fixed tag nor a digest
            to fix           restic: 'docker.io/restic/restic:0.18.1'
    `,
  );

  const digest = `sha256:${'a'.repeat(64)}`;
  refusedPlatform(
    'a client of PostgreSQL whose version nobody can tell',
    { jobs: { images: { postgres: `${registry}/postgres:18.1@${digest}` } } },
    { jobs: { images: { postgres: `${registry}/postgres@${digest}` } } },
    `
        ✖ platform.jobs.images.postgres
            because          'registry.example.net:5000/postgres@${digest}' does not say which version of PostgreSQL it has, and a server of another one is not dumped by it
            what to do       name the tag as well, as in 'registry.example.net:5000/postgres:18.1@sha256:…'
    `,
  );

  refusedPlatform(
    'a quantity that is none',
    { jobs: { resources: { cpu: '100m' } } },
    { jobs: { resources: { memoryLimit: 'lots' } } },
    `
        ✖ platform.jobs.resources.memoryLimit
            because          'lots' is not a quantity
            to fix           memoryLimit: '1Gi'
    `,
  );

  refusedPlatform(
    'more memory than there may be',
    { jobs: { resources: { memory: '2Gi', memoryLimit: '2Gi' } } },
    { jobs: { resources: { memory: '2Gi' } } },
    `
        ✖ platform.jobs.resources.memory
            because          '2Gi' is more than the memoryLimit, '1Gi'
            to fix           memoryLimit: '2Gi'
    `,
  );

  refusedPlatform(
    'more CPU than there may be',
    { jobs: { resources: { cpu: '2', cpuLimit: '2' } } },
    { jobs: { resources: { cpu: '2', cpuLimit: '1' } } },
    `
        ✖ platform.jobs.resources.cpu
            because          '2' is more than the cpuLimit, '1'
            to fix           cpuLimit: '2'
    `,
  );

  refusedPlatform(
    'a limit of CPU that is no quantity',
    { jobs: { resources: { cpuLimit: '1500m' } } },
    { jobs: { resources: { cpuLimit: 'one' } } },
    `
        ✖ platform.jobs.resources.cpuLimit
            because          'one' is not a quantity
            to fix           cpuLimit: '1'
    `,
  );

  refusedPlatform(
    'fields that nothing reads',
    {},
    {
      clusterRange: ['10.244.0.0/16'],
      jobs: { images: { restik: 'docker.io/restic/restic:0.18.1' }, priority: 'high' },
      flux: { ...platform.flux, operators: { ...platform.flux.operators, rok: 'rook-ceph' } },
    },
    `
        ✖ platform.clusterRange
            because          nothing reads it: did you mean clusterRanges?
            what to do       write one of cluster, timeZone, velero, cnpg, rook, storageClasses, clusterRanges, jobs and flux, or leave it out
        ✖ platform.flux.operators.rok
            because          nothing reads it: did you mean rook?
            to fix           rook: 'rook-ceph'
        ✖ platform.jobs.images.restik
            because          nothing reads it: did you mean restic?
            to fix           restic: 'docker.io/restic/restic:0.18.1'
        ✖ platform.jobs.priority
            because          nothing reads it
            what to do       write one of images, scratchClass, resources and priorityClassName, or leave it out
    `,
  );
});
