/** Generates random expressions of a given type for composition programs. */

/** A random source that makes the same choices for the same seed. */
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

/** The type of an expression. */
export type Type = 'string' | 'int' | 'float' | 'bool' | 'strings' | 'object' | 'map';

/**
 * A loop over a symbolic list: its variable, and the kind of the variable's value. The kinds `item` and `variable` are
 * the elements of `spec.items` and of `spec.vars`.
 */
export interface Loop {
  readonly item: string;
  readonly kind: 'string' | 'item' | 'int' | 'variable';
}

/** A variable of a program. */
export interface Name {
  readonly name: string;
  readonly type: Type;
  readonly mutable: boolean;
}

/** Generates expressions over the spec, the variables in scope and the enclosing loops. */
export class ExpressionWriter {
  protected readonly choose: Choices;
  protected loops: Loop[] = [];

  constructor(choose: Choices) {
    this.choose = choose;
  }

  protected named(scope: readonly Name[], type: Type, mutable: boolean): string | undefined {
    const found = scope.filter((entry) => entry.type === type && (!mutable || entry.mutable));
    return found.length === 0 ? undefined : this.choose.pick(found).name;
  }

  protected optional(): string {
    return this.choose.pick([
      'spec.tag',
      'spec.opt?.a',
      'spec.opt?.b',
      'spec.port',
      'spec.tier',
      'spec.opt?.deep?.x',
      'spec.opt?.deep?.ys?.[0]',
      'spec.tag && `t-${spec.tag}`',
      'spec.port && spec.port + 1',
      'spec.items.find((q) => q.on)?.limits?.cpu',
      'spec.flag ? spec.tag : undefined',
      "spec.flag ? 'on' : undefined",
    ]);
  }

  protected test(scope: readonly Name[]): string {
    return this.choose.pick([
      () => this.expression('bool', scope, 2),
      () => 'spec.tag',
      () => 'spec.opt',
      () => 'spec.maybe',
      () => 'spec.nothing',
      () => 'spec.nothing !== null',
      () => 'spec.opt?.deep',
      () => 'spec.g',
      () => '!spec.port',
      () => this.expression('string', scope, 1),
      () => this.expression('int', scope, 1),
    ])();
  }

  protected expression(type: Type, scope: readonly Name[], depth: number): string {
    const variable = this.named(scope, type, false);
    if (variable !== undefined && this.choose.chance(0.4)) return variable;
    const item = this.loops.at(-1);
    if (item !== undefined && this.choose.chance(0.4)) {
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
      case 'float':
        return this.fraction(scope, depth);
      case 'map':
        return this.map(scope, depth);
      default:
        return `{ a: ${this.expression('string', scope, depth - 1)}, z: 'z' }`;
    }
  }

  private ofItem(type: Type, { item, kind }: Loop): string | undefined {
    if (kind === 'item') {
      if (type === 'string') return this.choose.pick([`${item}.key`, `(${item}.note ?? 'none')`]);
      if (type === 'int') return `${item}.size`;
      return type === 'bool' ? this.choose.pick([`${item}.on`, `${item}.size > 2`, `!!${item}.note`]) : undefined;
    }
    if (kind === 'variable') {
      if (type === 'string') return this.choose.pick([`${item}.name`, `(${item}.value ?? 'unset')`]);
      return type === 'bool' ? `${item}.value !== undefined` : undefined;
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
      'spec.mode',
      "(spec.tier ?? 'none')",
      "(spec.nothing ?? 'nil')",
      "(spec.opt?.deep?.x ?? 'shallow')",
      "(spec.pool.a?.zone ?? 'nowhere')",
      "(spec.labels?.x ?? 'unlabelled')",
    ];
    if (depth <= 0) return this.choose.pick(leaves);
    return this.choose.pick([
      () => this.choose.pick(leaves),
      () => `\`\${${deep('string')}}-\${${deep('int')}}\``,
      () => `(${deep('string')} + ${deep('string')})`,
      () => `(${this.test(scope)} ? ${deep('string')} : ${deep('string')})`,
      () => `${deep('string')}.toUpperCase()`,
      () => `${deep('string')}.slice(${this.choose.pick(['1', '0, 2', '-2', '1, -1', 'spec.m'])})`,
      () => `${deep('string')}.replace('a', 'b')`,
      () => `${deep('string')}.${this.pattern()}`,
      () => `${deep('string')}.pad${this.choose.pick(['Start', 'End'])}(7, '${this.choose.pick(['ab', '-+.'])}')`,
      () => `(${deep('string')}.split(${this.choose.pick(['/[-_]/', '/-+/', '/[ab]+/'])})[1] ?? 'whole')`,
      () => `(${deep('string')}.match(/[a-c]+/g) ?? ['none']).join('~')`,
      () => 'spec.tags.reduce((a, q) => (q.length > a.length ? q : a), spec.mode)',
      () => `${deep('string')}.split('-').join('_')`,
      () => `String(${deep('int')})`,
      () => `${deep('strings')}.join('+')`,
      () => "({ dev: 'D', stage: 'S', prod: 'P' })[spec.env]",
      () => `[${deep('string')}, ${deep('string')}].join('/')`,
      () => `${deep('string')}.padStart(4, '0')`,
      () => "(spec.items.find((q) => q.on)?.key ?? 'nobody')",
      () => `(${deep('bool')} && ${deep('string')} || 'neither')`,
      () => 'typeof spec.tag',
      () => `String(${deep('float')})`,
      () => `\`\${${deep('float')}}/\${spec.flag}\``,
      () => `Object.keys(${deep('map')}).sort().join()`,
      () => `Object.entries(${deep('map')}).map(([k, v]) => \`\${k}=\${v}\`).sort().join(';')`,
      () => `(${deep('map')}.x ?? 'no x')`,
      () => `(${deep('strings')}.at(${this.choose.pick(['0', '-1', '1'])}) ?? 'past')`,
      () => `(${deep('strings')}.find((q) => q.includes('a')) ?? 'no a')`,
      () => `spec.items.reduce((a, q) => a + q.key, ${deep('string')})`,
      () => "(spec.items.flatMap((q) => q.subs ?? [])[0] ?? 'no sub')",
      () =>
        `\`\${${this.items(scope, depth)}.find((q) => ${this.choose.pick(['q.on', 'q.size > 3'])})?.key ?? 'no item'}\``,
      () => `${deep('string')}.substring(${this.choose.pick(['1', '0, 2', '2, 1', '-1, 2', 'spec.m'])})`,
      () => `(${this.items(scope, depth)}.find((q) => ${this.ofAnItem('bool')})?.key ?? ${deep('string')})`,
      () => `${this.items(scope, depth)}.reduce((a, q) => a + ${this.ofAnItem('string')}, '')`,
      () => `(${deep('map')}[${deep('string')}] ?? ${deep('string')})`,
      () => `Object.values(${deep('map')}).sort().join('|')`,
    ])();
  }

  /** A call of `replace` with a pattern, or of `trimStart` or `trimEnd`. */
  private pattern(): string {
    return this.choose.pick([
      "replace(/[^a-z]+/g, '-')",
      "replace(/^-+|-+$/g, '')",
      "replace(/[ab]/, 'X')",
      "replace(/-[a-z]$/, '!')",
      "replace(/^[a-z]/, '<')",
      "replace(/[aeiou]/g, '')",
      'trimStart()',
      'trimEnd()',
    ]);
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
      'spec.limit',
      '(spec.opts?.length ?? 0)',
      '(spec.counts?.p ?? -1)',
    ];
    if (depth <= 0) return this.choose.pick(leaves);
    return this.choose.pick([
      () => this.choose.pick(leaves),
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
      () => `spec.items.filter((q) => ${this.choose.pick(['q.on', 'q.size > 2', "q.key === 'b'", 'q.note'])}).length`,
      () => `${deep('string')}.indexOf('a')`,
      () => `(-(${deep('int')}))`,
      () => `Math.trunc(${deep('float')})`,
      () => `Math.floor(${deep('float')})`,
      () => `Object.keys(${deep('map')}).length`,
      () => `${deep('strings')}.length`,
      () => 'Object.values(spec.pool).reduce((a, q) => a + q.size, 0)',
      () => 'Object.values(spec.counts ?? {}).filter((q) => q > 0).length',
      () => 'spec.items.reduce((a, q) => (q.on ? a + q.size : a - 1), 0)',
      () => 'Math.max(0, ...spec.items.map((q) => q.size))',
      () => `${this.items(scope, depth)}.filter((q) => q.on).length`,
      () => `${deep('string')}.search(/[b-d]/)`,
      () => `${deep('string')}.indexOf('a', ${this.choose.pick(['1', '-1', 'spec.m'])})`,
      () => '(spec.items.reduce((a, q) => (q.size > a.size ? q : a), spec.items[0])?.size ?? -7)',
      () => 'spec.tags.lastIndexOf(spec.mode)',
      () => `${deep('strings')}.indexOf(${deep('string')})`,
      () => `spec.tags.findIndex((q) => q === ${deep('string')})`,
      () => `${this.items(scope, depth)}.filter((q) => ${this.ofAnItem('bool')}).length`,
      () => `${this.items(scope, depth)}.reduce((a, q) => a + q.size, ${deep('int')})`,
      () => `Math.max(0, ...${this.items(scope, depth)}.map((q) => q.size))`,
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
    if (depth <= 0) return this.choose.pick(leaves);
    return this.choose.pick([
      () => this.choose.pick(leaves),
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
        `spec.items.${this.choose.pick(['some', 'every'])}((q) => ${this.choose.pick(['q.on', 'q.size >= 2', 'q.key !== spec.name'])})`,
      () => `Boolean(${deep('string')})`,
      () => `(spec.port > ${deep('int')})`,
      () => '/^[a-m]/.test(spec.name)',
      () => `(${deep('int')} / 2 > 1.5)`,
      () => `(${deep('float')} > ${deep('int')})`,
      () => `(${deep('float')} === ${deep('int')})`,
      () => `(${deep('string')} in ${deep('map')})`,
      () => `${deep('strings')}.includes(${deep('string')})`,
      () => `${deep('strings')}.some((q) => q.length > 1)`,
      () => 'Object.values(spec.pool).every((q) => q.zone)',
      () => 'spec.maybe === false',
      () => 'spec.nothing === null',
      () => "spec.tier === 'gold'",
      () => `${this.items(scope, depth)}.${this.choose.pick(['some', 'every'])}((q) => ${this.ofAnItem('bool')})`,
      () => `${this.items(scope, depth)}.every((q) => Number.isInteger(q.size))`,
    ])();
  }

  private strings(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    if (depth <= 0) return this.choose.pick(['[]', "['p']", '[...spec.tags]']);
    return this.choose.pick([
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
      () => `spec.tags.concat(spec.opts ?? [], ${deep('string')})`,
      () => `[${deep('string')}].concat(${this.test(scope)} ? spec.tags : ${deep('string')})`,
      () => `[spec.tags, ${deep('strings')}].flat()`,
      () => `spec.items.flatMap((q) => (q.on ? [q.key, ${deep('string')}] : []))`,
      () => 'spec.items.flatMap((q) => q.subs ?? [])',
      () => `(${this.test(scope)} ? ${deep('strings')} : ${deep('strings')})`,
      () => `Object.keys(${deep('map')}).sort()`,
      () => 'Object.keys(spec.pool).filter((q) => spec.pool[q].size > 1)',
      () => `${deep('strings')}.map((q, w) => q + w)`,
      () => `${deep('strings')}.filter((q) => q !== ${deep('string')})`,
      () => `[...${deep('strings')}, ...(spec.opts ?? [])]`,
      () => `spec.items.reduce((a, q) => { if (q.on) a.push(q.key); return a; }, [${deep('string')}])`,
      () => 'spec.items.toSorted((a, b) => b.size - a.size).map((q) => q.key)',
      () => '[...spec.tags].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))',
      () => `${this.items(scope, depth)}.map((q) => \`\${q.key}\`)`,
      () => `${this.items(scope, depth)}.map((q) => ${this.ofAnItem('string')})`,
      () => `[...new Set(${deep('strings')})]`,
      () => `${deep('string')}.split(${this.choose.pick(["'-'", "','"])})`,
    ])();
  }

  /**
   * A list of objects like the objects in `spec.items`: joined, filtered, or with members that only some elements have.
   */
  private items(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 2);
    const one = () =>
      `{ key: ${deep('string')}, size: ${deep('int')}, on: ${this.choose.pick(['true', 'spec.flag'])}${this.choose.pick(['', '', ", note: 'w'", ', note: spec.tag'])} }`;
    return this.choose.pick([
      () => 'spec.items',
      () => `[...spec.items, ${one()}]`,
      () => `[${one()}, ...spec.items]`,
      () => `spec.items.concat([${one()}])`,
      () => `[...spec.items, ${one()}].filter((q) => ${this.ofAnItem('bool')})`,
      () => `[...spec.items, ...(${this.test(scope)} ? [${one()}] : [])]`,
      () => `[...spec.items.filter((q) => q.on), ...spec.items, ${one()}]`,
      () => `[...(${this.test(scope)} ? spec.items : []), ${one()}]`,
      () => 'spec.items.map((q) => ({ key: q.key, size: q.size, on: q.on })).concat(spec.items)',
      () => `(${this.test(scope)} ? spec.items : [${one()}])`,
      () => `[...spec.tags.map((key) => ({ key, size: key.length, on: false })), ...spec.items].slice(1)`,
    ])();
  }

  /** An expression that reads an element `q` of a list of items. */
  private ofAnItem(type: 'string' | 'bool'): string {
    const texts = ['q.key', "(q.note ?? 'none')", '(q.key + q.size)', "(q.limits?.cpu ?? '-')"];
    const tests = [
      'q.on',
      'q.size > 1',
      '!!q.note',
      "(q.on && q.note !== 'w')",
      'q.key !== spec.name',
      'q.limits?.mem',
    ];
    return this.choose.pick(type === 'string' ? texts : tests);
  }

  private fraction(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    const leaves = ['spec.f', '(spec.g ?? 1.5)', '0.25', '(spec.n / 2)'];
    if (depth <= 0) return this.choose.pick(leaves);
    return this.choose.pick([
      () => this.choose.pick(leaves),
      () => `(${deep('float')} + ${deep('int')})`,
      () => `(${deep('float')} * ${deep('float')})`,
      () => `(${deep('int')} - ${deep('float')})`,
      () => `(${this.test(scope)} ? ${deep('float')} : ${deep('int')})`,
      () => `Math.max(${deep('float')}, ${deep('int')})`,
      () => 'Math.max(...spec.floats, 0)',
      () => `Math.abs(${deep('float')})`,
      () => 'spec.floats.reduce((a, q) => a + q, 0)',
      () => `(spec.floats.find((q) => q > ${deep('float')}) ?? -1)`,
    ])();
  }

  private map(scope: readonly Name[], depth: number): string {
    const deep = (type: Type) => this.expression(type, scope, depth - 1);
    const leaves = ['(spec.labels ?? {})', '({ x: spec.name })', '{ ...spec.labels }'];
    if (depth <= 0) return this.choose.pick(leaves).replace(/^\{.*\}$/, '({ ...spec.labels })');
    const made = this.choose.pick([
      () => this.choose.pick(leaves),
      () => `{ ...${deep('map')}, x: ${deep('string')} }`,
      () => `{ [${deep('string')}]: ${deep('string')}, ...spec.labels }`,
      () => `Object.fromEntries(spec.vars.map((q) => [q.name, q.value ?? ${deep('string')}]))`,
      () => "Object.fromEntries(Object.entries(spec.labels ?? {}).filter(([q]) => q !== 'x'))",
      () => 'spec.vars.reduce((a, q) => { if (q.value) a[q.name] = q.value; return a; }, {})',
      () => `spec.vars.reduce((a, q) => ({ ...a, [q.name]: ${deep('string')} }), {})`,
      () => `{ a: 'a', ...(${this.test(scope)} ? { x: ${deep('string')} } : {}) }`,
      () => `(${this.test(scope)} ? ${deep('map')} : spec.labels ?? {})`,
      () => `Object.fromEntries(${deep('strings')}.map((q) => [q, ${deep('string')}]))`,
      () => `Object.fromEntries(${this.items(scope, depth)}.map((q) => [q.key, ${this.ofAnItem('string')}]))`,
    ])();
    return made.startsWith('{') ? `(${made})` : made;
  }
}
