import type { BuiltinSource, ResourceInfo, Schema, SchemaSource } from '@typekro/engine/schema';
import { BuiltinDescriptions } from '@typekro/engine/schema';
import { toTypeScript } from '../../notations/to-typescript.ts';
import { header } from './generate-factories.ts';
import type { KindPlan } from './kind-plan.ts';
import { factoryName, identifier } from './identifiers.ts';
import { builtinReadiness } from './readiness-rule.ts';
import { quoteJs } from '../../javascript/index.ts';
import { factoryDoc } from './write-kind.ts';
import { type GroupVersionKind, formatApiVersion, pascalCase } from '@typekro/kit/core';

/** The options of the generator of built-in kinds. */
export interface BuiltinOptions {
  readonly command: string;
  readonly descriptions: BuiltinDescriptions;
  /** The module from which the generated files import their helpers. */
  readonly importFrom: string;
}

/** A named type in the bundle, the schemas of the built-in kinds. */
interface NamedType {
  readonly file: string;
  readonly name: string;
  /** The name of the type in the data of the bundle, e.g. `core.v1.Container`. */
  readonly full: string;
  readonly schema: Schema;
}

/**
 * Writes the built-in kinds of a bundle as TypeScript: one file of types per group and version, `factories.ts` with one
 * function per kind, and `types.ts`. `types.ts` exports the types of each group and version as a namespace.
 */
export function generateBuiltin(source: BuiltinSource, options: BuiltinOptions): ReadonlyMap<string, string> {
  const types = new TypeFiles(source, options.descriptions);
  const names = builtinFactoryNames(source);
  const factories = [...source.kinds()].map((info) => {
    const plan = planOf(info as ResourceInfo, source, options.descriptions);
    return writeFactory(plan, names.get(factoryKey(info)) ?? factoryName(info.kind), types.refer(source, plan));
  });
  const files = types.write(options.command);
  const used = types.namespaces();
  const named = used.map(pascalCase).filter((name) => factories.some((text) => text.includes(`${name}.`)));
  files.set('types.ts', `${header(options.command)}${used.map(reexport).join('')}`);
  files.set(
    'factories.ts',
    `${header(options.command)}import { resourceFactory } from ${quoteJs(options.importFrom)};\n` +
      `import type { ResourceFactory } from ${quoteJs(options.importFrom)};\n` +
      `import type { ${named.join(', ')} } from './types.ts';\n\n` +
      `/** The fields of a kind without apiVersion, kind and metadata. */\n` +
      `export type Body<Kind> = Omit<Kind, 'apiVersion' | 'kind' | 'metadata'>;\n\n${factories.join('\n')}`,
  );
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const reexport = (file: string) => `export type * as ${pascalCase(file)} from './${file}.ts';\n`;

function planOf(info: ResourceInfo, source: BuiltinSource, descriptions: BuiltinDescriptions): KindPlan {
  const schema = source.schemaOf(info) ?? {};
  const { group, version, kind, plural, namespaced, shortNames } = info;
  return {
    group,
    version,
    kind,
    plural,
    namespaced,
    shortNames,
    schema,
    preferred: true,
    deprecated: false,
    description: BuiltinDescriptions.ofKind(descriptions, kind, group) ?? '',
    readiness: builtinReadiness(info),
  };
}

/** The key of a kind in the table of `builtinFactoryNames`. */
export const factoryKey = ({ group, version, kind }: GroupVersionKind): string => `${group}/${version}/${kind}`;

/**
 * Chooses the names of the factories of all kinds of a bundle, by `factoryKey`. When several kinds have the same name,
 * the first kind gets the plain name. For another kind of the same group, the version is appended to the name. For a
 * kind of another group, the first word of the group is put before the name.
 */
export function builtinFactoryNames(source: Pick<SchemaSource, 'kinds'>): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  return new Map([...source.kinds()].map((type) => [factoryKey(type), freeName(type, owners)]));
}

function freeName({ group, version, kind }: GroupVersionKind, owners: Map<string, string>): string {
  const plain = factoryName(kind);
  const owner = owners.get(plain);
  const first = pascalCase(group.split('.')[0] ?? '');
  const name = owner === undefined ? plain : factoryName(owner === group ? kind + pascalCase(version) : first + kind);
  owners.set(name, group);
  return name;
}

function writeFactory(plan: KindPlan, name: string, type: string): string {
  const { cel } = plan.readiness;
  const apiVersion = quoteJs(formatApiVersion(plan));
  const settings = cel === undefined ? '' : `, {\n  readyWhen: ${quoteJs(cel)},\n}`;
  return (
    `${factoryDoc(plan)}export const ${name}: ResourceFactory<${type}> = ` +
    `/* @__PURE__ */ resourceFactory<${type}>(${apiVersion}, ${quoteJs(plan.kind)}${settings});\n`
  );
}

/** Writes the types of the bundle that kinds refer to, in a file for each group and version. */
class TypeFiles {
  readonly #types = new Map<object, NamedType>();
  readonly #needed = new Set<NamedType>();
  readonly #pending: NamedType[] = [];

  readonly #descriptions: BuiltinDescriptions;

  constructor(source: BuiltinSource, descriptions: BuiltinDescriptions) {
    this.#descriptions = descriptions;
    for (const full of source.typeNames()) {
      const [group = '', version = '', ...rest] = full.split('.');
      const schema = source.typeNamed(full);
      if (schema.properties === undefined) continue;
      const name = identifier(pascalCase(rest.join('.')));
      this.#types.set(schema.properties, { file: `${group}-${version}`, name, full, schema });
    }
  }

  /** The type of a kind as it is written in `factories.ts`. */
  refer(source: BuiltinSource, plan: KindPlan): string {
    const found = this.#find(source.schemaOf(plan));
    if (found === undefined || plan.schema['x-kubernetes-preserve-unknown-fields'] === true)
      return '{ readonly [field: string]: unknown }';
    this.#need(found);
    return `Body<${pascalCase(found.file)}.${found.name}>`;
  }

  #find(schema: Schema | undefined): NamedType | undefined {
    return schema?.properties === undefined ? undefined : this.#types.get(schema.properties);
  }

  #need(type: NamedType): void {
    if (this.#needed.has(type)) return;
    this.#needed.add(type);
    this.#pending.push(type);
  }

  /** The schema of a type with the descriptions of the type and its fields. */
  #described({ full, schema }: NamedType): Schema {
    const members = Object.entries(schema.properties ?? {}).map(([field, child]): [string, Schema] => {
      const description = BuiltinDescriptions.ofField(this.#descriptions, full, field);
      return [field, description === undefined ? child : { ...child, description }];
    });
    const description = BuiltinDescriptions.ofType(this.#descriptions, full);
    return { ...schema, ...(description !== undefined && { description }), properties: Object.fromEntries(members) };
  }

  /**
   * Writes the requested types, and all types to which they refer directly or indirectly. Returns the text of each
   * file, keyed by the file's name.
   */
  write(command: string): Map<string, string> {
    const bodies = new Map<string, Map<string, string>>();
    const imports = new Map<string, Set<string>>();
    for (let type = this.#pending.pop(); type !== undefined; type = this.#pending.pop()) {
      const { file, name } = type;
      const schema = this.#described(type);
      const external = (node: Schema): string | undefined => {
        const other = this.#find(node);
        if (other === undefined || node === schema) return undefined;
        this.#need(other);
        if (other.file === file) return other.name;
        imports.set(file, (imports.get(file) ?? new Set()).add(other.file));
        return `${pascalCase(other.file)}.${other.name}`;
      };
      const text = toTypeScript(schema, { name, external, input: true });
      bodies.set(file, (bodies.get(file) ?? new Map<string, string>()).set(name, text));
    }
    const files = new Map<string, string>();
    for (const [file, texts] of bodies) {
      const others = [...(imports.get(file) ?? [])].sort();
      const lines = others.map((other) => `import type * as ${pascalCase(other)} from './${other}.ts';\n`).join('');
      const sorted = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
      files.set(`${file}.ts`, `${header(command)}${lines}\n${sorted.join('\n')}`);
    }
    return files;
  }

  /** The names of the files with a needed type, without their ending. */
  namespaces(): readonly string[] {
    return [...new Set([...this.#needed].map(({ file }) => file))].sort();
  }
}
