/** Generates programs from a seed. Their conditional resources read each other. */

import { type Choices, pick, seededChoices } from '../../support/choices.ts';

/** A variable in scope that the program can read. */
interface Thing {
  readonly name: string;
  /**
   * `sure`: always a resource. `maybe`: a resource or `undefined`. `list`: a list of resources. `inner`: a call of the
   * inner composition, or `undefined`.
   */
  readonly kind: 'sure' | 'maybe' | 'list' | 'inner';
}

/** The inner composition that programs call. */
export const INNER = `(spec) => {
  const extra = spec.on ? ConfigMap({ id: 'extra', name: spec.name + '-extra', data: { v: 'inner ' + spec.name } }) : undefined;
  const main = ConfigMap({ id: 'main', name: spec.name, data: { v: extra ? extra.data.v : 'plain' } });
  return { v: main.data.v, e: extra?.data.v ?? 'no extra' };
}`;

/** Generates a program, as a list of statements. */
export function conditionalStatements(seed: number): string[] {
  return new Writer(seededChoices(seed)).program();
}

export const conditionalSource = (statements: readonly string[]): string => `(s) => {\n${statements.join('\n')}\n}`;

class Writer {
  readonly #choices: Choices;
  readonly #scope: Thing[] = [];
  #count = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  program(): string[] {
    const lines = [this.#optional()];
    const count = 2 + this.#choices.below(4);
    for (let index = 0; index < count; index++) lines.push(this.#statement());
    lines.push(`return { ${this.#status()} };`);
    return lines;
  }

  #test(): string {
    const plain = [
      's.a',
      's.b',
      '!s.a',
      "s.env === 'prod'",
      's.opt',
      's.a && s.b',
      's.b || s.c',
      's.tags.length > 0',
      's.c',
    ];
    const known = this.#scope.filter(({ kind }) => kind === 'maybe').map(({ name }) => name);
    const [one] = known;
    const questions =
      one === undefined ? [] : [one, `!${one}`, `(!${one} || ${one}.data.v === 'x')`, `${one}?.data.v === 'y'`];
    return pick(this.#choices, this.#choices.below(4) === 3 && questions.length > 0 ? questions : plain);
  }

  #text(): string {
    const { name, kind } = pick(this.#choices, [{ name: 's', kind: 'spec' } as const, ...this.#scope, ...this.#scope]);
    switch (kind) {
      case 'spec':
        return pick(this.#choices, ["'x'", "'y'", 's.name', "s.opt ?? 'z'"]);
      case 'sure':
        return pick(this.#choices, [`${name}.data.v`, `${name}.metadata.name`, `\`<\${${name}.data.v}>\``]);
      case 'list':
        return pick(this.#choices, [
          `${name}.map((each) => each.metadata.name).join('+')`,
          `'n' + ${name}.map((each) => each.data.v).join('/')`,
        ]);
      case 'inner':
        return pick(this.#choices, [`(${name}?.status.v ?? 'out')`, `(${name} ? ${name}.status.e : 'out')`]);
      case 'maybe':
        return pick(this.#choices, [
          `(${name}?.data.v ?? 'none')`,
          `(${name} ? ${name}.data.v : 'none')`,
          `(${name} ? \`x-\${${name}.metadata.name}\` : 'y')`,
          `(${name} && ${name}.data.v || 'no')`,
          `[${name} ? ${name}.metadata.name : '-', 'e'].join('.')`,
        ]);
    }
  }

  #config(suffix = "''"): string {
    const id = this.#count++;
    const entries = [`v: ${this.#text()}`];
    if (this.#choices.below(2) === 1) entries.push(`w: ${this.#text()}`);
    const maybe = this.#scope.filter(({ kind }) => kind === 'maybe');
    const one = maybe.length > 0 && this.#choices.below(3) === 2 ? pick(this.#choices, maybe).name : undefined;
    if (one !== undefined) {
      entries.push(
        pick(this.#choices, [
          `u: ${one}?.data.v`,
          `...(${one} && { u: ${one}.data.v })`,
          `...(${one} ? { u: ${one}.metadata.name } : {})`,
        ]),
      );
    }
    return `ConfigMap({ id: 'r${id}', name: 'r${id}-' + ${suffix}, data: { ${entries.join(', ')} } })`;
  }

  #fresh(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }

  #add(name: string, kind: Thing['kind'], line: string): string {
    this.#scope.push({ name, kind });
    return line;
  }

  #optional(): string {
    const name = this.#fresh('m');
    const [test, config] = [this.#test(), this.#config()];
    return this.#add(
      name,
      'maybe',
      pick(this.#choices, [
        `const ${name} = (${test}) ? ${config} : undefined;`,
        `let ${name}; if (${test}) ${name} = ${config};`,
        `const ${name} = ${test === 's.opt' ? '!!s.opt' : `(${test})`} && ${config} || undefined;`,
        `let ${name}; if (${test}) { ${name} = ${config}; } else if (${this.#test()}) { ${name} = ${this.#config()}; }`,
        `let ${name}; switch (s.env) { case 'dev': ${name} = ${config}; break; case 'prod': if (${test}) ${name} = ${this.#config()}; break; }`,
        `const ${name}Box = {}; if (${test}) ${name}Box.it = ${config}; const ${name} = ${name}Box.it;`,
        `const ${name} = ${test} ? ${config} : ${this.#test()} ? ${this.#config()} : undefined;`,
        `const ${name} = (() => { if (${test}) return ${config}; return undefined; })();`,
      ]),
    );
  }

  #statement(): string {
    switch (this.#choices.below(10)) {
      case 0:
      case 1:
        return this.#optional();
      case 2: {
        const name = this.#fresh('c');
        return this.#add(name, 'sure', `const ${name} = (${this.#test()}) ? ${this.#config()} : ${this.#config()};`);
      }
      case 3: {
        const name = this.#fresh('l');
        const line = `const ${name} = []; if (${this.#test()}) ${name}.push(${this.#config()}); if (${this.#test()}) ${name}.push(${this.#config()});`;
        return this.#add(name, 'list', line);
      }
      case 4: {
        const name = this.#fresh('l');
        return this.#add(name, 'list', `const ${name} = s.tags.map((tag) => ${this.#config('tag')});`);
      }
      case 5: {
        const name = this.#fresh('i');
        const on = pick(this.#choices, ['s.a', 's.b', 's.c']);
        const call = `inner({ name: '${name}', on: ${on} })`;
        return this.#add(
          name,
          'inner',
          pick(this.#choices, [
            `const ${name} = ${pick(this.#choices, ['true', 's.a', "s.env === 'prod'"])} ? ${call} : undefined;`,
            `const ${name} = ${pick(this.#choices, ['s.b', 's.a && s.b', '!!s.opt'])} && ${call} || undefined;`,
            `let ${name}; if (${this.#test()}) ${name} = ${call};`,
            `let ${name}; if (${this.#test()}) { if (s.c) ${name} = ${call}; else ${name} = inner({ name: '${name}o', on: ${this.#test()} ? s.a : s.b }); }`,
            `const ${name} = s.c ? ${call} : inner({ name: '${name}p-' + s.name, on: true });`,
          ]),
        );
      }
      case 6:
        return `if (${this.#test()}) { ${this.#config()}; }`;
      case 8: {
        const name = this.#fresh('l');
        const [one, other] = [this.#config(), this.#config()];
        const line = pick(this.#choices, [
          `const ${name} = [(${this.#test()}) && ${one}, ${other}].filter(Boolean);`,
          `const ${name} = Object.values({ ...((${this.#test()}) ? { x: ${one} } : { y: ${other} }) });`,
          `const ${name} = [...((${this.#test()}) ? [${one}] : []), ...((${this.#test()}) ? [${other}] : [])];`,
          `const ${name}o = {}; if (${this.#test()}) ${name}o.x = ${one}; if (${this.#test()}) ${name}o.y = ${other}; const ${name} = Object.values(${name}o);`,
        ]);
        return this.#add(name, 'list', line);
      }
      case 7: {
        const name = this.#fresh('d');
        const maybe = this.#scope.find(({ kind }) => kind === 'maybe')?.name;
        const after = maybe === undefined ? '' : ` if (${maybe}) ${name}.dependsOn(${maybe});`;
        return this.#add(name, 'sure', `const ${name} = ${this.#config()};${after}`);
      }
      default: {
        const name = this.#fresh('k');
        return this.#add(name, 'sure', `const ${name} = ${this.#config()};`);
      }
    }
  }

  #status(): string {
    const maybe = this.#scope.filter(({ kind }) => kind === 'maybe').map(({ name }) => `${name}Field: ${name}?.data.v`);
    return [...this.#scope.map((_, index) => `f${index}: ${this.#text()}`), ...maybe].join(', ');
  }
}
