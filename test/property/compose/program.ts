/** Random composition programs over the supported subset, from a seed. */

/** A source of choices that is the same for the same seed. */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

type Type = 'string' | 'int' | 'bool' | 'strings' | 'object';

interface Name {
  readonly name: string;
  readonly type: Type;
  readonly mutable: boolean;
}

/** A program as lines of statements, so that a failing one can be made smaller. */
export interface Program {
  readonly statements: readonly string[];
  readonly source: string;
}

/** The text of a program with these statements. */
export function sourceOf(statements: readonly string[]): string {
  return `(spec) => {\n${statements.join('\n')}\n}`;
}

/** Makes a program. */
export function makeProgram(seed: number): Program {
  const statements = new Writer(new Choices(seed)).program();
  return { statements, source: sourceOf(statements) };
}

class Writer {
  readonly #choose: Choices;
  #ids = 0;
  #names = 0;
  /** Inside a loop over a symbolic list, some statements have no translation. */
  #known: string[] = [];
  #loops: { readonly item: string; readonly kind: 'string' | 'item' | 'int' }[] = [];

  constructor(choose: Choices) {
    this.#choose = choose;
  }

  program(): string[] {
    const scope: Name[] = [];
    const lines: string[] = [];
    const count = 3 + this.#choose.below(6);
    for (let i = 0; i < count; i++) lines.push(this.statement(scope, 0));
    if (!lines.some((line) => line.includes('ConfigMap'))) lines.push(this.resource(scope));
    lines.push(`return { ${this.fields(scope)} };`);
    return lines;
  }

  private fields(scope: readonly Name[]): string {
    const own = scope
      .slice(0, 8)
      .map(({ name, type }) => `${name}: ${type === 'strings' ? `${name}.join("|")` : name}`);
    return [
      `r: ${this.expression('string', scope, 2)}`,
      `b: ${this.expression('bool', scope, 2)}`,
      `i: ${this.expression('int', scope, 2)}`,
      ...own,
    ].join(', ');
  }

  private fresh(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  private statement(scope: Name[], depth: number): string {
    const kinds = ['declare', 'declare', 'assign', 'assign', 'resource', 'push', 'set', 'helper'];
    if (depth < 2) kinds.push('if', 'if', 'ifelse', 'switch', 'for', 'for', 'counted', 'each');
    if (depth < 2 && this.#loops.length === 0) kinds.push('return', 'try', 'known');
    switch (this.#choose.pick(kinds)) {
      case 'declare':
        return this.declare(scope);
      case 'assign':
        return this.assign(scope);
      case 'resource':
        return this.resource(scope);
      case 'push':
        return this.push(scope);
      case 'set':
        return this.setKey(scope);
      case 'helper':
        return this.helper(scope);
      case 'if':
        return `if (${this.test(scope)}) ${this.block(scope, depth)}`;
      case 'ifelse':
        return `if (${this.test(scope)}) ${this.block(scope, depth)} else ${this.block(scope, depth)}`;
      case 'switch':
        return this.switchOf(scope, depth);
      case 'for':
        return this.loop(scope, depth, 'for');
      case 'each':
        return this.loop(scope, depth, 'each');
      case 'counted':
        return this.loop(scope, depth, 'counted');
      case 'known':
        return this.loop(scope, depth, 'known');
      case 'return':
        return `if (${this.test(scope)}) return { r: ${this.expression('string', scope, 1)}, early: ${this.#choose.below(9)} };`;
      default:
        return `try ${this.block(scope, depth)} finally { ${this.assign([...scope])} }`;
    }
  }

  private block(scope: readonly Name[], depth: number): string {
    const inner = [...scope];
    const lines = Array.from({ length: 1 + this.#choose.below(3) }, () => this.statement(inner, depth + 1));
    return `{ ${lines.join(' ')} }`;
  }

  private declare(scope: Name[]): string {
    const type = this.#choose.pick<Type>(['string', 'string', 'int', 'int', 'bool', 'strings', 'object']);
    const mutable = this.#choose.chance(0.7);
    const name = this.fresh(type.charAt(0) === 's' && type !== 'string' ? 'l' : type.charAt(0));
    const text = `${mutable ? 'let' : 'const'} ${name} = ${this.expression(type, scope, 2)};`;
    scope.push({ name, type, mutable });
    return text;
  }

  private named(scope: readonly Name[], type: Type, mutable: boolean): string | undefined {
    const found = scope.filter((entry) => entry.type === type && (!mutable || entry.mutable));
    return found.length === 0 ? undefined : this.#choose.pick(found).name;
  }

  private assign(scope: Name[]): string {
    const type = this.#choose.pick<Type>(['string', 'int', 'bool']);
    const name = this.named(scope, type, true);
    if (name === undefined) return this.declare(scope);
    const value = this.expression(type, scope, 2);
    if (type === 'bool')
      return this.#choose.pick([
        `${name} = ${value};`,
        `${name} = ${name} || ${value};`,
        `${name} = ${name} && ${value};`,
      ]);
    if (type === 'int')
      return this.#choose.pick([
        `${name} += ${value};`,
        `${name}++;`,
        `${name} = ${value};`,
        `if (${value} > ${name}) ${name} = ${value};`,
      ]);
    return this.#choose.pick([`${name} += ${value};`, `${name} = ${value};`, `${name} = ${value} + ${name};`]);
  }

  private push(scope: Name[]): string {
    const name = this.named(scope, 'strings', false);
    return name === undefined ? this.declare(scope) : `${name}.push(${this.expression('string', scope, 1)});`;
  }

  private setKey(scope: Name[]): string {
    const name = this.named(scope, 'object', false);
    return name === undefined
      ? this.declare(scope)
      : `${name}.${this.#choose.pick(['a', 'b', 'c'])} = ${this.expression('string', scope, 1)};`;
  }

  private helper(scope: Name[]): string {
    const name = this.fresh('f');
    const parameter = this.fresh('p');
    const type = this.#choose.pick<'string' | 'int'>(['string', 'int']);
    const inner: Name[] = [{ name: parameter, type, mutable: true }];
    const body = this.#choose.chance(0.5)
      ? `{ if (${this.test(inner)}) return ${this.expression(type, inner, 1)}; return ${this.expression(type, inner, 1)}; }`
      : this.expression(type, inner, 2).replace(/^\{/, '({');
    const result = this.fresh(type.charAt(0));
    const call = `const ${name} = (${parameter}) => ${body}; const ${result} = ${name}(${this.expression(type, scope, 1)});`;
    scope.push({ name: result, type, mutable: false });
    return call;
  }

  private switchOf(scope: readonly Name[], depth: number): string {
    const cases = ['dev', 'stage', 'prod'].filter(() => this.#choose.chance(0.7));
    const parts = cases.map((value) => {
      const leave = this.#choose.chance(0.75) ? ' break;' : '';
      return `case '${value}': ${this.#choose.chance(0.2) ? '' : `{ ${this.simple(scope, depth)} }`}${leave}`;
    });
    if (this.#choose.chance(0.6)) parts.push(`default: { ${this.simple(scope, depth)} }`);
    return `switch (spec.env) { ${parts.join(' ')} }`;
  }

  private simple(scope: readonly Name[], depth: number): string {
    return this.statement([...scope], Math.max(depth + 1, 2));
  }

  private loop(scope: readonly Name[], depth: number, form: 'for' | 'each' | 'counted' | 'known'): string {
    const item = this.fresh('e');
    if (form === 'counted') {
      const list = this.#choose.pick(['spec.tags', 'spec.nums']);
      return this.inLoop(
        { item: `${list}[${item}]`, kind: list === 'spec.tags' ? 'string' : 'int' },
        () =>
          `for (let ${item} = 0; ${item} < ${list}.length; ${item}++) ${this.block([...scope, { name: item, type: 'int', mutable: false }], depth)}`,
      );
    }
    if (form === 'known') {
      this.#known.push(item);
      const text = `for (const ${item} of ['u', 'v']) ${this.block([...scope, { name: item, type: 'string', mutable: false }], depth)}`;
      this.#known.pop();
      return text;
    }
    const [list, kind] = this.#choose.pick<readonly [string, 'string' | 'item' | 'int']>([
      ['spec.tags', 'string'],
      ['spec.items', 'item'],
      ['spec.items.filter((q) => q.on)', 'item'],
      ['spec.nums', 'int'],
    ]);
    const inner: Name[] = kind === 'item' ? [...scope] : [...scope, { name: item, type: kind, mutable: false }];
    return this.inLoop({ item, kind }, () =>
      form === 'for'
        ? `for (const ${item} of ${list}) ${this.block(inner, depth)}`
        : `${list}.forEach((${item}) => ${this.block(inner, depth)});`,
    );
  }

  private inLoop(
    loop: { readonly item: string; readonly kind: 'string' | 'item' | 'int' },
    write: () => string,
  ): string {
    this.#loops.push(loop);
    try {
      return write();
    } finally {
      this.#loops.pop();
    }
  }

  private resource(scope: readonly Name[]): string {
    const number = this.#ids++;
    const id = `cm${number}${this.#known.map((name) => `\${${name}}`).join('')}`;
    const parts = this.#loops.map(({ item, kind }) => (kind === 'item' ? `\${${item}.key}` : `\${${item}}`));
    const data = [
      `v: ${this.expression('string', scope, 2)}`,
      ...(this.#choose.chance(0.4) ? [`n: ${this.expression('int', scope, 1)}`] : []),
      ...(this.#choose.chance(0.3) ? [`t: ${this.optional()}`] : []),
      ...(this.#choose.chance(0.2)
        ? [`...(${this.test(scope)} ? { s: ${this.expression('string', scope, 1)} } : {})`]
        : []),
      ...(this.#choose.chance(0.15) ? ['...spec.labels'] : []),
    ];
    return `ConfigMap({ id: \`${id}\`, name: \`${['c', ...parts].join('-')}\`, data: { ${data.join(', ')} } });`;
  }

  private optional(): string {
    return this.#choose.pick([
      'spec.tag',
      'spec.opt?.a',
      'spec.opt?.b',
      'spec.port',
      'spec.flag ? spec.tag : undefined',
      "spec.flag ? 'on' : undefined",
    ]);
  }

  private test(scope: readonly Name[]): string {
    return this.#choose.pick([
      () => this.expression('bool', scope, 2),
      () => 'spec.tag',
      () => 'spec.opt',
      () => '!spec.port',
      () => this.expression('string', scope, 1),
      () => this.expression('int', scope, 1),
    ])();
  }

  private expression(type: Type, scope: readonly Name[], depth: number): string {
    const variable = this.named(scope, type, false);
    if (variable !== undefined && this.#choose.chance(0.4)) return variable;
    const item = this.#loops.at(-1);
    if (item !== undefined && this.#choose.chance(0.4)) {
      const found = this.ofItem(type, item);
      if (found !== undefined) return found;
    }
    switch (type) {
      case 'string':
        return this.text(scope, depth);
      case 'int':
        return this.integer(scope, depth);
      case 'bool':
        return this.boolean(scope, depth);
      case 'strings':
        return this.strings(scope, depth);
      default:
        return `{ a: ${this.expression('string', scope, depth - 1)}, z: 'z' }`;
    }
  }

  private ofItem(
    type: Type,
    { item, kind }: { readonly item: string; readonly kind: 'string' | 'item' | 'int' },
  ): string | undefined {
    if (kind === 'item') {
      if (type === 'string') return this.#choose.pick([`${item}.key`, `(${item}.note ?? 'none')`]);
      if (type === 'int') return `${item}.size`;
      return type === 'bool' ? this.#choose.pick([`${item}.on`, `${item}.size > 2`, `!!${item}.note`]) : undefined;
    }
    if (kind === 'int') return type === 'int' ? item : type === 'bool' ? `${item} > 1` : undefined;
    return type === 'string' ? item : type === 'bool' ? `${item} === 'a'` : undefined;
  }

  private text(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    const leaves = [
      "'k'",
      "''",
      'spec.name',
      'spec.env',
      "(spec.tag ?? 'dflt')",
      "(spec.tag || 'or')",
      "(spec.opt?.a ?? 'x')",
      "spec.tags.join(',')",
    ];
    if (depth <= 0) return this.#choose.pick(leaves);
    return this.#choose.pick([
      () => this.#choose.pick(leaves),
      () => `\`\${${deep('string')}}-\${${deep('int')}}\``,
      () => `(${deep('string')} + ${deep('string')})`,
      () => `(${this.test(scope)} ? ${deep('string')} : ${deep('string')})`,
      () => `${deep('string')}.toUpperCase()`,
      () => `${deep('string')}.slice(${this.#choose.pick(['1', '0, 2', '-2', '1, -1', 'spec.m'])})`,
      () => `${deep('string')}.replace('a', 'b')`,
      () => `${deep('string')}.split('-').join('_')`,
      () => `String(${deep('int')})`,
      () => `${deep('strings')}.join('+')`,
      () => "({ dev: 'D', stage: 'S', prod: 'P' })[spec.env]",
      () => `[${deep('string')}, ${deep('string')}].join('/')`,
      () => `${deep('string')}.padStart(4, '0')`,
      () => "(spec.items.find((q) => q.on)?.key ?? 'nobody')",
      () => `(${deep('bool')} && ${deep('string')} || 'neither')`,
      () => 'typeof spec.tag',
    ])();
  }

  private integer(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    const leaves = [
      '0',
      '1',
      '7',
      'spec.n',
      'spec.m',
      '(spec.port ?? 80)',
      '(spec.opt?.b ?? 3)',
      'spec.tags.length',
      'spec.name.length',
    ];
    if (depth <= 0) return this.#choose.pick(leaves);
    return this.#choose.pick([
      () => this.#choose.pick(leaves),
      () => `(${deep('int')} + ${deep('int')})`,
      () => `(${deep('int')} - ${deep('int')})`,
      () => `(${deep('int')} * 2)`,
      () => `Math.max(${deep('int')}, ${deep('int')})`,
      () => `Math.min(${deep('int')}, 5)`,
      () => `Math.floor(${deep('int')} / 2)`,
      () => `Math.round(${deep('int')} / 3)`,
      () => `Math.ceil(${deep('int')} / 2)`,
      () => `(${deep('int')} % 3)`,
      () => `(${this.test(scope)} ? ${deep('int')} : ${deep('int')})`,
      () => 'spec.nums.reduce((a, q) => a + q, 0)',
      () => `spec.items.filter((q) => ${this.#choose.pick(['q.on', 'q.size > 2', "q.key === 'b'", 'q.note'])}).length`,
      () => `${deep('string')}.indexOf('a')`,
      () => `(-(${deep('int')}))`,
    ])();
  }

  private boolean(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    const leaves = [
      'true',
      'false',
      'spec.flag',
      'spec.other',
      "spec.env === 'prod'",
      "spec.env !== 'dev'",
      'spec.tag !== undefined',
      "spec.tag === 'a'",
      'spec.port == null',
    ];
    if (depth <= 0) return this.#choose.pick(leaves);
    return this.#choose.pick([
      () => this.#choose.pick(leaves),
      () => `(${deep('bool')} && ${deep('bool')})`,
      () => `(${deep('bool')} || ${deep('bool')})`,
      () => `!${deep('bool')}`,
      () => `(${deep('int')} > ${deep('int')})`,
      () => `(${deep('int')} <= ${deep('int')})`,
      () => `(${deep('string')} === ${deep('string')})`,
      () => `(${deep('int')} !== ${deep('int')})`,
      () => `${deep('string')}.includes('a')`,
      () => `${deep('string')}.startsWith('k')`,
      () => `spec.tags.includes(${deep('string')})`,
      () => "['dev', 'prod'].includes(spec.env)",
      () =>
        `spec.items.${this.#choose.pick(['some', 'every'])}((q) => ${this.#choose.pick(['q.on', 'q.size >= 2', 'q.key !== spec.name'])})`,
      () => `Boolean(${deep('string')})`,
      () => `(spec.port > ${deep('int')})`,
      () => '/^[a-m]/.test(spec.name)',
      () => `(${deep('int')} / 2 > 1.5)`,
    ])();
  }

  private strings(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    if (depth <= 0) return this.#choose.pick(['[]', "['p']", '[...spec.tags]']);
    return this.#choose.pick([
      () => '[]',
      () => `[${deep('string')}, ${deep('string')}]`,
      () => `[...spec.tags, ${deep('string')}]`,
      () => `[...(${this.test(scope)} ? [${deep('string')}] : [])]`,
      () => "spec.tags.map((q) => q + '!')",
      () => 'spec.items.filter((q) => q.on).map((q) => q.key)',
      () => 'spec.items.map((q, w) => `${q.key}${w}`)',
      () => '[...spec.tags].sort()',
      () => "spec.tags.concat(['z'])",
      () => 'spec.tags.slice(0, 1)',
    ])();
  }
}
