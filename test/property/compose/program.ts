/** Generates programs of compositions in the supported subset of JavaScript, from a seed. */

import { type Loop, type Name, type Type, Choices, ExpressionWriter } from './program-expressions.ts';
import { carriedValues } from './program-carried.ts';
import { keysWithMarks, nestedTurns, turnsTogether, turnsWithout } from './program-turns.ts';
import { addedMembers, fallingCases, surePieces } from './program-folds.ts';
import { changedKeys, joinedLiterals, matchedTexts, oneOfTwoObjects } from './program-keys.ts';
import { conditionalMembers, filledMembers, spreadCall } from './program-members.ts';
import type { Statements, Surroundings } from './program-members.ts';

/** A program as a list of statements, so that a test can remove statements from a failing program. */
export interface Program {
  readonly statements: readonly string[];
  readonly source: string;
}

/** The source of a program with these statements. */
export function sourceOf(statements: readonly string[]): string {
  return `(spec) => {\n${statements.join('\n')}\n}`;
}

/** Generates a program. */
export function makeProgram(seed: number): Program {
  const statements = new Writer(new Choices(seed)).program();
  return { statements, source: sourceOf(statements) };
}

class Writer extends ExpressionWriter {
  #ids = 0;
  #names = 0;
  /** The variables of the enclosing loops over literal lists. The id of a resource includes their values. */
  #known: string[] = [];

  program(): string[] {
    const scope: Name[] = [];
    const lines: string[] = [];
    const count = 3 + this.choose.below(6);
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
      ...(this.choose.chance(0.4) ? [`x: ${this.expression('float', scope, 2)}`] : []),
      ...(this.choose.chance(0.4) ? [`m: ${this.expression('map', scope, 1)}`] : []),
      ...(this.choose.chance(0.3) ? [`o: ${this.optional()}`] : []),
      ...own,
    ].join(', ');
  }

  private fresh(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  private statement(scope: Name[], depth: number): string {
    const kinds = ['declare', 'declare', 'assign', 'assign', 'resource', 'push', 'set', 'helper', 'patterns'];
    kinds.push('members', 'filled', 'call', 'added', 'falling', 'pieces', 'carried');
    kinds.push('keysChanged', 'either', 'matched', 'joined', 'together');
    if (depth < 2) kinds.push('if', 'if', 'ifelse', 'switch', 'for', 'for', 'counted', 'each', 'keys', 'fill');
    if (depth < 2 && this.loops.length === 0)
      kinds.push('return', 'try', 'known', 'labelled', 'chosen', 'nested', 'without', 'marks');
    switch (this.choose.pick(kinds)) {
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
      case 'keys':
        return this.keysLoop(scope, depth);
      case 'fill':
        return this.fill(scope);
      case 'labelled':
        return this.labelled(scope);
      case 'chosen':
        return this.chosen(scope);
      case 'patterns':
        return this.patterns(scope);
      case 'members':
        return this.added(scope, conditionalMembers);
      case 'filled':
        return this.added(scope, filledMembers);
      case 'added':
        return this.added(scope, addedMembers);
      case 'falling':
        return this.added(scope, fallingCases);
      case 'pieces':
        return this.added(scope, surePieces);
      case 'carried':
        return this.added(scope, carriedValues);
      case 'keysChanged':
        return this.added(scope, changedKeys);
      case 'either':
        return this.added(scope, oneOfTwoObjects);
      case 'matched':
        return this.added(scope, matchedTexts);
      case 'joined':
        return this.added(scope, joinedLiterals);
      case 'nested':
        return this.added(scope, nestedTurns);
      case 'without':
        return this.added(scope, turnsWithout);
      case 'marks':
        return this.added(scope, keysWithMarks);
      case 'together':
        return this.added(scope, turnsTogether);
      case 'call':
        return this.added(scope, spreadCall);
      case 'return':
        return `if (${this.test(scope)}) return { r: ${this.expression('string', scope, 1)}, early: ${this.choose.below(9)} };`;
      default:
        return `try ${this.block(scope, depth)} finally { ${this.assign([...scope])} }`;
    }
  }

  private added(scope: Name[], write: (around: Surroundings) => Statements): string {
    const { text, names } = write({
      choose: this.choose,
      text: (type) => this.expression(type, scope, 1),
      test: () => this.test(scope),
      fresh: (prefix) => this.fresh(prefix),
    });
    scope.push(...names);
    return text;
  }

  private block(scope: readonly Name[], depth: number): string {
    const inner = [...scope];
    const lines = Array.from({ length: 1 + this.choose.below(3) }, () => this.statement(inner, depth + 1));
    return `{ ${lines.join(' ')} }`;
  }

  private declare(scope: Name[]): string {
    const type = this.choose.pick<Type>([
      'string',
      'string',
      'int',
      'int',
      'bool',
      'strings',
      'object',
      'float',
      'map',
    ]);
    const mutable = this.choose.chance(0.7);
    const name = this.fresh(type.charAt(0) === 's' && type !== 'string' ? 'l' : type.charAt(0));
    const text = `${mutable ? 'let' : 'const'} ${name} = ${this.expression(type, scope, 2)};`;
    scope.push({ name, type, mutable });
    return text;
  }

  private assign(scope: Name[]): string {
    const type = this.choose.pick<Type>(['string', 'int', 'bool']);
    const name = this.named(scope, type, true);
    if (name === undefined) return this.declare(scope);
    const value = this.expression(type, scope, 2);
    if (type === 'bool')
      return this.choose.pick([
        `${name} = ${value};`,
        `${name} = ${name} || ${value};`,
        `${name} = ${name} && ${value};`,
      ]);
    if (type === 'int')
      return this.choose.pick([
        `${name} += ${value};`,
        `${name}++;`,
        `${name} = ${value};`,
        `if (${value} > ${name}) ${name} = ${value};`,
      ]);
    return this.choose.pick([`${name} += ${value};`, `${name} = ${value};`, `${name} = ${value} + ${name};`]);
  }

  private push(scope: Name[]): string {
    const name = this.named(scope, 'strings', false);
    return name === undefined ? this.declare(scope) : `${name}.push(${this.expression('string', scope, 1)});`;
  }

  private setKey(scope: Name[]): string {
    const name = this.named(scope, 'object', false);
    return name === undefined
      ? this.declare(scope)
      : `${name}.${this.choose.pick(['a', 'b', 'c'])} = ${this.expression('string', scope, 1)};`;
  }

  private helper(scope: Name[]): string {
    const name = this.fresh('f');
    const parameter = this.fresh('p');
    const type = this.choose.pick<'string' | 'int'>(['string', 'int']);
    const inner: Name[] = [{ name: parameter, type, mutable: true }];
    const body = this.choose.chance(0.5)
      ? `{ if (${this.test(inner)}) return ${this.expression(type, inner, 1)}; return ${this.expression(type, inner, 1)}; }`
      : this.expression(type, inner, 2).replace(/^\{/, '({');
    const result = this.fresh(type.charAt(0));
    const call = `const ${name} = (${parameter}) => ${body}; const ${result} = ${name}(${this.expression(type, scope, 1)});`;
    scope.push({ name: result, type, mutable: false });
    return call;
  }

  private switchOf(scope: readonly Name[], depth: number): string {
    const cases = ['dev', 'stage', 'prod'].filter(() => this.choose.chance(0.7));
    const parts = cases.map((value) => {
      const leave = this.choose.chance(0.75) ? ' break;' : '';
      return `case '${value}': ${this.choose.chance(0.2) ? '' : `{ ${this.simple(scope, depth)} }`}${leave}`;
    });
    if (this.choose.chance(0.6)) parts.push(`default: { ${this.simple(scope, depth)} }`);
    return `switch (spec.env) { ${parts.join(' ')} }`;
  }

  private simple(scope: readonly Name[], depth: number): string {
    return this.statement([...scope], Math.max(depth + 1, 2));
  }

  private loop(scope: readonly Name[], depth: number, form: 'for' | 'each' | 'counted' | 'known'): string {
    const item = this.fresh('e');
    if (form === 'counted') {
      const list = this.choose.pick(['spec.tags', 'spec.nums']);
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
    const [list, kind] = this.choose.pick<readonly [string, 'string' | 'item' | 'int']>([
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

  /** A loop over the keys or entries of a map. */
  private keysLoop(scope: readonly Name[], depth: number): string {
    const item = this.fresh('k');
    const inner: Name[] = [...scope, { name: item, type: 'string', mutable: false }];
    const loop = { item, kind: 'string' } as const;
    if (this.choose.chance(0.4)) {
      const value = this.fresh('v');
      const known: Name[] = [...inner, { name: value, type: 'string', mutable: false }];
      return this.inLoop(
        loop,
        () => `for (const [${item}, ${value}] of Object.entries(spec.labels ?? {})) ${this.block(known, depth)}`,
      );
    }
    const value = this.fresh('i');
    const known: Name[] = [...inner, { name: value, type: 'int', mutable: false }];
    return this.inLoop(loop, () => {
      const body = this.block(known, depth).replace(/^\{/, `{ const ${value} = spec.pool[${item}].size;`);
      return this.choose.pick([
        `for (const ${item} of Object.keys(spec.pool)) ${body}`,
        `for (const ${item} in spec.pool) ${body}`,
        `Object.keys(spec.pool).forEach((${item}) => ${body});`,
      ]);
    });
  }

  /** A map that a loop fills in every iteration or in some iterations. */
  private fill(scope: Name[]): string {
    const name = this.fresh('m');
    const start = this.choose.pick(['{}', "{ z: 'z' }", '{ ...spec.labels }']);
    const [item, key] = [this.fresh('e'), this.choose.pick(['.name', '.name.toUpperCase()'])];
    const kind = { item, kind: 'variable' } as const;
    const value = this.inLoop(kind, () => this.expression('string', scope, 1));
    const set = `${name}[${item}${key}] = ${value};`;
    const body = this.choose.pick([
      set,
      `if (${item}.value) ${set}`,
      `if (${this.test(scope)}) { ${set} }`,
      `if (${item}.value === undefined) continue; ${set}`,
    ]);
    const loop = `for (const ${item} of spec.vars) { ${body} }`;
    const after = this.choose.chance(0.3) ? ` ${name}.last = ${this.expression('string', scope, 1)};` : '';
    scope.push({ name, type: 'map', mutable: false });
    const filled = this.choose.chance(0.3) ? `if (${this.test(scope.slice(0, -1))}) { ${loop} }` : loop;
    return `const ${name} = ${start}; ${filled}${after}`;
  }

  /** Nested loops in which the inner loop continues or breaks the outer loop. */
  private labelled(scope: Name[]): string {
    const [count, outer, inner] = [this.fresh('i'), this.fresh('e'), this.fresh('e')];
    const [list, key] = this.choose.pick([
      ['spec.items', `${outer}.key`],
      ["['a', 'k', 'zz']", outer],
    ] as const);
    const symbolicOuter = list === 'spec.items';
    const leap = symbolicOuter ? 'continue' : this.choose.pick(['continue', 'break']);
    const number = this.#ids++;
    const resource = symbolicOuter ? ` ConfigMap({ id: 'cm${number}', name: \`l-\${${key}}\` });` : '';
    scope.push({ name: count, type: 'int', mutable: true });
    const label = `turns${number}`;
    return (
      `let ${count} = 0; ${label}: for (const ${outer} of ${list}) { ` +
      `for (const ${inner} of spec.tags) { if (${inner} === ${key}) ${leap} ${label}; } ${count} += 1;${resource} }`
    );
  }

  /** A variable whose value is a resource that a condition chooses, or no resource; and a read of this variable. */
  private chosen(scope: Name[]): string {
    const [name, result, number] = [this.fresh('c'), this.fresh('s'), this.#ids++];
    const make = (which: string) =>
      `ConfigMap({ id: 'cm${number}${which}', name: 'chosen-${number}${which}', data: { k: ${this.expression('string', scope, 1)} } })`;
    const always = `${this.test(scope)} ? ${make('x')} : ${make('y')}`;
    const maybe = this.choose.pick([
      `${this.test(scope)} ? ${make('x')} : undefined`,
      `${this.expression('bool', scope, 1)} && ${make('x')}`,
      `(${this.test(scope)}) ? ${make('x')} : ${this.test(scope)} ? ${make('y')} : null`,
    ]);
    const [value, read] = this.choose.pick([
      [always, `${name}.metadata.name`],
      [always, `(${name}?.data?.k ?? 'no k')`],
      [maybe, `(${name} ? ${name}.metadata.name : 'none')`],
      [maybe, `((${name} || undefined)?.metadata.name ?? 'none')`],
      [maybe, `((${name} && ${name}.data.k) || 'none')`],
      [maybe, `Object.keys({ a: 1, ...(${name} && { n: ${name}.metadata.name }) }).join()`],
      [maybe, `[${name} && ${name}.data.k, 'end'].filter(Boolean).join()`],
    ] as const);
    scope.push({ name: result, type: 'string', mutable: false });
    return `const ${name} = ${value}; const ${result} = ${read};`;
  }

  private patterns(scope: Name[]): string {
    const [a, b] = [this.fresh('s'), this.fresh('s')];
    const text = this.choose.pick([
      `const { tag: ${a} = 'dt', opt: { a: ${b} = 'da' } = {} } = spec;`,
      `const [${a} = 'ft', ${b} = 'st'] = spec.tags;`,
      `const [${a} = 'fo', ${b} = 'so'] = spec.opts ?? [];`,
      `const [${a}, ${b} = 'second'] = ${this.expression('string', scope, 1)}.split('-');`,
      `const { key: ${a}, note: ${b} = 'nn' } = spec.items[0] ?? { key: 'kk' };`,
    ]);
    scope.push({ name: a, type: 'string', mutable: false }, { name: b, type: 'string', mutable: false });
    return text;
  }

  private inLoop(loop: Loop, write: () => string): string {
    this.loops.push(loop);
    try {
      return write();
    } finally {
      this.loops.pop();
    }
  }

  private resource(scope: readonly Name[]): string {
    const number = this.#ids++;
    const id = `cm${number}${this.#known.map((name) => `\${${name}}`).join('')}`;
    const parts = this.loops.map(({ item, kind }) => (kind === 'item' ? `\${${item}.key}` : `\${${item}}`));
    const data = [
      `v: ${this.expression('string', scope, 2)}`,
      ...(this.choose.chance(0.4) ? [`n: ${this.expression('int', scope, 1)}`] : []),
      ...(this.choose.chance(0.3) ? [`t: ${this.optional()}`] : []),
      ...(this.choose.chance(0.2)
        ? [`...(${this.test(scope)} ? { s: ${this.expression('string', scope, 1)} } : {})`]
        : []),
      ...(this.choose.chance(0.15) ? ['...spec.labels'] : []),
    ];
    return `ConfigMap({ id: \`${id}\`, name: \`${['c', ...parts].join('-')}\`, data: { ${data.join(', ')} } });`;
  }
}
