import { createServer } from 'node:http';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mappingAt, numberAt, type Mapping } from '../../lib/model/kube-object';
import { generateClasses } from '../../scripts/imports/classes';
import { closedResource } from '../../scripts/imports/closed-schema';
import { customResources, type CustomResource } from '../../scripts/imports/crd';
import { fetchSource } from '../../scripts/imports/fetch';
import { builtInKinds } from '../../scripts/imports/kubernetes';
import { shareEqualParts } from '../../scripts/imports/share';
import type { CrdSource } from '../../scripts/imports/sources';

const SOURCE: CrdSource = {
  name: 'Example',
  module: 'example.com/widgets',
  version: 'v1.2.3',
  upstream: 'https://example.com/{version}/{file}',
  files: ['crds.yaml'],
  kinds: { 'example.com/v1': ['Widget'] },
};

function widget(spec: Mapping): CustomResource {
  const schema = { type: 'object', properties: { spec: { type: 'object', ...spec } } };
  return { group: 'example.com', version: 'v1', kind: 'Widget', schema, source: SOURCE };
}

function closedSpec(spec: Mapping): unknown {
  return mappingAt(closedResource(widget(spec)), 'properties', 'spec');
}

describe('closed schemas of custom resources', () => {
  it('list what every object has, and leave the status open', () => {
    const schema = {
      type: 'object',
      description: 'A widget.',
      required: ['spec'],
      properties: {
        metadata: { type: 'object' },
        spec: { type: 'object' },
        status: { type: 'object', properties: {} },
      },
    };
    expect(closedResource({ ...widget({}), schema })).toEqual({
      type: 'object',
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { $ref: '#/$defs/meta.v1.ObjectMeta' },
        spec: { type: 'object', additionalProperties: false },
        status: { type: 'object' },
      },
      additionalProperties: false,
    });
  });

  it('tell the names of fields from keywords', () => {
    expect(
      closedSpec({
        properties: { description: { type: 'string', description: 'words' }, default: { type: 'boolean' } },
      }),
    ).toEqual({
      type: 'object',
      properties: { description: { type: 'string' }, default: { type: 'boolean' } },
      additionalProperties: false,
    });
  });

  it('stay open where the API server keeps unknown fields, for lists in their members too', () => {
    const member = { type: 'object', properties: { name: { type: 'string' } } };
    const keep = { 'x-kubernetes-preserve-unknown-fields': true };
    expect(
      closedSpec({
        properties: { one: { ...member, ...keep }, many: { type: 'array', items: member, ...keep }, any: keep },
      }),
    ).toEqual({
      type: 'object',
      properties: { one: member, many: { type: 'array', items: member }, any: {} },
      additionalProperties: false,
    });
  });

  it('translate numbers or texts, mappings, embedded objects and null', () => {
    expect(
      closedSpec({
        properties: {
          port: {
            'x-kubernetes-int-or-string': true,
            anyOf: [{ type: 'integer' }, { type: 'string' }],
            nullable: true,
          },
          labels: { type: 'object', additionalProperties: { type: 'string', format: 'uri', maxLength: 3 } },
          claim: { type: 'object', 'x-kubernetes-embedded-resource': true },
        },
      }),
    ).toEqual({
      type: 'object',
      properties: {
        port: { type: ['integer', 'string'] },
        labels: { type: 'object', additionalProperties: { type: 'string', maxLength: 3 } },
        claim: {
          type: 'object',
          properties: {
            apiVersion: { type: 'string' },
            kind: { type: 'string' },
            metadata: { $ref: '#/$defs/meta.v1.ObjectMeta' },
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    });
  });

  it('do not ask for a field that has a default', () => {
    const properties = { size: { type: 'string' }, instances: { type: 'integer', default: 1 } };
    expect(closedSpec({ properties, required: ['instances', 'size'] })).toHaveProperty('required', ['size']);
    expect(closedSpec({ properties, required: ['instances'] })).not.toHaveProperty('required');
  });

  it('refuse a pattern that JavaScript does not read', () => {
    expect(() =>
      closedSpec({ properties: { names: { type: 'array', items: { type: 'string', pattern: '\\Aa' } } } }),
    ).toThrow(
      'Widget.spec.names[] has a pattern that JavaScript cannot read: SyntaxError: Invalid regular expression: /\\Aa/u',
    );
  });
});

function inTwoPlaces(schema: Mapping): Mapping {
  return { one: { properties: { part: schema } }, two: { items: schema } };
}

describe('equal parts of schemas', () => {
  const text = { type: 'string', pattern: 'x'.repeat(100) };
  const part = { type: 'object', properties: { long: text }, additionalProperties: false };

  it('are written once, whatever the order of their fields', () => {
    const { type, properties, additionalProperties } = part;
    const reordered = { additionalProperties, properties, type };
    expect(
      shareEqualParts({
        A: { type: 'object', properties: { part } },
        B: { type: 'object', properties: { other: { type: 'array', items: reordered } } },
      }),
    ).toEqual({
      part,
      A: { type: 'object', properties: { part: { $ref: '#/$defs/part' } } },
      B: { type: 'object', properties: { other: { type: 'array', items: { $ref: '#/$defs/part' } } } },
    });
  });

  it('get different names where different parts stand in fields of one name', () => {
    const other = { ...part, required: ['long'] };
    const shared = shareEqualParts({
      A: { properties: inTwoPlaces(part) },
      B: { properties: inTwoPlaces(other) },
    });
    expect(Object.keys(shared)).toEqual(['part', 'long', 'part-2', 'A', 'B']);
    expect(shared['B']).toEqual({ properties: inTwoPlaces({ $ref: '#/$defs/part-2' }) });
  });
});

describe('a source that has changed', () => {
  it('is named with the kind that it lacks', () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: { group: 'example.com', names: { kind: 'Widget' }, versions: [{ name: 'v1beta1' }] },
    };
    expect(() => customResources(SOURCE, [JSON.stringify(crd)])).toThrow(
      'example.com/widgets@v1.2.3 defines no Widget in example.com/v1. Correct its row in scripts/imports/sources.ts.',
    );
  });

  it('is named where an OpenAPI document lists no kinds', () => {
    expect(() => builtInKinds(SOURCE, '{"definitions":{}}')).toThrow(
      'example.com/widgets@v1.2.3 lists no kinds: its OpenAPI document is not as it was.',
    );
  });
});

describe('sources that cannot be had', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imports-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  /** A `go` that gives one answer. */
  async function goAnswers(json: string, exitCode = 0): Promise<void> {
    await writeFile(join(folder, 'go'), `#!/bin/sh\necho '${json}'\nexit ${exitCode}\n`);
    await chmod(join(folder, 'go'), 0o755);
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  }

  it('Go has no such module', async () => {
    await goAnswers('{"Error":"403 Forbidden"}', 1);
    await expect(fetchSource(SOURCE, 'go')).rejects.toThrow(
      'Go cannot download example.com/widgets@v1.2.3: 403 Forbidden\n' +
        'Check GOPROXY and the network, or run again with --upstream to take the files from https://example.com/v1.2.3/.',
    );
  });

  it('Go does not say where the module is', async () => {
    await goAnswers('{}');
    await expect(fetchSource(SOURCE, 'go')).rejects.toThrow(
      'Go downloaded example.com/widgets@v1.2.3 but does not say where to.',
    );
  });

  it('the module has no such file', async () => {
    await goAnswers(JSON.stringify({ Dir: folder }));
    await expect(fetchSource(SOURCE, 'go')).rejects.toThrow(
      "example.com/widgets@v1.2.3 has no file crds.yaml. Correct 'files' in scripts/imports/sources.ts.",
    );
    await writeFile(join(folder, 'crds.yaml'), 'kind: X');
    expect(await fetchSource(SOURCE, 'go')).toEqual(['kind: X']);
  });

  it('the project itself does not serve the file', async () => {
    const server = createServer((request, response) => {
      if (request.url !== '/v1.2.3/crds.yaml') response.statusCode = 404;
      response.end('kind: X');
    }).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => {
        server.once('listening', resolve);
      });
      const host = `http://127.0.0.1:${numberAt(server.address(), 'port') ?? 0}`;
      const upstream = `${host}/{version}/{file}`;
      expect(await fetchSource({ ...SOURCE, upstream }, 'upstream')).toEqual(['kind: X']);
      await expect(fetchSource({ ...SOURCE, upstream, files: ['gone.yaml'] }, 'upstream')).rejects.toThrow(
        `${host}/v1.2.3/gone.yaml cannot be read: HTTP 404\n` +
          'Check the network, or install Go (https://go.dev) and run again without --upstream to take example.com/widgets@v1.2.3.',
      );
    } finally {
      server.close();
    }
  });
});

describe('classes that cdk8s-cli cannot make', () => {
  let project: string;

  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), 'imports-'));
  });
  afterEach(async () => {
    await rm(project, { recursive: true });
  });

  it('refuses values that it replaced', async () => {
    const resource = widget({ properties: { mode: { type: 'string', enum: ['a', '(b)'] } } });
    await expect(generateClasses([resource], project)).rejects.toThrow(
      'cdk8s import replaced values with characters that it does not allow in example.com.ts.',
    );
  });

  it('passes on why it failed', async () => {
    const resource = widget({ properties: { 'a b': { type: 'string' } } });
    await expect(generateClasses([resource], project)).rejects.toThrow(
      /^cdk8s import failed: .*Key 'a b' contains non standard characters/s,
    );
  });

  it('refuses what does not compile', async () => {
    await writeFile(join(project, 'tsconfig.json'), '{"compilerOptions":{"module":"nodenext","noEmit":true}}');
    // This project has no cdk8s.
    await expect(generateClasses([widget({})], project)).rejects.toThrow(
      /^What cdk8s import wrote does not compile:\n.*Cannot find module 'cdk8s'/s,
    );
  });
});
