import { ApiObject, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe } from 'vitest';
import { refuses } from '../support/rule-test';

describe('NetworkPolicies', () => {
  const labels = { app: 'db' };

  function served(scope: Construct): void {
    new k8s.KubeDeployment(scope, 'db', {
      metadata: { name: 'db' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'db', image: 'db:1.0', ports: [{ containerPort: 8080 }] }] },
        },
      },
    });
    new k8s.KubeService(scope, 'service', {
      metadata: { name: 'db' },
      spec: { selector: labels, ports: [{ port: 80, targetPort: k8s.IntOrString.fromNumber(8080) }] },
    });
  }

  refuses('network-policy-port', ['K12'], 'the port of the Service for packets that come in', {
    build: ({ chart }, changed) => {
      served(chart);
      new k8s.KubeNetworkPolicy(chart, 'policy', {
        metadata: { name: 'db' },
        spec: {
          podSelector: { matchLabels: labels },
          policyTypes: ['Ingress'],
          ingress: [{ ports: [{ port: k8s.IntOrString.fromNumber(changed ? 80 : 8080) }] }],
        },
      });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy paperless/db
            made by          example/policy
            because          80 is the port of the Service; the pods listen on 8080
            to fix           port: 8080
    `,
  });

  refuses('network-policy-port', ['K12'], 'the port of the Service for packets that go out to another namespace', {
    build: ({ app, chart }, changed) => {
      served(chart);
      const jobs = new Chart(app, 'jobs', { namespace: 'jobs' });
      new k8s.KubeNetworkPolicy(jobs, 'policy', {
        metadata: { name: 'dump' },
        spec: {
          podSelector: {},
          policyTypes: ['Egress'],
          egress: [
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'paperless' } },
                  podSelector: { matchLabels: labels },
                },
              ],
              ports: [{ port: k8s.IntOrString.fromNumber(changed ? 80 : 8080) }],
            },
          ],
        },
      });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy jobs/dump
            made by          jobs/policy
            because          80 is the port of the Service; the pods listen on 8080
            to fix           port: 8080
    `,
  });

  /** A policy for the pods of `served`, which lists the ports that it lets in. */
  function policy(scope: Construct, ...ports: readonly Record<string, unknown>[]): void {
    new ApiObject(scope, 'policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'db' },
      spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'], ingress: [{ ports }] },
    });
  }

  /** As {@link served}, with names for the ports of the pods and of the Service. */
  function servedByName(scope: Construct, port: Record<string, unknown> = { name: 'http', containerPort: 8080 }): void {
    new ApiObject(scope, 'db', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'db' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'db', image: 'db:1.0', ports: [port] }] },
        },
      },
    });
    new ApiObject(scope, 'service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: { selector: labels, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
    });
  }

  refuses('network-policy-port', ['K12'], 'the port of a Service that finds the port of the pods by name', {
    build: ({ chart }, changed) => {
      servedByName(chart);
      policy(chart, { port: changed ? 80 : 8080 });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy paperless/db
            made by          example/policy
            because          80 is the port of the Service; the pods listen on 8080
            to fix           port: 8080
    `,
  });

  refuses('network-policy-port', ['K12'], 'the name of the Service’s port, which the pods do not know', {
    build: ({ chart }, changed) => {
      servedByName(chart);
      policy(chart, { port: changed ? 'web' : 'http' });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy paperless/db
            made by          example/policy
            because          'web' is what the Service calls its port; the pods listen on 8080
            to fix           port: 8080
    `,
  });

  refuses('network-policy-port', ['K12'], 'a range of ports that ends before that of the pods', {
    build: ({ chart }, changed) => {
      servedByName(chart);
      policy(chart, { port: 80, endPort: changed ? 8079 : 8080 });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy paperless/db
            made by          example/policy
            because          80 is the port of the Service; the pods listen on 8080
            to fix           port: 8080
    `,
  });
});
