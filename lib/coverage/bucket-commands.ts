/** Commands of scripts that set who may use a bucket, and whose bucket that is, as far as names and variables show it. */
import { bucketClaims, bucketNameOf } from './buckets';
import type { GateContext } from './context';
import { at, listAt, textAt, type KubeObject } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { podContainers, podTemplateOf } from '../model/workloads';

/** What a shell or a container will run of one object. */
export interface CommandLines {
  readonly rendered: RenderedObject;
  readonly text: string;
}

/** With what an argument vector says on one line. */
export function commandLines(context: GateContext): readonly CommandLines[] {
  return context.input.objects.flatMap((rendered) => {
    const scripts = context.scripts.of(rendered.object);
    if (scripts.length === 0) return [];
    // A shell goes on after a backslash.
    const text = scripts.map((script) => script.text).join(' ');
    return [{ rendered, text: text.replaceAll(/\\\n/g, ' ') }];
  });
}

export interface RightsCommand {
  /** What is run, without its arguments. */
  readonly command: string;
  /** The claim that makes its bucket. */
  readonly claim: KubeObject;
}

/** The first command of an object that sets who may use the bucket of a claim. */
export function rightsCommand({ rendered, text }: CommandLines, context: GateContext): RightsCommand | undefined {
  // What a script says about itself may name anything.
  const script = text.replaceAll(/^\s*(#|\/\/).*$/gm, '');
  for (const match of script.matchAll(SETS_RIGHTS)) {
    const [command] = match;
    const buckets = bucketsIn(statementAfter(script.slice(match.index + command.length)), command);
    const lookup = new Lookup(script, rendered.object, context);
    const [claim] = buckets.flatMap((bucket) => lookup.claimsOf(bucket));
    if (claim !== undefined) return { command, claim };
  }
  return undefined;
}

/** The AWS CLI, SDKs, s3cmd and the MinIO client. */
const SETS_RIGHTS =
  /\b(put|set|delete)[-_]?bucket[-_]?(policy|acl)(command|request)?\b|\bs3cmd\b[^\n]*\b(setpolicy|delpolicy|setacl)\b|\bmc(li)?\s+(-\S+\s+)*(anonymous|policy)\s+set(-json)?\b/gi;

/** The arguments of a call to its last parenthesis, and those of a command to the end of its line. */
function statementAfter(text: string): string {
  if (!/^\s*\(/.test(text)) return /^[^\n;|&]*/.exec(text.replaceAll(/'[^']*'/g, onOneLine))?.[0] ?? '';
  let depth = 0;
  for (const { 0: parenthesis, index } of text.matchAll(/[()]/g)) {
    depth += parenthesis === '(' ? 1 : -1;
    if (depth === 0) return text.slice(0, index + 1);
  }
  return text;
}

/** What is between single quotes ends no command. */
function onOneLine(quoted: string): string {
  return quoted.replaceAll(/[\n;|&]/g, ' ');
}

/** A name, or what stands for one: `$BUCKET`, `${BUCKET:-media}`, `$(BUCKET)`, `os.environ['BUCKET']`, `process.env.BUCKET`. */
const WORD = String.raw`(["']?(?:\$\{[^}\s]+\}|\$\(\w+\)|\$\w+|(?:os\.environ|os\.getenv|process\.env|ENV)(?:\.get)?[.[(]+["']?\w+|[\w.-]+))`;

/** Where commands and calls name a bucket. */
const PLACES = [
  String.raw`s3://${WORD}`,
  String.raw`--bucket(?:-name)?[= ]\s*${WORD}`,
  String.raw`\bbucket(?:_?name)?["']?\s*[:=]\s*${WORD}`,
].map((place) => new RegExp(place, 'gi'));

const FIRST_ARGUMENT = new RegExp(String.raw`^\s*\(\s*(?:ctx,\s*)?${WORD}["']?\s*[,)]`, 'i');
/** Of the MinIO client, behind the name of the server. */
const PATH = new RegExp(String.raw`\s["']?[\w$-]+/${WORD}`, 'g');

function bucketsIn(statement: string, command: string): readonly string[] {
  const places = /^mc/i.test(command) ? [PATH] : PLACES;
  const named = places.flatMap((place) => [...statement.matchAll(place)].map(([, word = '']) => word));
  const [, first] = FIRST_ARGUMENT.exec(statement) ?? [];
  return first === undefined ? named : [...named, first];
}

/** What a word may be: a name or that of a variable, or both where the language decides. */
function readWord(word: string): { readonly name?: string; readonly variable: string } {
  const bare = word.replace(/^["']/, '');
  const [isShell, shell, fallback] = /^\$[{(]?(\w+)(?::?-([^}]*))?/.exec(bare) ?? [];
  const variable = isShell === undefined ? /^[A-Za-z.]+[.[(]+["']?(\w+)$/.exec(bare)?.[1] : shell;
  const name = variable === undefined ? bare : fallback;
  return { variable: variable ?? bare, ...(name === undefined ? {} : { name }) };
}

/** Says which claims make the buckets that words of a script stand for. */
class Lookup {
  private readonly containers: readonly unknown[];
  private readonly namespace: string;

  constructor(
    private readonly script: string,
    object: KubeObject,
    private readonly context: GateContext,
  ) {
    this.namespace = object.metadata.namespace ?? '';
    const makers = object.kind === 'ConfigMap' ? this.mountersOf(object) : [object];
    this.containers = makers.flatMap(podContainers);
  }

  /** @param known variables that led to this one. */
  claimsOf(word: string, known: readonly string[] = []): readonly KubeObject[] {
    const { name, variable } = readWord(word);
    const named = bucketClaims(this.context).filter(({ object }) => bucketNameOf(object) === name);
    const values = known.includes(variable) ? [] : [...this.assigned(variable), ...this.valuesOf(variable)];
    const further = values.flatMap((value) =>
      typeof value === 'string' ? this.claimsOf(value, [...known, variable]) : [value],
    );
    return name === undefined ? further : [...named.map(({ object }) => object), ...further];
  }

  /** What the script itself puts into a variable, also in turn. */
  private assigned(variable: string): readonly string[] {
    if (!/^\w+$/.test(variable)) return [];
    const one = new RegExp(String.raw`(?:^|[\s;&(])${variable}\s*=\s*${WORD}`, 'gm');
    const several = new RegExp(String.raw`\bfor\s+${variable}\s+in\s+([^\n;]+)`, 'g');
    return [
      ...[...this.script.matchAll(one)].map(([, word = '']) => word),
      ...[...this.script.matchAll(several)].flatMap(([, words = '']) => words.trim().split(/\s+/)),
    ];
  }

  /** What a variable has from the containers: texts, or claims whose buckets Rook names in their ConfigMaps. */
  private valuesOf(variable: string): readonly (string | KubeObject)[] {
    return this.containers.flatMap((container) => {
      const own = listAt(container, 'env').flatMap((each) => {
        if (textAt(each, 'name') !== variable) return [];
        const reference = at(each, 'valueFrom', 'configMapKeyRef');
        const value = textAt(each, 'value');
        return value === undefined ? this.settingOf(reference, textAt(reference, 'key')) : [value];
      });
      const all = listAt(container, 'envFrom').flatMap((source) => {
        const prefix = textAt(source, 'prefix') ?? '';
        const key = variable.startsWith(prefix) ? variable.slice(prefix.length) : undefined;
        return this.settingOf(at(source, 'configMapRef'), key);
      });
      return [...own, ...all];
    });
  }

  private settingOf(reference: unknown, key: string | undefined): readonly (string | KubeObject)[] {
    const name = textAt(reference, 'name');
    if (name === undefined || key === undefined) return [];
    const { namespace } = this;
    const configMap = this.context.object({ group: '', kind: 'ConfigMap', namespace, name })?.object;
    if (configMap !== undefined) {
      const text = textAt(configMap, 'data', key);
      return text === undefined ? [] : [text];
    }
    const claim = this.context.object({ group: 'objectbucket.io', kind: 'ObjectBucketClaim', namespace, name })?.object;
    return claim === undefined || key !== 'BUCKET_NAME' ? [] : [claim];
  }

  private mountersOf({ metadata }: KubeObject): readonly KubeObject[] {
    return this.context
      .inNamespace(this.namespace)
      .filter((object) =>
        listAt(podTemplateOf(object), 'spec', 'volumes').some(
          (volume) => textAt(volume, 'configMap', 'name') === metadata.name,
        ),
      );
  }
}
